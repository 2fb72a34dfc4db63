"""The expressions inside of an expression, and how deep they go."""

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
    ObjectOf,
    Splat,
    Template,
    Unary,
)

_SHALLOW = 600
"""Characters; a shorter text holds nothing that is too deep."""

_DEEPEST = 250
"""Levels of expressions, so that whatever walks over one may call itself for each level."""


def parts(expression: Expression) -> tuple[Expression, ...]:  # noqa: C901, PLR0911  one case per class  # noqa: PLR0911  one per class
    """The expressions directly inside `expression`, in the order of the text."""
    match expression:
        case Template(parts=inner) | ListOf(items=inner) | Call(arguments=inner):
            return inner
        case GetAttribute(source=source):
            return (source,)
        case Index(source=source, key=key):
            return (source, key)
        case Splat(source=source, each=each):
            return (source, each)
        case Unary(operand=operand):
            return (operand,)
        case Binary(left=left, right=right):
            return (left, right)
        case Conditional(condition=condition, yes=yes, no=no):
            return (condition, yes, no)
        case ObjectOf(items=items):
            return tuple(part for pair in items for part in pair)
        case For(source=source, key=key, value=value, condition=condition):
            found = (source, key, value, condition)
            return tuple(part for part in found if part is not None)
        case Join(items=joined):
            return (joined,)
    return ()


def is_too_deep(expression: Expression, length: int) -> bool:
    """Whether an expression of `length` characters has too many levels: chains count too."""
    if length < _SHALLOW:
        return False
    waiting = [(expression, 1)]
    while waiting:
        one, depth = waiting.pop()
        if depth > _DEEPEST:
            return True
        waiting += [(part, depth + 1) for part in parts(one)]
    return False
