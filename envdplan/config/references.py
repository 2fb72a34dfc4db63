"""The names that an expression mentions, found without evaluating it: edges of the graph."""

from collections.abc import Iterator
from typing import TypeAlias

from envdplan.source import SourceRange
from envdplan.syntax.document import (
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

Path: TypeAlias = tuple[str, ...]
Mention: TypeAlias = tuple[Path, SourceRange]


def references(expression: Expression) -> Iterator[Mention]:
    """Every static traversal in `expression`, such as `("builder", "gpu", "address")`.

    An index by a literal string is a step of the path; at any other index the path ends.
    Variables of `for` and the elements of a splat are no references.
    """
    return _mentions(expression, frozenset(("*",)))


def static_path(expression: Expression) -> Path | None:
    """The path of a traversal of literal steps from a root name, else None."""
    if isinstance(expression, Variable):
        return (expression.name,)
    if isinstance(expression, GetAttribute):
        source = static_path(expression.source)
        return None if source is None else (*source, expression.name)
    if isinstance(expression, Index):
        source = static_path(expression.source)
        step = expression.key
        if source and isinstance(step, Literal) and isinstance(step.value, str):
            return (*source, step.value)
    return None


def calls(expression: Expression) -> Iterator[str]:
    """The names of all functions that `expression` calls."""
    if isinstance(expression, Call):
        yield expression.name
    for part in parts(expression):
        yield from calls(part)


def _mentions(expression: Expression, bound: frozenset[str]) -> Iterator[Mention]:
    path = static_path(expression)
    if path is not None:
        if path[0] not in bound:
            yield path, expression.range
        return
    if isinstance(expression, For):
        yield from _of_for(expression, bound)
        return
    for part in parts(expression):
        yield from _mentions(part, bound)


def _of_for(expression: For, bound: frozenset[str]) -> Iterator[Mention]:
    yield from _mentions(expression.source, bound)
    inner = bound | {expression.value_name}
    if expression.key_name is not None:
        inner |= {expression.key_name}
    for part in (expression.key, expression.value, expression.condition):
        if part is not None:
            yield from _mentions(part, inner)


def parts(expression: Expression) -> tuple[Expression, ...]:  # noqa: C901, PLR0911  one case per class
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
