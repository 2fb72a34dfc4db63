"""Names of resources: `builder.gpu`, `context.demo`, `build.train["cuda"]`."""

import re
from dataclasses import dataclass
from enum import StrEnum

_ADDRESS = re.compile(r'(builder|context|build)\.([^.\[\]]+)(?:\["((?:[^"\\]|\\.)*)"\])?')


class Kind(StrEnum):
    """The kinds of resource, in the order in which lists show them."""

    BUILDER = "builder"
    CONTEXT = "context"
    BUILD = "build"


_RANK = {kind: rank for rank, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True)
class Address:
    """A resource's name in the configuration; `key` is its for_each key, if it has one."""

    kind: Kind
    name: str
    key: str | None = None

    def __str__(self) -> str:
        if self.key is None:
            return f"{self.kind.value}.{self.name}"
        escaped = self.key.replace("\\", "\\\\").replace('"', '\\"')
        return f'{self.kind.value}.{self.name}["{escaped}"]'

    def __lt__(self, other: "Address") -> bool:
        return self._order() < other._order()

    def _order(self) -> tuple[int, str, str]:
        return (_RANK[self.kind], self.name, self.key or "")

    @classmethod
    def parse(cls, text: str) -> "Address":
        """Read an address; ValueError when `text` is none."""
        match = _ADDRESS.fullmatch(text)
        if match is None:
            raise ValueError(f"{text!r} is not an address such as builder.NAME or build.NAME")
        kind, name, key = match.groups()
        return cls(Kind(kind), name, None if key is None else re.sub(r"\\(.)", r"\1", key))
