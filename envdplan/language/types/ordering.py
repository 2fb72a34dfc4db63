"""Equality and order of values: deep, by type, and honest about what is unknown."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeAlias

from envdplan.ground.values import UNKNOWN, Reference, SetValue, Unknown, Value, reveal
from envdplan.language.types.marks import examine, mark

Answer: TypeAlias = bool | Unknown

_NUMBERS = (int, Decimal)


def equal(left: Value, right: Value) -> Answer:
    """Whether two values without marks are equal; UNKNOWN when unknown parts decide.

    Numbers equal numbers only, as in HCL: `1 == "1"` is false.
    """
    kind = type(left)
    if kind is type(right) and kind in (str, int, bool):
        return bool(left == right)
    if kind is Unknown or type(right) is Unknown:
        return UNKNOWN
    if kind in _NUMBERS and type(right) in _NUMBERS:
        return bool(left == right)
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        if left.keys() != right.keys():
            return False
        return _all_equal((item, right[key]) for key, item in left.items())
    if isinstance(left, tuple) and isinstance(right, tuple):
        if isinstance(left, SetValue) != isinstance(right, SetValue) or len(left) != len(right):
            return False
        return _all_equal(zip(left, right, strict=True))
    return kind is type(right) and bool(left == right)


def _all_equal(pairs: Iterable[tuple[Value, Value]]) -> Answer:
    result: Answer = True
    for left, right in pairs:
        same = equal(left, right)
        if same is False:
            return False
        if same is UNKNOWN:
            result = UNKNOWN
    return result


SortKey: TypeAlias = tuple[int, Value]


def sort_key(value: Value) -> SortKey:
    """A key that sorts any known values without marks, and is the same for equal ones."""
    match value:
        case None:
            return (0, 0)
        case bool():
            return (1, value)
        case int() | Decimal():
            return (2, value)
        case str():
            return (3, value)
        case SetValue():
            return (5, tuple(map(sort_key, value)))
        case tuple() | list():
            return (4, tuple(map(sort_key, value)))
        case Mapping():
            return (6, tuple((key, sort_key(item)) for key, item in sorted(value.items())))
        case Reference():
            return (7, str(value))
    raise TypeError(f"{type(value).__name__} has no order")


def make_set(items: Iterable[Value]) -> Value:
    """The set of `items`, distinct and sorted.

    A set is wholly unknown if an element is (it might equal another), and wholly sensitive if
    one is (its place among the others would tell about it).
    """
    parts = tuple(items)
    known, sensitive = examine(parts)
    if not known:
        return mark(UNKNOWN) if sensitive else UNKNOWN
    if sensitive:
        return mark(SetValue(distinct_sorted(reveal(parts))))
    return SetValue(distinct_sorted(parts))


def distinct_sorted(items: Iterable[Value]) -> list[Value]:
    """Known `items` without marks, each once, in order."""
    found = {sort_key(item): item for item in items}
    return [found[key] for key in sorted(found)]


def distinct(items: Iterable[Value]) -> tuple[Value, ...]:
    """Known `items` without marks, each once, in order of first appearance."""
    found: dict[SortKey, Value] = {}
    for item in items:
        found.setdefault(sort_key(item), item)
    return tuple(found.values())
