"""Platforms as BuildKit normalizes them."""

from typing import Final

_ARCHITECTURES: Final = {"x86_64": "amd64", "x86-64": "amd64", "aarch64": "arm64", "i386": "386"}
_KNOWN: Final = frozenset(
    ("386", "amd64", "arm", "arm64", "mips64", "mips64le", "ppc64le", "riscv64", "s390x", "loong64")
)


def platform(text: str, local: str) -> str:
    """`text` as OS/ARCHITECTURE[/VARIANT]; `local` is this machine's own."""
    if text == "local":
        return local
    parts = text.lower().split("/")
    if len(parts) == 1 and _ARCHITECTURES.get(parts[0], parts[0]) in _KNOWN:
        parts = ["linux", *parts]
    if len(parts) > 1:
        parts[1] = _ARCHITECTURES.get(parts[1], parts[1])
    if parts[1:] == ["arm64", "v8"]:
        parts.pop()
    return "/".join(parts)
