"""Operators as functions, by their names in docker buildx bake."""

from collections.abc import Callable
from typing import Final

from envdplan.ground.values import Value
from envdplan.language.evaluation.context import Function
from envdplan.language.types.numbers import Number, add, divide, modulo, multiply, negate, subtract
from envdplan.language.types.ordering import equal


def _equal(one: Value, other: Value) -> bool:
    return equal(one, other) is True


def _arithmetic(
    name: str,
    description: str,
    example: str,
    result: str,
    operation: Callable[[Number, Number], Number],
) -> Function:
    signature = f"{name}(one: number, other: number) -> number"
    return Function(signature, description, f"{name}({example})", result, operation)


def _comparison(
    name: str, operator: str, result: str, operation: Callable[[Number, Number], bool]
) -> Function:
    return Function(
        f"{name}(one: number, other: number) -> bool",
        f"Whether the first number is {operator} the second.",
        f"{name}(2, 2)",
        result,
        operation,
    )


FUNCTIONS: Final = (
    _arithmetic("add", "The sum: `one + other`.", "1, 2", "3", add),
    _arithmetic("subtract", "The difference: `one - other`.", "3, 1", "2", subtract),
    _arithmetic("multiply", "The product: `one * other`.", "2, 3", "6", multiply),
    _arithmetic("divide", "The quotient: `one / other`.", "3, 2", "1.5", divide),
    _arithmetic(
        "modulo", "The remainder, with the sign of the first: `one % other`.", "-5, 4", "-1", modulo
    ),
    Function(
        "negate(number: number) -> number",
        "The number with the other sign: `-number`.",
        "negate(2)",
        "-2",
        negate,
    ),
    _comparison("greaterthan", "greater than", "false", lambda one, other: one > other),
    _comparison(
        "greaterthanorequalto", "greater than or equal to", "true", lambda one, other: one >= other
    ),
    _comparison("lessthan", "less than", "false", lambda one, other: one < other),
    _comparison(
        "lessthanorequalto", "less than or equal to", "true", lambda one, other: one <= other
    ),
    Function(
        "equal(one: any, other: any) -> bool",
        'Whether two values are equal: `one == other`. A number equals no string: 1 is not "1".',
        "equal([1], [1])",
        "true",
        _equal,
    ),
    Function(
        "notequal(one: any, other: any) -> bool",
        "Whether two values differ: `one != other`.",
        'notequal(1, "1")',
        "true",
        lambda one, other: not _equal(one, other),
    ),
    Function(
        "and(one: bool, other: bool) -> bool",
        "Whether both are true. Unlike `&&` it looks at both in any case.",
        "and(true, false)",
        "false",
        lambda one, other: one and other,
    ),
    Function(
        "or(one: bool, other: bool) -> bool",
        "Whether one of them is true. Unlike `||` it looks at both in any case.",
        "or(true, false)",
        "true",
        lambda one, other: one or other,
    ),
    Function(
        "not(value: bool) -> bool",
        "The opposite: `!value`.",
        "not(true)",
        "false",
        lambda value: not value,
    ),
)
