"""Functions on maps and objects, and on collections of any kind."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from envdplan.ground.values import SetValue, Value
from envdplan.language.evaluation.context import Function, Passing
from envdplan.language.evaluation.problems import FunctionError
from envdplan.language.types.conversion import to_string
from envdplan.language.types.text import graphemes
from envdplan.language.types.types import type_name

_MAX_COMBINATIONS: Final = 1024
PARTS: Final = Passing.PARTS


def _hasindex(value: Value, key: Value) -> bool:
    if isinstance(value, Mapping):
        return isinstance(key, str) and key in value
    if isinstance(value, tuple) and not isinstance(value, SetValue):
        return type(key) is int and 0 <= key < len(value)
    return False


def _keys(value: Mapping[str, Value]) -> Value:
    return tuple(sorted(value))


def _length(value: Value) -> int:
    return len(graphemes(value)) if isinstance(value, str) else len(value)


_NOTHING: Final = object()


def _lookup(values: Mapping[str, Value], key: str, default: Value = _NOTHING) -> Value:
    if key in values:
        return values[key]
    if default is _NOTHING:
        raise FunctionError(f'there is no "{key}", and no default is given', 1)
    return default


def _matrix(axes: Mapping[str, Value]) -> Value:
    """Every combination of one value per axis, under its values joined with `-`."""
    combinations: list[tuple[str, dict[str, Value]]] = [("", {})]
    for axis, values in sorted(axes.items()):
        if not isinstance(values, tuple):
            raise FunctionError(f'the axis "{axis}" is a list, not a {type_name(values)}', 0)
        combinations = [
            (
                f"{name}-{_axis_text(value, axis)}" if made else _axis_text(value, axis),
                {**made, axis: value},
            )
            for name, made in combinations
            for value in values
        ]
        if len(combinations) > _MAX_COMBINATIONS:
            raise FunctionError(f"there are more than {_MAX_COMBINATIONS} combinations", 0)
    named = dict(combinations) if axes else {}
    if axes and len(named) < len(combinations):
        raise FunctionError("two combinations have the same name", 0)
    return {name: named[name] for name in sorted(named)}


def _axis_text(value: Value, axis: str) -> str:
    if isinstance(value, str | bool | int | Decimal):
        return to_string(value)
    raise FunctionError(f'a value of the axis "{axis}" is a {type_name(value)}, not a string', 0)


def _merge(*maps: Mapping[str, Value] | None) -> Value:
    merged: dict[str, Value] = {}
    for one in maps:
        merged.update(one or {})
    return dict(sorted(merged.items()))


def _transpose(value: Mapping[str, Sequence[str]]) -> Value:
    made: dict[str, list[str]] = {}
    for key in sorted(value):
        for item in value[key] or ():
            if item is None:
                raise FunctionError(f'null in the list under "{key}" cannot become a key', 0)
            made.setdefault(item, []).append(key)
    return {key: tuple(made[key]) for key in sorted(made)}


def _values(value: Mapping[str, Value]) -> Value:
    return tuple(value[key] for key in sorted(value))


def _zipmap(keys: Sequence[str | None], values: Sequence[Value]) -> Value:
    if len(keys) != len(values):
        raise FunctionError(f"there are {len(keys)} keys, but {len(values)} values", 1)
    made: dict[str, Value] = {}
    for key, value in zip(keys, values, strict=True):
        if key is None:
            raise FunctionError("a key cannot be null", 0)
        made[key] = value
    return dict(sorted(made.items()))


FUNCTIONS: Final = (
    Function(
        "hasindex(values: any, key: any) -> bool",
        "Whether the list has the index, or the map or object the key.",
        'hasindex({ a = 1 }, "a")',
        "true",
        _hasindex,
    ),
    Function(
        "keys(values: map) -> list",
        "The keys, in order.",
        "keys({ b = 1, a = 2 })",
        '["a", "b"]',
        _keys,
        PARTS,
    ),
    Function(
        "length(values: collection) -> number",
        "The number of elements, or of characters.",
        'length(["a", "b"])',
        "2",
        _length,
        PARTS,
    ),
    Function(
        "lookup(values: map, key: string, default?: any) -> any",
        "The value of the key, or the default.",
        'lookup({ a = 1 }, "b", 0)',
        "0",
        _lookup,
        PARTS,
    ),
    Function(
        "matrix(axes: map) -> map",
        "Every combination of one value per axis; keys join the values with -, axes by name.",
        'matrix({ py = ["3.11", "3.12"], gpu = [true] })',
        '{ "true-3.11" = { gpu = true, py = "3.11" }, "true-3.12" = { gpu = true, py = "3.12" } }',
        _matrix,
    ),
    Function(
        "merge(maps...: map?) -> map",
        "All maps or objects in one; later ones win.",
        "merge({ a = 1, b = 1 }, { b = 2 })",
        "{ a = 1, b = 2 }",
        _merge,
        PARTS,
    ),
    Function(
        "transpose(values: map(list(string))) -> map",
        "Keys and elements exchanged.",
        'transpose({ a = ["1", "2"], b = ["2"] })',
        '{ "1" = ["a"], "2" = ["a", "b"] }',
        _transpose,
    ),
    Function(
        "values(values: map) -> list",
        "The values, in the order of their keys.",
        "values({ b = 1, a = 2 })",
        "[2, 1]",
        _values,
        PARTS,
    ),
    Function(
        "zipmap(keys: list(string), values: tuple) -> map",
        "A map of keys and values from two lists.",
        'zipmap(["a", "b"], [1, 2])',
        "{ a = 1, b = 2 }",
        _zipmap,
        PARTS,
    ),
)
