"""Hashes of passwords, and texts that a private key opens."""

import base64
import hashlib
from typing import TYPE_CHECKING, Final

from envdplan.language.evaluation.context import Context, Function
from envdplan.language.evaluation.problems import FunctionError
from envdplan.language.functions.encoding import text_of
from envdplan.language.types.numbers import Number

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_COST: Final = 10
_COSTS: Final = range(4, 32)
_LONGEST: Final = 72
"""Bytes; bcrypt leaves out what is behind."""
_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BCRYPT: Final = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _bcrypt(context: Context, text: str, cost: Number = _COST) -> str:
    """The salt belongs to the run: a plan and its apply make the same hash."""
    import bcrypt

    password = text.encode()
    if len(password) > _LONGEST:
        raise FunctionError(f"the text has more than {_LONGEST} bytes", 0)
    if cost not in _COSTS:
        raise FunctionError(f"the cost is a whole number from {_COSTS[0]} to {_COSTS[-1]}", 1)
    random = hashlib.sha256(f"{context.seed} {context.place} {text}".encode()).digest()[:16]
    salt = base64.b64encode(random).rstrip(b"=").translate(bytes.maketrans(_BASE64, _BCRYPT))
    return bcrypt.hashpw(password, b"$2a$%02d$%b" % (cost, salt)).decode()


def _rsadecrypt(ciphertext: str, key: str) -> str:
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    try:
        data = base64.b64decode(ciphertext, validate=True)
    except ValueError:
        raise FunctionError("this is not base64", 0) from None
    private = _private_key(key.encode())
    try:
        plain = private.decrypt(data, PKCS1v15())
    except ValueError:
        raise FunctionError("the text was not encrypted for this key", 0) from None
    return text_of(plain, "what was encrypted")


def _private_key(pem: bytes) -> "RSAPrivateKey":
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    openssh = b"BEGIN OPENSSH" in pem
    read = serialization.load_ssh_private_key if openssh else serialization.load_pem_private_key
    try:
        found = read(pem, password=None)
    except TypeError:
        raise FunctionError("the key has a password; take one without", 1) from None
    except (ValueError, UnsupportedAlgorithm):
        raise FunctionError("this is not a private key in PEM form", 1) from None
    if isinstance(found, RSAPrivateKey):
        return found
    raise FunctionError("the key is not an RSA key", 1)


FUNCTIONS: Final = (
    Function(
        "bcrypt(text: string, cost?: number) -> string",
        "A hash of a password. It differs in every plan, and so does all that depends on it.",
        'substr(bcrypt("password", 4), 0, 7)',
        '"$2a$04$"',
        _bcrypt,
        in_context=True,
        pure=False,
    ),
    Function(
        "rsadecrypt(ciphertext: string, key: string) -> string",
        "Decrypts text that is in base64 and encrypted (PKCS #1 v1.5) for an RSA key; the key "
        "is PEM.",
        'can(rsadecrypt("AA==", "no key"))',
        "false",
        _rsadecrypt,
    ),
)
