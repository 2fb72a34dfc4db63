"""Typed reading of the JSON that an engine answers; what is missing or odd reads as empty."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Reply:
    """One JSON object."""

    value: Mapping[str, object]

    @classmethod
    def of(cls, value: object) -> Self:
        """`value` if it is an object, else an empty one."""
        return cls(value if isinstance(value, dict) else {})

    def part(self, key: str) -> "Reply":
        """The object at `key`."""
        return Reply.of(self.value.get(key))

    def parts(self, key: str) -> tuple["Reply", ...]:
        """The objects of the list at `key`."""
        return tuple(Reply.of(one) for one in self._list(key))

    def text(self, key: str) -> str:
        """The string at `key`."""
        found = self.value.get(key)
        return found if isinstance(found, str) else ""

    def texts(self, key: str) -> tuple[str, ...]:
        """The strings of the list at `key`."""
        return tuple(one for one in self._list(key) if isinstance(one, str))

    def number(self, key: str) -> int:
        """The integer at `key`."""
        found = self.value.get(key)
        return found if isinstance(found, int) else 0

    def flag(self, key: str) -> bool:
        """Whether `key` is true."""
        return self.value.get(key) is True

    def table(self, key: str) -> dict[str, str]:
        """The strings of the object at `key`."""
        found = self.part(key).value
        return {name: one for name, one in found.items() if isinstance(one, str)}

    def rows(self, key: str) -> dict[str, str]:
        """The pairs of strings in the list at `key`, as Docker's DriverStatus has them."""
        rows = (row for row in self._list(key) if isinstance(row, list) and len(row) == 2)  # noqa: PLR2004  pairs
        return {str(name): str(one) for name, one in rows}

    def _list(self, key: str) -> Iterable[object]:
        found = self.value.get(key)
        return found if isinstance(found, list) else []
