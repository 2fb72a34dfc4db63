"""Functions on sets."""

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Final

from envdplan.ground.values import SetValue, Value
from envdplan.language.evaluation.context import Function
from envdplan.language.evaluation.problems import FunctionError
from envdplan.language.types.conversion import convert
from envdplan.language.types.ordering import distinct, distinct_sorted, make_set, sort_key
from envdplan.language.types.types import type_of, unify

_MAX_PRODUCT: Final = 100_000


def _alike(*lists: Sequence[Value]) -> list[list[Value]]:
    """The lists with all elements of one type, where there is one: 1 and "1" are the same."""
    kind = unify(type_of(item) for one in lists for item in one)
    if kind is None:
        return [list(one) for one in lists]
    return [[convert(item, kind) for item in one] for one in lists]


def _distinct(values: Sequence[Value]) -> Value:
    return distinct(_alike(values)[0])


def _union(*sets: Sequence[Value]) -> Value:
    return make_set(item for one in _alike(*sets) for item in one)


def _intersection(*sets: Sequence[Value]) -> Value:
    first, *others = _alike(*sets)
    found = [{sort_key(item) for item in other} for other in others]
    return make_set(item for item in first if all(sort_key(item) in one for one in found))


def _subtract(values: Sequence[Value], others: Sequence[Value]) -> Value:
    first, second = _alike(values, others)
    gone = {sort_key(item) for item in second}
    return make_set(item for item in first if sort_key(item) not in gone)


def _symmetric_difference(*sets: Sequence[Value]) -> Value:
    result: Value = SetValue()
    for one in sets:
        result = _union(_subtract(result, one), _subtract(one, result))
    return result


def _has_element(values: Sequence[Value], value: Value) -> bool:
    first, second = _alike(values, (value,))
    return sort_key(second[0]) in {sort_key(item) for item in first}


def _product(*sets: Sequence[Value]) -> Value:
    if prod(map(len, sets)) > _MAX_PRODUCT:
        raise FunctionError(f"the product has more than {_MAX_PRODUCT} elements")
    combined = product(*sets)
    if all(isinstance(one, SetValue) for one in sets):
        return SetValue(distinct_sorted(combined))
    return tuple(combined)


FUNCTIONS: Final = (
    Function(
        "distinct(values: list) -> list",
        "Every element once, in the order of first appearance.",
        'distinct(["a", "b", "a"])',
        '["a", "b"]',
        _distinct,
    ),
    Function(
        "sethaselement(values: list, value: any) -> bool",
        "Whether the set has the element.",
        'sethaselement(toset(["a"]), "a")',
        "true",
        _has_element,
    ),
    Function(
        "setintersection(values: list, others...: list) -> set",
        "The elements that are in every set.",
        'setintersection(["a", "b"], ["b", "c"])',
        'toset(["b"])',
        _intersection,
    ),
    Function(
        "setproduct(values: list, other: list, others...: list) -> list",
        "Every combination of one element of each list or set.",
        'setproduct(["a", "b"], [1])',
        '[["a", 1], ["b", 1]]',
        _product,
    ),
    Function(
        "setsubtract(values: list, others: list) -> set",
        "The elements of the first set that are not in the second.",
        'setsubtract(["a", "b"], ["b"])',
        'toset(["a"])',
        _subtract,
    ),
    Function(
        "setsymmetricdifference(values: list, others...: list) -> set",
        "The elements that are in one of two sets, but not in both.",
        'setsymmetricdifference(["a", "b"], ["b", "c"])',
        'toset(["a", "c"])',
        _symmetric_difference,
    ),
    Function(
        "setunion(values: list, others...: list) -> set",
        "The elements of all sets.",
        'setunion(["a"], ["b", "a"])',
        'toset(["a", "b"])',
        _union,
    ),
)
