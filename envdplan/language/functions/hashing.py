"""Digests of text and of files, and names that follow from names."""

import base64
import hashlib
from collections.abc import Callable
from typing import Final

from envdplan.language.evaluation.context import Context, Function
from envdplan.language.functions.files import open_file

_HASHES: Final = ("md5", "sha1", "sha256", "sha512")


def _hex(name: str) -> Callable[[str], str]:
    return lambda text: hashlib.new(name, text.encode(), usedforsecurity=False).hexdigest()


def _base64(name: str) -> Callable[[str], str]:
    def digest(text: str) -> str:
        return base64.b64encode(hashlib.new(name, text.encode()).digest()).decode()

    return digest


def _file(name: str, *, encoded: bool) -> Callable[[Context, str], str]:
    def digest(context: Context, path: str) -> str:
        found = _file_digest(context, path, name)
        return base64.b64encode(found).decode() if encoded else found.hex()

    return digest


def _file_digest(context: Context, path: str, name: str) -> bytes:
    with open_file(context, path) as file:
        return hashlib.file_digest(file, name).digest()


_EXAMPLES: Final = {
    "md5": "d41d8cd98f00b204e9800998ecf8427e",
    "sha1": "da39a3ee5e6b4b0d3255bfef95601890afd80709",
}

FUNCTIONS: Final = (
    *(
        Function(
            f"{name}(text: string) -> string",
            f"The {name.upper()} of text, in hexadecimal digits.",
            f'{name}("")' if name in _EXAMPLES else f'length({name}(""))',
            f'"{_EXAMPLES[name]}"' if name in _EXAMPLES else str(hashlib.new(name).digest_size * 2),
            _hex(name),
        )
        for name in _HASHES
    ),
    *(
        Function(
            f"base64{name}(text: string) -> string",
            f"The {name.upper()} of text, as base64.",
            f'endswith(base64{name}(""), "=")',
            "true",
            _base64(name),
        )
        for name in ("sha256", "sha512")
    ),
    *(
        Function(
            f"file{name}(path: string) -> string",
            f"The {name.upper()} of a file, in hexadecimal digits.",
            f'can(file{name}("no such file"))',
            "false",
            _file(name, encoded=False),
            in_context=True,
            pure=False,
        )
        for name in _HASHES
    ),
    *(
        Function(
            f"filebase64{name}(path: string) -> string",
            f"The {name.upper()} of a file, as base64.",
            f'can(filebase64{name}("no such file"))',
            "false",
            _file(name, encoded=True),
            in_context=True,
            pure=False,
        )
        for name in ("sha256", "sha512")
    ),
)
