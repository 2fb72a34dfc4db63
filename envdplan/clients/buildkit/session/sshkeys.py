"""An SSH agent of our own over files of private keys: the keys stay in this process.

Messages and signatures are those of draft-miller-ssh-agent, RFC 4253, 5656, 8332 and 8709.
"""

import base64
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

from envdplan.clients.buildkit.session.sshagents import FAILURE
from envdplan.ground.diagnostics import EnvdplanError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

    Key: TypeAlias = EllipticCurvePrivateKey | Ed25519PrivateKey | RSAPrivateKey

_LIST: Final = 11
_KEYS: Final = b"\x0c"
_SIGNATURE: Final = b"\x0e"
_SHA256: Final = 2
_SHA512: Final = 4
"""Flags of a request to sign with RSA."""


class KeyAgent:
    """Answers for the keys in `paths`. Raises EnvdplanError when one cannot be used."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._keys = {_public(key): (key, path) for path, key in _loaded(paths)}

    def ask(self, message: bytes) -> bytes:
        """See Agent."""
        if message[0] == _LIST:
            names = (text(blob) + text(path.encode()) for blob, (_, path) in self._keys.items())
            return _KEYS + len(self._keys).to_bytes(4, "big") + b"".join(names)
        try:
            blob, data, flags = _request(message)
        except ValueError:
            return FAILURE
        if blob not in self._keys:
            return FAILURE
        return _SIGNATURE + text(_signature(self._keys[blob][0], data, flags))

    def close(self) -> None:
        """See Agent."""


def text(data: bytes) -> bytes:
    """A string of the SSH protocols."""
    return len(data).to_bytes(4, "big") + data


def _request(message: bytes) -> tuple[bytes, bytes, int]:
    """Key, data and flags of a request to sign. Raises ValueError."""
    blob, rest = _split(message[1:])
    data, rest = _split(rest)
    if len(rest) != 4:  # noqa: PLR2004  the flags are four bytes
        raise ValueError("the flags are missing")
    return blob, data, int.from_bytes(rest, "big")


def _split(content: bytes) -> tuple[bytes, bytes]:
    end = 4 + int.from_bytes(content[:4], "big")
    if len(content) < end:
        raise ValueError("a string is cut off")
    return content[4:end], content[end:]


def _loaded(paths: Iterable[str]) -> "Iterator[tuple[str, Key]]":
    try:
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    except ImportError:
        raise EnvdplanError(
            "Package for SSH keys is not installed",
            "Install it (pip install 'envdplan[ssh]'), or let an agent hold the keys (ssh-add) and "
            "leave paths out.",
        ) from None
    for path in paths:
        key = _read(path)
        if not isinstance(
            key, ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey
        ):
            raise _unusable(path, "it holds a key of a kind that is not supported")
        yield path, key


def _read(path: str) -> object:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives import serialization

    try:
        content = Path(path).read_bytes()
        if b"BEGIN OPENSSH PRIVATE KEY" in content:
            return serialization.load_ssh_private_key(content, None)
        return serialization.load_pem_private_key(content, None)
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error
    except TypeError:
        raise _unusable(path, "it has a passphrase") from None
    except (ValueError, UnsupportedAlgorithm):
        raise _unusable(path, "it is not a private key that can be read") from None


def _unusable(path: str, why: str) -> EnvdplanError:
    return EnvdplanError(
        "SSH key cannot be used",
        f"{path}: {why}. Let an agent hold it (ssh-add {path}) and leave paths out.",
    )


def _public(key: "Key") -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    line = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return base64.b64decode(line.split()[1])


def _signature(key: "Key", data: bytes, flags: int) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if isinstance(key, ed25519.Ed25519PrivateKey):
        return text(b"ssh-ed25519") + text(key.sign(data))
    return (
        _by_curve(key, data)
        if isinstance(key, ec.EllipticCurvePrivateKey)
        else _by_rsa(key, data, flags)
    )


def _by_rsa(key: "RSAPrivateKey", data: bytes, flags: int) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15

    if flags & _SHA512:
        return text(b"rsa-sha2-512") + text(key.sign(data, PKCS1v15(), hashes.SHA512()))
    if flags & _SHA256:
        return text(b"rsa-sha2-256") + text(key.sign(data, PKCS1v15(), hashes.SHA256()))
    return text(b"ssh-rsa") + text(key.sign(data, PKCS1v15(), hashes.SHA1()))  # noqa: S303  as asked


def _by_curve(key: "EllipticCurvePrivateKey", data: bytes) -> bytes:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    hash = {256: hashes.SHA256, 384: hashes.SHA384}.get(key.curve.key_size, hashes.SHA512)()
    r, s = utils.decode_dss_signature(key.sign(data, ec.ECDSA(hash)))
    name = f"ecdsa-sha2-nistp{key.curve.key_size}"
    return text(name.encode()) + text(_integer(r) + _integer(s))


def _integer(value: int) -> bytes:
    """An mpint: with a zero before it where it would look negative."""
    return text(value.to_bytes(value.bit_length() // 8 + 1, "big"))
