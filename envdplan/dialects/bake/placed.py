"""Values that know where they stand, so that every later complaint points into the bake file."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

from envdplan.ground.source import SourceRange
from envdplan.ground.values import Value
from envdplan.language.syntax.document import Expression, ListOf, Literal, ObjectOf


@dataclass(frozen=True, slots=True)
class Placed:
    """A value and its place."""

    value: Value
    range: SourceRange


Items: TypeAlias = tuple[Placed, ...]
Entries: TypeAlias = Mapping[str, Placed]
Content: TypeAlias = Placed | Items | Entries
"""What an attribute of a target holds: one value, a list, or a map."""


def listed(content: Content | None) -> Items:
    """The elements of an attribute that is a list; none when it is not set."""
    return content if isinstance(content, tuple) else ()


def items(value: tuple[Value, ...], whole: Expression) -> Items:
    """The elements of a list; where it is not written out they all stand where it stands."""
    if isinstance(whole, ListOf) and len(whole.items) == len(value):
        pairs = zip(value, whole.items, strict=True)
        return tuple(Placed(one, part.range) for one, part in pairs)
    return tuple(Placed(one, whole.range) for one in value)


def entries(value: Mapping[str, Value], whole: Expression) -> dict[str, Placed]:
    """The members of an object."""
    known: dict[str, SourceRange] = {}
    for key, part in whole.items if isinstance(whole, ObjectOf) else ():
        if isinstance(key, Literal):
            known[str(key.value)] = part.range
    return {key: Placed(one, known.get(key, whole.range)) for key, one in value.items()}
