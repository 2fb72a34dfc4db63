"""What a compose file holds: mappings, lists and scalars, each with its place in the file."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from envdplan.ground.source import SourceRange
from envdplan.ground.values import AttributePath


@dataclass(frozen=True, slots=True)
class Moment:
    """A date or time without quotes, which compose takes for no string."""

    text: str


Plain: TypeAlias = str | int | float | bool | Moment | None


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value."""

    value: Plain
    place: SourceRange


@dataclass(frozen=True, slots=True)
class Row:
    """A list."""

    items: tuple["Tree", ...]
    place: SourceRange

    def __iter__(self) -> Iterator["Tree"]:
        return iter(self.items)


@dataclass(frozen=True, slots=True)
class Branch:
    """A mapping; `keys` are the places of its keys."""

    items: dict[str, "Tree"]
    place: SourceRange
    keys: dict[str, SourceRange] = field(default_factory=dict)

    def get(self, name: str) -> "Tree | None":
        """What stands under a key."""
        return self.items.get(name)

    def branch(self, name: str) -> "Branch | None":
        """The mapping under a key, if there is one."""
        found = self.items.get(name)
        return found if isinstance(found, Branch) else None

    def row(self, name: str) -> "tuple[Tree, ...]":
        """The items of the list under a key; none when there is no list."""
        found = self.items.get(name)
        return found.items if isinstance(found, Row) else ()

    def text(self, name: str) -> str:
        """The string under a key; "" when there is none."""
        found = self.items.get(name)
        return found.value if isinstance(found, Scalar) and isinstance(found.value, str) else ""

    def key(self, name: str) -> SourceRange:
        """Where a key stands."""
        return self.keys.get(name, self.place)

    def having(self, items: "dict[str, Tree]") -> "Branch":
        """The mapping with other items."""
        return Branch(items, self.place, self.keys)


Tree: TypeAlias = Scalar | Row | Branch


@dataclass(frozen=True, slots=True)
class ComposeDocument:
    """One YAML document. `resets` are paths at which earlier ones are forgotten."""

    root: Branch
    resets: tuple[AttributePath, ...] = ()


_KINDS: Final = {str: "a string", bool: "a boolean", type(None): "null", Moment: "a date"}


def kind(tree: Tree) -> str:
    """What a value is, for messages."""
    if isinstance(tree, Branch):
        return "a mapping"
    if isinstance(tree, Row):
        return "a list"
    return _KINDS.get(type(tree.value), "a number")


def strings(tree: Tree | None) -> tuple[Scalar, ...]:
    """The scalars in a list that are strings."""
    items = tree.items if isinstance(tree, Row) else ()
    return tuple(i for i in items if isinstance(i, Scalar) and isinstance(i.value, str))
