"""Evaluation of expressions: the value, or one precise Diagnostic."""

from collections.abc import Mapping
from typing import Final

from envdplan.ground.values import UNKNOWN, Unknown, Value
from envdplan.language.evaluation.calls import call
from envdplan.language.evaluation.comprehension import comprehension, object_key
from envdplan.language.evaluation.conditional import conditional
from envdplan.language.evaluation.context import Context, Function, Names, Namespace, Passing, Scope
from envdplan.language.evaluation.frame import Frame, Handler
from envdplan.language.evaluation.problems import (
    ConversionError,
    EvaluationError,
    FunctionError,
    NameUnknown,
    Unfit,
    failure,
)
from envdplan.language.evaluation.references import references
from envdplan.language.evaluation.traversal import get_attribute, index, splat, variable
from envdplan.language.syntax.document import (
    Binary,
    Call,
    Conditional,
    Expression,
    For,
    GetAttribute,
    Index,
    Join,
    ListOf,
    Literal,
    ObjectOf,
    Splat,
    Template,
    Unary,
    Variable,
)
from envdplan.language.types.conversion import convert
from envdplan.language.types.marks import examine, lift_all, marked_if
from envdplan.language.types.operators import binary, truth, unary
from envdplan.language.types.text import to_text
from envdplan.language.types.typeexpr import parse_type
from envdplan.language.types.types import Type, type_name, type_of

__all__ = [
    "Context",
    "ConversionError",
    "EvaluationError",
    "Function",
    "FunctionError",
    "NameUnknown",
    "Names",
    "Namespace",
    "Passing",
    "Scope",
    "Type",
    "convert",
    "evaluate",
    "parse_type",
    "references",
    "type_name",
    "type_of",
]

MAX_TEXT: Final = 16 * 1024 * 1024
"""Templates make strings of at most so many characters."""


def evaluate(expression: Expression, context: Context) -> Value:
    """The value of `expression`.

    Raises EvaluationError with one Diagnostic at the guilty part; never any other exception of
    the expression's making.
    """
    try:
        return Frame(context, {}, _HANDLERS).value(expression)
    except RecursionError:
        detail = "This expression, or one that it refers to, is nested too deeply."
        raise failure("Expression too deep", detail, expression.range) from None


def _literal(expression: Literal, frame: Frame) -> Value:
    del frame
    return expression.value


def _template(expression: Template, frame: Frame) -> Value:
    return _joined(expression, [(part, frame.value(part)) for part in expression.parts])


def _join(expression: Join, frame: Frame) -> Value:
    items, known, sensitive = lift_all(frame.value(expression.items))
    if not known:
        return marked_if(UNKNOWN, sensitive)
    pieces = _joined(expression, [(expression.items, item) for item in items])
    return marked_if(pieces, sensitive)


def _joined(expression: Template | Join, parts: list[tuple[Expression, Value]]) -> Value:
    pieces: list[str] = []
    known, sensitive = True, False
    for part, value in parts:
        if type(value) is str:
            pieces.append(value)
            continue
        bare, part_known, marked = lift_all(value)
        known, sensitive = known and part_known, sensitive or marked
        if part_known:
            pieces.append(_text(bare, part, sensitive=marked))
    if sum(map(len, pieces)) > MAX_TEXT:
        detail = f"This template makes a string of more than {MAX_TEXT} characters."
        raise failure("String too long", detail, expression.range, sensitive=sensitive)
    return marked_if("".join(pieces) if known else UNKNOWN, sensitive)


def _text(value: Value, part: Expression, *, sensitive: bool) -> str:
    try:
        return to_text(value)
    except Unfit as error:
        raise failure(error.summary, error.detail, part.range, sensitive=sensitive) from None


def _unary(expression: Unary, frame: Frame) -> Value:
    operand = frame.value(expression.operand)
    try:
        return unary(expression.operator, operand)
    except Unfit as error:
        raise _located(error, (expression.operand,), (operand,), expression) from None


def _binary(expression: Binary, frame: Frame) -> Value:
    operator = expression.operator
    if operator in ("&&", "||"):
        return _logical(expression, frame)
    left, right = frame.value(expression.left), frame.value(expression.right)
    try:
        return binary(operator, left, right)
    except Unfit as error:
        operands = (expression.left, expression.right)
        raise _located(error, operands, (left, right), expression) from None


def _located(
    error: Unfit, parts: tuple[Expression, ...], values: tuple[Value, ...], whole: Expression
) -> EvaluationError:
    guilty = whole if error.part is None else parts[error.part]
    sensitive = any(examine(value)[1] for value in values)
    return failure(error.summary, error.detail, guilty.range, sensitive=sensitive)


def _logical(expression: Binary, frame: Frame) -> Value:
    """`&&` and `||`: the right side counts, and may fail, only if the left leaves it open."""
    deciding = expression.operator == "||"
    left, left_marked = _truth(expression, 0, frame.value(expression.left))
    if left is deciding:
        return marked_if(left, left_marked)
    if isinstance(left, Unknown):
        try:
            right, marked = _truth(expression, 1, frame.attempt(expression.right))
        except EvaluationError as error:  # the left side may turn out to decide alone
            return marked_if(UNKNOWN, left_marked or error.sensitive)
        answer = right if right is deciding else UNKNOWN
        return marked_if(answer, left_marked or marked)
    try:
        right, marked = _truth(expression, 1, frame.value(expression.right))
    except EvaluationError as error:
        raise error.behind(left_marked) from None
    return marked_if(right, left_marked or marked)


def _truth(expression: Binary, side: int, value: Value) -> tuple[Value, bool]:
    try:
        return truth(expression.operator, value, side)
    except Unfit as error:
        parts = (expression.left, expression.right)
        raise _located(error, parts, (value,), expression) from None


def _list_of(expression: ListOf, frame: Frame) -> Value:
    value = frame.value
    return tuple([value(item) for item in expression.items])


def _object_of(expression: ObjectOf, frame: Frame) -> Value:
    made: dict[str, Value] = {}
    known, sensitive = True, False
    rest: list[Value] = []
    for key_expression, item_expression in expression.items:
        key, key_known, marked = lift_all(frame.value(key_expression))
        item = frame.value(item_expression)
        known, sensitive = known and key_known, sensitive or marked
        if key_known:
            key = object_key(key, key_expression, sensitive=marked)
            made[key] = item
        rest.append(item)
    if not known:
        return marked_if(UNKNOWN, sensitive or examine(tuple(rest))[1])
    return marked_if({key: made[key] for key in sorted(made)}, sensitive)


_HANDLERS: Final[Mapping[type, Handler]] = {
    Literal: _literal,
    Template: _template,
    Variable: variable,
    GetAttribute: get_attribute,
    Index: index,
    Splat: splat,
    Unary: _unary,
    Binary: _binary,
    Conditional: conditional,
    Call: call,
    ListOf: _list_of,
    ObjectOf: _object_of,
    For: comprehension,
    Join: _join,
}
