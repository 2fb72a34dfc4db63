"""Functions on lists."""

from collections.abc import Sequence
from typing import Final

from envdplan.ground.values import UNKNOWN, Unknown, Value
from envdplan.language.evaluation.context import Function, Passing
from envdplan.language.evaluation.problems import FunctionError
from envdplan.language.types.conversion import convert
from envdplan.language.types.marks import examine, lift, marked_if
from envdplan.language.types.numbers import Number, add
from envdplan.language.types.ordering import equal, sort_key
from envdplan.language.types.settled import settled, shaped_by_secret
from envdplan.language.types.types import type_of, unify

_MAX_RANGE: Final = 1024
PARTS: Final = Passing.PARTS


def _alltrue(values: Sequence[bool | None]) -> bool:
    return all(value is True for value in values)


def _anytrue(values: Sequence[bool | None]) -> bool:
    return any(value is True for value in values)


def _chunklist(values: Sequence[Value], size: Number) -> Value:
    if not isinstance(size, int) or size < 0:
        raise FunctionError("the size is a whole number from 0", 1)
    if size == 0:
        return (tuple(values),) if values else ()
    return tuple(tuple(values[at : at + size]) for at in range(0, len(values), size))


def _coalesce(*values: Value) -> Value:
    """The first value that is not null, in the type that all have in common."""
    kind = unify(map(type_of, values))
    sensitive = False
    for value in values:
        bare, marked = lift(value)
        sensitive = sensitive or marked
        if isinstance(bare, Unknown):
            return marked_if(UNKNOWN, sensitive)
        if bare is not None and not all(settled(bare, other) for other in values):
            return marked_if(UNKNOWN, sensitive or examine(values)[1])
        if bare is not None:
            sensitive = sensitive or any(shaped_by_secret(bare, other) for other in values)
            return marked_if(bare if kind is None else convert(bare, kind), sensitive)
    raise FunctionError("all arguments are null")


def _coalescelist(*lists: Sequence[Value] | None) -> Value:
    for one in lists:
        if one:
            return tuple(one)
    raise FunctionError("all lists are empty")


def _compact(values: Sequence[str | None]) -> Value:
    return tuple(value for value in values if value)


def _concat(*lists: Sequence[Value]) -> Value:
    return tuple(item for one in lists for item in one)


def _contains(values: Sequence[Value], value: Value) -> bool:
    return any(equal(item, value) is True for item in values)


def _element(values: Sequence[Value], index: int) -> Value:
    if not values:
        raise FunctionError("the list is empty", 0)
    if not isinstance(index, int):
        raise FunctionError("the index is a whole number", 1)
    return values[index % len(values)]


def _flatten(values: Sequence[Value]) -> Value:
    made: list[Value] = []
    sensitive = False
    queue = list(reversed(values))
    while queue:
        item = queue.pop()
        bare, marked = lift(item)
        if isinstance(bare, Unknown):
            return marked_if(UNKNOWN, sensitive or marked)  # it may be a list of any length
        if isinstance(bare, tuple):
            sensitive = sensitive or marked
            queue.extend(reversed(bare))
        else:
            made.append(item)
    return marked_if(tuple(made), sensitive)


def _index(values: Sequence[Value], value: Value) -> int:
    for position, item in enumerate(values):
        if equal(item, value) is True:
            return position
    raise FunctionError("the value is not in the list", 1)


def _matchkeys(values: Sequence[Value], keys: Sequence[Value], wanted: Sequence[Value]) -> Value:
    if len(values) != len(keys):
        raise FunctionError(f"there are {len(values)} values, but {len(keys)} keys", 1)
    found = {sort_key(one) for one in wanted}
    pairs = zip(values, keys, strict=True)
    return tuple(value for value, key in pairs if sort_key(key) in found)


def _one(values: Sequence[Value]) -> Value:
    if len(values) > 1:
        raise FunctionError(f"the list has {len(values)} elements, not one or none", 0)
    return values[0] if values else None


def _range(first: Number, second: Number | None = None, step: Number | None = None) -> Value:
    start, end = (0, first) if second is None else (first, second)
    stride = step if step is not None else -1 if end < start else 1
    if stride == 0:
        raise FunctionError("the step cannot be zero", 2)
    if (stride > 0 and end < start) or (stride < 0 and end > start):
        raise FunctionError("the step goes away from the end", 2)
    made: list[Number] = []
    value: Number = start
    while value < end if stride > 0 else value > end:
        if len(made) == _MAX_RANGE:
            raise FunctionError(f"the range has more than {_MAX_RANGE} numbers")
        made.append(value)
        value = add(value, stride)
    return tuple(made)


def _reverse(values: Sequence[Value]) -> Value:
    return tuple(reversed(values))


