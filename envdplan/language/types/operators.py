"""The operators of HCL, on values with or without marks."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from envdplan.ground.values import UNKNOWN, Value, reveal
from envdplan.language.evaluation.problems import ConversionError, Unfit
from envdplan.language.syntax.digits import NumberError
from envdplan.language.types.conversion import to_bool, to_number
from envdplan.language.types.marks import examine, lift, lift_all, marked_if
from envdplan.language.types.numbers import (
    Number,
    add,
    divide,
    modulo,
    multiply,
    negate,
    subtract,
)
from envdplan.language.types.ordering import equal

Arithmetic: TypeAlias = Callable[[Number, Number], Value]

NUMERIC: Mapping[str, Arithmetic] = {
    "+": add,
    "-": subtract,
    "*": multiply,
    "/": divide,
    "%": modulo,
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


def binary(operator: str, left: Value, right: Value) -> Value:
    """`left operator right` for all operators but `&&` and `||`. Raises Unfit."""
    if operator == "==":
        return equality(left, right)
    if operator == "!=":
        return _negated(equality(left, right))
    operation = NUMERIC[operator]
    try:
        if type(left) is int and type(right) is int:
            return operation(left, right)
        return _numeric(operator, operation, (left, right))
    except NumberError as error:
        raise Unfit("Operation failed", f"This operation has no result: {error}.") from None


def _numeric(operator: str, operation: Arithmetic, operands: tuple[Value, Value]) -> Value:
    numbers: list[Number] = []
    sensitive = False
    for part, operand in enumerate(operands):
        bare, known, marked = lift_all(operand)
        sensitive = sensitive or marked
        if known:
            numbers.append(_converted(to_number, operator, bare, part, marked))
    if len(numbers) < len(operands):
        return marked_if(UNKNOWN, sensitive)
    return marked_if(operation(*numbers), sensitive)


def _converted(
    converter: Callable[[Value], Value], operator: str, value: Value, part: int, marked: bool
) -> Value:
    try:
        return converter(value)
    except ConversionError as error:
        message = (error.unseen() if marked else error).message
        raise Unfit("Invalid operand", f"For the operator {operator}, {message}.", part) from None


def equality(left: Value, right: Value) -> Value:
    """`left == right`, deep and by type. Null is known to differ from all that is not null."""
    if left is None or right is None:
        return _equals_null(right if left is None else left)
    bare_left, marked_left = _without_marks(left)
    bare_right, marked_right = _without_marks(right)
    return marked_if(equal(bare_left, bare_right), marked_left or marked_right)


def _equals_null(value: Value) -> Value:
    bare, sensitive = lift(value)
    answer = UNKNOWN if bare is UNKNOWN else bare is None
    return marked_if(answer, sensitive)


def _without_marks(value: Value) -> tuple[Value, bool]:
    sensitive = examine(value)[1]
    return (reveal(value) if sensitive else value), sensitive


def _negated(value: Value) -> Value:
    bare, known, sensitive = lift_all(value)
    return marked_if((not bare) if known else UNKNOWN, sensitive)


def unary(operator: str, operand: Value) -> Value:
    """`-operand` or `!operand`. Raises Unfit."""
    bare, known, marked = lift_all(operand)
    if not known:
        return marked_if(UNKNOWN, marked)
    if operator == "!":
        return marked_if(not _converted(to_bool, "!", bare, 0, marked), marked)
    try:
        return marked_if(negate(_converted(to_number, "-", bare, 0, marked)), marked)
    except NumberError as error:
        raise Unfit("Operation failed", f"This operation has no result: {error}.") from None


def truth(operator: str, value: Value, part: int) -> tuple[Value, bool]:
    """An operand of `&&` or `||` as a bool or UNKNOWN, and whether it was marked. Raises Unfit."""
    if type(value) is bool:
        return value, False
    bare, known, marked = lift_all(value)
    if not known:
        return UNKNOWN, marked
    return _converted(to_bool, operator, bare, part, marked), marked
