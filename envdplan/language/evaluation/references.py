"""The names that an expression mentions, found without evaluating it: edges of the graph."""

from collections.abc import Iterator
from typing import Final, TypeAlias

from envdplan.ground.source import SourceRange
from envdplan.language.syntax.document import (
    Call,
    Expression,
    For,
    GetAttribute,
    Index,
    Literal,
    Variable,
)
from envdplan.language.syntax.parts import parts

Path: TypeAlias = tuple[str, ...]
Mention: TypeAlias = tuple[Path, SourceRange]

CALL: Final = "()"
"""The root of the path of a function that is called; no name can look like it."""


def references(expression: Expression) -> Iterator[Mention]:
    """Every static traversal in `expression`, such as `("builder", "gpu", "address")`.

    An index by a literal string is a step of the path; at any other index the path ends. A call
    of `f` is a reference to `("()", "f")`.
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
    if isinstance(expression, Call):
        yield (CALL, expression.name), expression.name_range
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
