"""HCL's JSON syntax, as bake has it: objects are blocks and attributes, strings templates."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from envdplan.dialects.bake.jsontext import JsonReader, Node
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceFile, SourceRange
from envdplan.language.syntax.cursor import Cursor, SyntaxProblem
from envdplan.language.syntax.document import (
    Attribute,
    Block,
    Body,
    Document,
    Expression,
    ListOf,
    Literal,
    ObjectOf,
)
from envdplan.language.syntax.expressions import parse
from envdplan.language.syntax.places import Lines
from envdplan.language.syntax.template import whole

_LABELLED: Final = ("variable", "function", "group", "target")
"""Keys at the top that hold blocks; all other keys are attributes."""

_BARE: Final = {("variable", "type"), ("function", "params"), ("function", "variadic_params")}
"""Attributes whose strings are expressions, not templates."""


def decode(file: SourceFile) -> tuple[Document, Diagnostics]:
    """The document, as far as it can be read, and what is wrong with it."""
    diagnostics = Diagnostics()
    reader = JsonReader(file)
    try:
        node = reader.document()
    except SyntaxProblem as problem:
        place = reader.lines.place(problem.start, problem.end)
        diagnostics.error(problem.summary, problem.detail, place)
        return Document(file, Body()), diagnostics
    return Document(file, _Shaper(file, reader.lines, diagnostics).top(node)), diagnostics


@dataclass(slots=True)
class _Shaper:
    file: SourceFile
    lines: Lines
    diagnostics: Diagnostics

    def top(self, node: Node) -> Body:
        """The file: blocks under the names of their types, and attributes."""
        attributes: dict[str, Attribute] = {}
        blocks: list[Block] = []
        for name, key, value in self._members(node):
            if name in _LABELLED:
                blocks.extend(self._labelled(name, value))
            else:
                self._attribute("", name, key, value, attributes)
        return Body(attributes, tuple(blocks))

    def _labelled(self, type: str, node: Node) -> Iterator[Block]:
        for part in _each(node):
            for label, key, value in self._members(part):
                for body in _each(value):
                    if not body.is_null:
                        yield Block(type, (label,), self._body(type, body), key.range)

    def _body(self, type: str, node: Node) -> Body:
        attributes: dict[str, Attribute] = {}
        blocks: list[Block] = []
        for name, key, value in self._members(node):
            if (type, name) == ("variable", "validation"):
                bodies = [self._body(name, part) for part in _each(value)]
                blocks.extend(Block(name, (), body, key.range) for body in bodies)
            else:
                self._attribute(type, name, key, value, attributes)
        return Body(attributes, tuple(blocks))

    def _members(self, node: Node) -> Iterator[tuple[str, Node, Node]]:
        if node.pairs is None:
            detail = "Expected an object with the names of blocks and attributes."
            self.diagnostics.error("Wrong type", detail, node.range)
        yield from node.members()

    def _attribute(
        self, type: str, name: str, key: Node, value: Node, attributes: dict[str, Attribute]
    ) -> None:
        if name in attributes:
            detail = f'"{name}" is set already, at {attributes[name].name_range}.'
            self.diagnostics.error("Attribute set twice", detail, key.range)
            return
        expression = self._expression(value, bare=(type, name) in _BARE)
        place = key.range.to(value.range)
        attributes[name] = Attribute(name, expression, key.range, place)

    def _expression(self, node: Node, *, bare: bool = False) -> Expression:
        if node.pairs is not None:
            return ObjectOf(tuple(self._pairs(node)), node.range)
        if node.items is not None:
            return ListOf(tuple(self._expression(i, bare=bare) for i in node.items), node.range)
        if not isinstance(node.value, str):
            return Literal(node.value, node.range)
        return self._template(node, node.value, bare=bare)

    def _pairs(self, node: Node) -> Iterator[tuple[Expression, Expression]]:
        first: dict[str, Node] = {}
        for name, key, value in node.members():
            if first.setdefault(name, key) is not key:
                detail = f'"{name}" is in this object already, at {first[name].range}.'
                self.diagnostics.error("Key set twice", detail, key.range)
            yield self._expression(key), self._expression(value)

    def _template(self, node: Node, text: str, *, bare: bool) -> Expression:
        if not bare and "{" not in text:
            return Literal(text, node.range)
        cursor = Cursor(text, lambda start, end: self._inside(node, text, start, end))
        try:
            return parse(cursor) if bare else whole(cursor)
        except SyntaxProblem as problem:
            place = cursor.place(problem.start, problem.end)
            self.diagnostics.error(problem.summary, problem.detail, place)
            return Literal("", node.range)

    def _inside(self, node: Node, text: str, start: int, end: int) -> SourceRange:
        """A place in a string; the whole string where escapes move its characters."""
        if not self.file.text.startswith(text, node.offset):
            return node.range
        return self.lines.place(node.offset + start, node.offset + end)


def _each(node: Node) -> tuple[Node, ...]:
    """The elements of an array; any other value alone."""
    return (node,) if node.items is None else node.items