def _slice(values: Sequence[Value], start: Number, end: Number) -> Value:
    if not isinstance(start, int) or not 0 <= start <= len(values):
        raise FunctionError(f"the start is a whole number from 0 to {len(values)}", 1)
    if not isinstance(end, int) or not start <= end <= len(values):
        raise FunctionError(f"the end is a whole number from {start} to {len(values)}", 2)
    return tuple(values[start:end])


def _sort(values: Sequence[str | None]) -> Value:
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        raise FunctionError("null cannot be sorted", 0)
    return tuple(sorted(known))


FUNCTIONS: Final = (
    Function(
        "alltrue(values: list(bool)) -> bool",
        "Whether every element is true. True for an empty list.",
        'alltrue([true, "true"])',
        "true",
        _alltrue,
    ),
    Function(
        "anytrue(values: list(bool)) -> bool",
        "Whether an element is true.",
        "anytrue([false, true])",
        "true",
        _anytrue,
    ),
    Function(
        "chunklist(values: tuple, size: number) -> list",
        "Pieces with the given number of elements; the last may be shorter.",
        "chunklist([1, 2, 3], 2)",
        "[[1, 2], [3]]",
        _chunklist,
        PARTS,
    ),
    Function(
        "coalesce(value: any, values...: any) -> any",
        "The first argument that is not null. An empty string is not null.",
        'coalesce(null, "", "b")',
        '""',
        _coalesce,
        PARTS,
    ),
    Function(
        "coalescelist(list: tuple?, lists...: tuple?) -> list",
        "The first list that is not empty.",
        "coalescelist([], [1])",
        "[1]",
        _coalescelist,
        PARTS,
    ),
    Function(
        "compact(values: list(string)) -> list",
        "The list without null and empty strings.",
        'compact(["a", "", null, "b"])',
        '["a", "b"]',
        _compact,
    ),
    Function(
        "concat(list: list, lists...: list) -> list",
        "All lists one after the other.",
        'concat([1], ["a", 2])',
        '[1, "a", 2]',
        _concat,
        PARTS,
    ),
    Function(
        "contains(values: list, value: any) -> bool",
        "Whether the list or set has the element.",
        'contains(["a", "b"], "b")',
        "true",
        _contains,
    ),
    Function(
        "element(values: tuple, index: number) -> any",
        "The element at the index, starting again behind the last one.",
        'element(["a", "b", "c"], 4)',
        '"b"',
        _element,
        PARTS,
    ),
    Function(
        "flatten(values: list) -> list",
        "The elements of all lists inside the list, at any depth.",
        "flatten([[1], [2, [3]], 4])",
        "[1, 2, 3, 4]",
        _flatten,
        PARTS,
    ),
    Function(
        "index(values: list, value: any) -> number",
        "The index of the first element that equals the value.",
        'index(["a", "b"], "b")',
        "1",
        _index,
    ),
    Function(
        "indexof(values: list, value: any) -> number",
        "The same as index(), by its name in docker buildx bake.",
        'indexof(["a", "b"], "b")',
        "1",
        _index,
    ),
    Function(
        "matchkeys(values: list, keys: list, wanted: list) -> list",
        "The values whose key, at the same place in the second list, is wanted.",
        'matchkeys([1, 2, 3], ["x", "y", "x"], ["x"])',
        "[1, 3]",
        _matchkeys,
    ),
    Function(
        "one(values: list) -> any",
        "The only element of a list, or null when it is empty.",
        'one(["a"])',
        '"a"',
        _one,
        PARTS,
    ),
    Function(
        "range(first: number, second?: number, step?: number) -> list",
        "The numbers from 0 (or the first of two) up to, but without, the end. At most 1024.",
        "range(1, 8, 3)",
        "[1, 4, 7]",
        _range,
    ),
    Function(
        "reverse(values: list) -> list",
        "The elements in reverse order. Strings: strrev().",
        "reverse([1, 2, 3])",
        "[3, 2, 1]",
        _reverse,
        PARTS,
    ),
    Function(
        "reverselist(values: list) -> list",
        "The same as reverse(), by its name in docker buildx bake.",
        "reverselist([1, 2])",
        "[2, 1]",
        _reverse,
        PARTS,
    ),
    Function(
        "slice(values: tuple, start: number, end: number) -> list",
        "The elements from the start up to, but without, the end.",
        "slice([1, 2, 3, 4], 1, 3)",
        "[2, 3]",
        _slice,
        PARTS,
    ),
    Function(
        "sort(values: list(string)) -> list",
        "The strings in order of their characters' code points.",
        'sort(["b", "a", "B"])',
        '["B", "a", "b"]',
        _sort,
    ),
)
