"""Names of resources: `builder.gpu`, `build.train["cuda"]`, `module.services.build.web`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

MODULE: Final = "module"
_ADDRESS: Final = re.compile(
    r"((?:module\.[^.\[\]]+\.)*)(builder|context|build)\.([^.\[\]]+)"
    r'(?:\["((?:[^"\\]|\\.)*)"\])?'
)

ModulePath: TypeAlias = tuple[str, ...]
"""Names of modules, each called in the one before it; empty for the project itself."""


class Kind(StrEnum):
    """The kinds of resource, in the order in which lists show them."""

    BUILDER = "builder"
    CONTEXT = "context"
    BUILD = "build"


_RANK = {kind: rank for rank, kind in enumerate(Kind)}
_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Address:
    """A resource's name in the configuration; `key` is its for_each key, if it has one."""

    kind: Kind
    name: str
    key: str | None = None
    module: ModulePath = ()

    def __str__(self) -> str:
        text = f"{in_module(self.module)}{self.kind.value}.{self.name}"
        if self.key is None:
            return text
        escaped = self.key.replace("\\", "\\\\").replace('"', '\\"')
        return f'{text}["{escaped}"]'

    def __lt__(self, other: "Address") -> bool:
        return self._order() < other._order()

    def _order(self) -> tuple[ModulePath, int, str, str]:
        return (self.module, _RANK[self.kind], self.name, self.key or "")

    @property
    def block(self) -> "Address":
        """The block behind it: the address without the key."""
        return self if self.key is None else Address(self.kind, self.name, None, self.module)

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read an address; ValueError when `text` is none."""
        match = _ADDRESS.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not an address such as builder.NAME or build.NAME")
        modules, kind, name, key = match.groups()
        path = tuple(modules.split(".")[1::2])
        return cls(Kind(kind), name, None if key is None else _unescaped(key), path)

    @classmethod
    def of_path(cls, path: Sequence[str], module: ModulePath = ()) -> "Address | None":
        """The address that the steps of a reference name, as seen in `module`; else None."""
        while len(path) > 2 and path[0] == MODULE:  # noqa: PLR2004  module.NAME and more
            module, path = (*module, path[1]), path[2:]
        if len(path) not in (2, 3) or path[0] not in _KINDS:  # kind, name and perhaps a key
            return None
        return cls(_KINDS[path[0]], path[1], path[2] if path[2:] else None, module)


def in_module(module: ModulePath) -> str:
    """What stands before a name in `module`: nothing, or `module.services.`."""
    return "".join(f"{MODULE}.{name}." for name in module)


def _unescaped(key: str) -> str:
    return re.sub(r"\\(.)", r"\1", key)
