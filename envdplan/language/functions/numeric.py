"""Functions on numbers."""

from collections.abc import Sequence
from string import ascii_lowercase, ascii_uppercase, digits
from typing import Final

from envdplan.ground.values import Value
from envdplan.language.evaluation.context import Function
from envdplan.language.evaluation.problems import FunctionError
from envdplan.language.syntax.digits import MAX_DIGITS, bounded
from envdplan.language.types.numbers import (
    Number,
    add,
    ceil,
    floor,
    logarithm,
    negate,
    power,
)
from envdplan.language.types.types import type_name

_DIGITS: Final = digits + ascii_lowercase + ascii_uppercase
_CASELESS: Final = 36  # up to this base, capitals mean the same as small letters


def _abs(number: Number) -> Number:
    return negate(number) if number < 0 else number


def _max(first: Number, *numbers: Number) -> Number:
    return max((first, *numbers))


def _min(first: Number, *numbers: Number) -> Number:
    return min((first, *numbers))


def _signum(number: Number) -> int:
    return (number > 0) - (number < 0)


def _sum(numbers: Sequence[Number | None]) -> Number:
    if not numbers:
        raise FunctionError("there is nothing to add up", 0)
    total: Number = 0
    for index, number in enumerate(numbers):
        if number is None:
            raise FunctionError(f"element {index} is null, and null is not a number", 0)
        total = add(total, number)
    return total


def _int(number: Number) -> int:
    return floor(number) if number >= 0 else ceil(number)


def _parseint(text: Value, base: Number) -> Number:
    if not isinstance(text, str):
        raise FunctionError(f"the first argument is a string, not a {type_name(text)}", 0)
    if not isinstance(base, int) or not 2 <= base <= len(_DIGITS):  # noqa: PLR2004  two digits
        raise FunctionError(f"the base is a whole number from 2 to {len(_DIGITS)}", 1)
    sign, body = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    folded = body.lower() if base <= _CASELESS else body
    allowed = _DIGITS[:base]
    if not folded or len(folded) > 4 * MAX_DIGITS or any(one not in allowed for one in folded):
        raise FunctionError(f'"{text}" is not a whole number of base {base}', 0)
    value = 0
    for one in folded:
        value = value * base + allowed.index(one)
    return bounded(sign * value)


FUNCTIONS: Final = (
    Function(
        "abs(number: number) -> number",
        "The number without its sign.",
        "abs(-1.5)",
        "1.5",
        _abs,
    ),
    Function(
        "absolute(number: number) -> number",
        "The same as abs(), by its name in docker buildx bake.",
        "absolute(-2)",
        "2",
        _abs,
    ),
    Function(
        "ceil(number: number) -> number",
        "The next whole number upwards.",
        "ceil(1.2)",
        "2",
        ceil,
    ),
    Function(
        "floor(number: number) -> number",
        "The next whole number downwards.",
        "floor(-1.2)",
        "-2",
        floor,
    ),
    Function(
        "int(number: number) -> number",
        "The whole part, rounded towards zero.",
        "int(-1.7)",
        "-1",
        _int,
    ),
    Function(
        "log(number: number, base: number) -> number",
        "The logarithm of the number to the base.",
        "log(8, 2)",
        "3",
        logarithm,
    ),
    Function(
        "max(number: number, numbers...: number) -> number",
        "The greatest number.",
        "max(1, 5, 3)",
        "5",
        _max,
    ),
    Function(
        "min(number: number, numbers...: number) -> number",
        "The smallest number.",
        "min(4, 1, 3)",
        "1",
        _min,
    ),
    Function(
        "parseint(text: any, base: number) -> number",
        "The whole number that the string is in a base from 2 to 62.",
        'parseint("ff", 16)',
        "255",
        _parseint,
    ),
    Function(
        "pow(base: number, exponent: number) -> number",
        "The base to the power of the exponent; exact for whole numbers.",
        "pow(2, 100)",
        "1267650600228229401496703205376",
        power,
    ),
    Function(
        "signum(number: number) -> number",
        "-1, 0 or 1: the sign of the number.",
        "signum(-3)",
        "-1",
        _signum,
    ),
    Function(
        "sum(numbers: list(number)) -> number",
        "All numbers of a list added up.",
        "sum([1, 2.5, 3])",
        "6.5",
        _sum,
    ),
)
