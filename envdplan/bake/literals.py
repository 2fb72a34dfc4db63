"""Values as the expressions that stand for them, each with the place it came from."""

from collections.abc import Mapping

from envdplan.source import SourceRange
from envdplan.syntax.document import (
    Attribute,
    Block,
    Body,
    Expression,
    ListOf,
    Literal,
    ObjectOf,
)
from envdplan.values import Value


def expression(value: Value, range: SourceRange) -> Expression:
    """`value` taken at its word: nothing in it is a template."""
    if isinstance(value, Mapping):
        pairs = ((Literal(str(k), range), expression(v, range)) for k, v in value.items())
        return ObjectOf(tuple(pairs), range)
    if isinstance(value, list | tuple):
        return ListOf(tuple(expression(item, range) for item in value), range)
    return Literal(value, range)


def attribute(name: str, value: Expression) -> Attribute:
    """An attribute that stands where its value stands."""
    return Attribute(name, value, value.range, value.range)


def block(type: str, name: str, attributes: Mapping[str, Value], range: SourceRange) -> Block:
    """A block of plain values."""
    made = {key: attribute(key, expression(value, range)) for key, value in attributes.items()}
    return Block(type, (name,), Body(made), range)
