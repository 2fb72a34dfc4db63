"""Contents of attributes as expressions of a Document, every part at its place."""

from collections.abc import Mapping

from envdplan.dialects.bake.literals import expression
from envdplan.dialects.bake.placed import Content, Placed
from envdplan.ground.source import SourceRange
from envdplan.language.syntax.document import (
    Expression,
    GetAttribute,
    ListOf,
    Literal,
    ObjectOf,
    Variable,
)


def place(content: Content, otherwise: SourceRange | None) -> SourceRange:
    """Where an attribute stands."""
    if isinstance(content, Placed):
        return content.range
    parts = content.values() if isinstance(content, Mapping) else content
    first = next(iter(parts), None)
    if first is not None:
        return first.range
    assert otherwise is not None  # noqa: S101  only empty content has no place
    return otherwise


def literal(content: Content) -> Expression:
    """The content of an attribute as an expression, every part at its place."""
    if isinstance(content, Placed):
        return expression(content.value, lambda _: content.range)
    range = place(content, None)
    if isinstance(content, Mapping):
        items = ((Literal(k, one.range), literal(one)) for k, one in content.items())
        return ObjectOf(tuple(items), range)
    return ListOf(tuple(literal(one) for one in content), range)


def reference(kind: str, name: str, range: SourceRange) -> Expression:
    """`build.NAME` or `group.NAME`."""
    return GetAttribute(Variable(kind, range), name, range)
