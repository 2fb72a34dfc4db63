"""Values as the expressions that stand for them, each with the place it came from."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from envdplan.ground.source import SourceRange
from envdplan.ground.values import AttributePath, Value
from envdplan.language.syntax.document import (
    Attribute,
    Block,
    Body,
    Expression,
    ListOf,
    Literal,
    ObjectOf,
)

Places: TypeAlias = Callable[[AttributePath], SourceRange]
"""Where each part of a value stands."""


def expression(value: Value, place: Places, path: AttributePath = ()) -> Expression:
    """`value` taken at its word: nothing in it is a template."""
    range = place(path)
    if isinstance(value, Mapping):
        pairs = [(str(name), expression(one, place, (*path, name))) for name, one in value.items()]
        return ObjectOf(tuple((Literal(name, one.range), one) for name, one in pairs), range)
    if isinstance(value, list | tuple):
        items = (expression(one, place, (*path, at)) for at, one in enumerate(value))
        return ListOf(tuple(items), range)
    return Literal(value, range)


def attribute(name: str, value: Expression) -> Attribute:
    """An attribute that stands where its value stands."""
    return Attribute(name, value, value.range, value.range)


def block(type: str, name: str, attributes: Mapping[str, Value], place: Places) -> Block:
    """A block of plain values."""
    made = {
        key: attribute(key, expression(value, place, (key,))) for key, value in attributes.items()
    }
    return Block(type, (name,), Body(made), place(()))
