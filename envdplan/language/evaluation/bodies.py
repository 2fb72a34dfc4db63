"""Evaluates a block's body to the attributes of its schema, keeping where each one stands."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from envdplan.ground.attributes import JsonSchema
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceRange
from envdplan.ground.values import UNKNOWN, AttributePath, Value
from envdplan.language.evaluation.expressions import EvaluationError
from envdplan.language.syntax.document import (
    Attribute,
    Block,
    Body,
    Expression,
    ListOf,
    Literal,
    ObjectOf,
)
from envdplan.language.types.coercion import coerce

_EMPTY: Final[JsonSchema] = {}


@dataclass(slots=True)
class BodyReader:
    """Reads one body; problems are collected, and what failed is UNKNOWN."""

    value: Callable[[Expression], Value]
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    places: dict[AttributePath, SourceRange] = field(default_factory=dict)

    def read(
        self,
        body: Body,
        schema: JsonSchema,
        path: AttributePath = (),
        skip: frozenset[str] = frozenset(),
    ) -> dict[str, Value]:
        """The attributes and nested blocks of `body`, without the names in `skip`."""
        properties = schema.get("properties", _EMPTY)
        other = schema.get("additionalProperties")
        rest = other if isinstance(other, Mapping) else _EMPTY
        found: dict[str, Value] = {}
        for name, attribute in body.attributes.items():
            if other is False and name not in properties and name not in skip:
                found[name] = UNKNOWN  # whatever it may be: the check of the schema refuses it
                self.places[*path, name] = attribute.name_range
            elif name not in skip:
                found[name] = self._attribute(attribute, properties.get(name, rest), (*path, name))
        for block in body.blocks:
            if block.type not in skip:
                self._block(found, block, properties.get(block.type, rest), path)
        return found

    def _attribute(self, attribute: Attribute, schema: JsonSchema, path: AttributePath) -> Value:
        self.places[path] = attribute.range
        expression = attribute.expression
        if type(expression) is not Literal:
            self._note_parts(expression, path)
        try:
            value = self.value(expression)
        except EvaluationError as error:
            self.diagnostics.extend([error.diagnostic])
            return UNKNOWN
        return coerce(value, schema, attribute.range.file.directory)

    def _note_parts(self, expression: Expression, path: AttributePath) -> None:
        for step, part in _literal_parts(expression):
            self.places[(*path, step)] = part.range
            self._note_parts(part, (*path, step))

    def _block(
        self, found: dict[str, Value], block: Block, schema: JsonSchema, path: AttributePath
    ) -> None:
        if schema.get("type") == "array":
            self._item(found, block, schema, path)
        elif schema.get("x-labels") or (block.labels and "properties" not in schema):
            self._labelled(found, block, schema, path)
        else:
            self._single(found, block, schema, path)

    def _item(
        self, found: dict[str, Value], block: Block, schema: JsonSchema, path: AttributePath
    ) -> None:
        before = found.get(block.type, ())
        if not isinstance(before, tuple) or not self._without_labels(block):
            self._twice(block, "is set as an attribute and as a block; use one of the two")
            return
        inner = (*path, block.type, len(before))
        self.places[inner] = block.range
        item = self.read(block.body, schema.get("items", _EMPTY), inner)
        found[block.type] = (*before, item)

    def _labelled(
        self, found: dict[str, Value], block: Block, schema: JsonSchema, path: AttributePath
    ) -> None:
        if len(block.labels) != 1:
            self.diagnostics.error(
                "Wrong number of labels",
                f'A {block.type} block here needs one label: {block.type} "NAME" {{ ... }}.',
                block.range,
            )
            return
        label = block.labels[0]
        inner = (*path, block.type, label)
        before = found.get(block.type, {})
        if not isinstance(before, dict) or label in before:
            self._twice(block, f'"{label}" is set already; each label may be used once')
            return
        self.places[inner] = block.range
        other = schema.get("additionalProperties")
        item = self.read(block.body, other if isinstance(other, Mapping) else _EMPTY, inner)
        found[block.type] = {**before, label: item}

    def _single(
        self, found: dict[str, Value], block: Block, schema: JsonSchema, path: AttributePath
    ) -> None:
        inner = (*path, block.type)
        if not self._without_labels(block):
            return
        if block.type in found:
            first = self.places.get(inner)
            self._twice(block, f"is set already, at {first}; it may be there once")
            return
        self.places[inner] = block.range
        found[block.type] = self.read(block.body, schema, inner)

    def _without_labels(self, block: Block) -> bool:
        if block.labels:
            self.diagnostics.error(
                "Wrong number of labels",
                f"A {block.type} block takes no label here.",
                block.range,
            )
        return not block.labels

    def _twice(self, block: Block, what: str) -> None:
        self.diagnostics.error("Set twice", f"{block.type} {what}.", block.range)


def _literal_parts(expression: Expression) -> Iterator[tuple[str | int, Expression]]:
    if isinstance(expression, ListOf):
        yield from enumerate(expression.items)
    elif isinstance(expression, ObjectOf):
        for key, value in expression.items:
            if isinstance(key, Literal) and isinstance(key.value, str):
                yield key.value, value
