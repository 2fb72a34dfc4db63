"""Objects where blocks are meant: how YAML writes nested blocks."""

from typing import Final

from envdplan.ground.diagnostics import Diagnostics
from envdplan.language.syntax.document import (
    Attribute,
    Block,
    Body,
    Expression,
    ListOf,
    Literal,
    ObjectOf,
)

_DETAIL: Final = "Write {} as a block, or as an object with the names of its attributes."


def as_blocks(type: str, expression: Expression, diagnostics: Diagnostics) -> tuple[Block, ...]:
    """The blocks that an object, or a list of objects, stands for."""
    items = expression.items if isinstance(expression, ListOf) else (expression,)
    found: list[Block] = []
    for item in items:
        if isinstance(item, ObjectOf):
            found.append(Block(type, (), as_body(item, diagnostics), item.range))
        else:
            diagnostics.error("Wrong type", _DETAIL.format(type), item.range)
    return tuple(found)


def as_body(expression: ObjectOf, diagnostics: Diagnostics) -> Body:
    """The attributes of an object whose keys are plain names."""
    attributes: dict[str, Attribute] = {}
    for key, value in expression.items:
        if isinstance(key, Literal) and isinstance(key.value, str):
            place = key.range.to(value.range)
            attributes[key.value] = Attribute(key.value, value, key.range, place)
        else:
            detail = "The names of attributes must be written out here."
            diagnostics.error("Wrong type", detail, key.range)
    return Body(attributes)


def blocks_of(body: Body, type: str, diagnostics: Diagnostics) -> tuple[Block, ...]:
    """The blocks of one type in `body`, whichever way they are written."""
    attribute = body.attributes.get(type)
    written = () if attribute is None else as_blocks(type, attribute.expression, diagnostics)
    return (*body.of_type(type), *written)
