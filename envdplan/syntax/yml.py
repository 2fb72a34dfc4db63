"""YAML that means the same as HCL: top-level keys are block types, strings are templates.

PyYAML composes the nodes; their meaning is YAML 1.2's core schema without surprises: only true and
false are bools, only null, ~ and nothing are null, numbers are decimal, all else is a string.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from envdplan.diagnostics import Diagnostics
from envdplan.source import Position, SourceFile, SourceRange
from envdplan.syntax.cursor import Cursor, SyntaxProblem
from envdplan.syntax.document import (
    Attribute,
    Block,
    Body,
    Document,
    Expression,
    ListOf,
    Literal,
    ObjectOf,
)
from envdplan.syntax.expressions import parse
from envdplan.syntax.places import Place
from envdplan.syntax.template import whole

if TYPE_CHECKING:
    from yaml.nodes import Node

LABELS: Final[Mapping[str, int]] = {
    "variable": 1,
    "builder": 1,
    "context": 1,
    "build": 1,
    "output": 1,
    "template": 1,
    "group": 1,
    "function": 1,
    "check": 1,
    "module": 1,
    "data": 2,
}
"""Top-level keys under which the keys of one or more levels are labels."""

_UNLABELLED: Final = frozenset({"envdplan", "locals", "moved", "removed", "import"})
_REFERENCES: Final = frozenset(
    {"depends_on", "ignore_changes", "replace_triggered_by", "inherits", "members"}
)
"""Attributes whose strings are references, not text."""

_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_DECIMAL: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]{1,4})?")
_MOST_NODES: Final = 100_000
_DEEPEST: Final = 100
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})


def decode(file: SourceFile) -> tuple[Document, Diagnostics]:
    """The document, as far as it can be read, and what is wrong with it."""
    reader = _Reader(file)
    root = reader.compose()
    if root is None:
        return Document(file, Body()), reader.diagnostics
    try:
        body = reader.document(root)
    except _TooMuch:
        body = Body()
    return Document(file, body), reader.diagnostics


class _TooMuch(Exception):
    """More nodes, or deeper ones, than anybody writes; already told."""


@dataclass(slots=True)
class _Reader:
    file: SourceFile
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    _nodes: int = 0
    _depth: int = 0

    # -- YAML itself

    def compose(self) -> "Node | None":
        """The root node; None when the file is empty or is no YAML."""
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        text = self.file.text.removeprefix("\ufeff")
        try:
            roots = list(yaml.compose_all(text, Loader=loader))
        except yaml.MarkedYAMLError as error:
            self._complain(error.problem, error.problem_mark or error.context_mark)
            return None
        except (yaml.YAMLError, ValueError) as error:
            self._complain(str(error), None)
            return None
        except RecursionError:
            self._complain("it is nested too deeply", None)
            return None
        if len(roots) > 1:
            self.error("Several documents", "A file holds one YAML document.", self.place(roots[1]))
        return roots[0] if roots else None

    def _complain(self, problem: object, mark: object) -> None:
        line, column = getattr(mark, "line", 0) + 1, getattr(mark, "column", 0) + 1
        start = Position(line, column)
        place = SourceRange(self.file, start, Position(line, column + 1))
        detail = f"This is no YAML: {' '.join(str(problem).split())}."
        self.error("Invalid YAML", detail, place)

    def place(self, node: "Node") -> SourceRange:
        """Where a node stands; collections by their first line."""
        start, end = node.start_mark, node.end_mark
        first = Position(start.line + 1, start.column + 1)
        if end.line != start.line:
            length = len(self.file.line(start.line + 1))
            return SourceRange(self.file, first, Position(start.line + 1, max(length + 1, 1)))
        return SourceRange(self.file, first, Position(end.line + 1, end.column + 1))

    def error(self, summary: str, detail: str, place: SourceRange) -> None:
        """Tell a mistake."""
        self.diagnostics.error(summary, detail, place)

    # -- blocks

    def document(self, root: "Node") -> Body:
        """Top-level keys as blocks."""
        blocks: list[Block] = []
        for name, key, value in self._pairs(root, "A configuration"):
            labels = LABELS.get(name)
            if labels is not None:
                blocks.extend(self._labelled(name, (), labels, key, value))
            elif name in _UNLABELLED and _is_list(value):
                items = _children(value)
                blocks.extend(Block(name, (), self._body(name, i), self.place(i)) for i in items)
            elif name in _UNLABELLED or _is_map(value):
                blocks.append(Block(name, (), self._body(name, value), self.place(key)))
            else:
                return self._plain(root)
        return Body({}, tuple(blocks))

    def _plain(self, root: "Node") -> Body:
        """A file of values, such as envdplan.vars.yaml: attributes only."""
        return self._body("", root)

    def _labelled(
        self, type: str, labels: tuple[str, ...], left: int, key: "Node", value: "Node"
    ) -> Iterator[Block]:
        if left == 0:
            yield Block(type, labels, self._body(type, value), self.place(key))
            return
        for name, inner_key, inner in self._pairs(value, f"{type}"):
            yield from self._labelled(type, (*labels, name), left - 1, inner_key, inner)

    def _body(self, type: str, node: "Node") -> Body:
        attributes: dict[str, Attribute] = {}
        for name, key, value in self._pairs(node, type or "A file of values"):
            expression = self._attribute(type, name, value)
            if expression is not None:
                name_range = self.place(key)
                place = name_range.to(self.place(value))
                attributes[name] = Attribute(name, expression, name_range, place)
        return Body(attributes)

    def _attribute(self, type: str, name: str, value: "Node") -> Expression | None:
        is_type = type == "variable" and name == "type"
        is_reference = name in _REFERENCES or (
            type in ("moved", "removed", "import") and name in ("from", "to")
        )
        return self._expression(value, bare=is_type or is_reference)

    # -- values

    def _expression(self, node: "Node", *, bare: bool = False) -> Expression | None:
        """The value of a node; with `bare` its strings are expressions, as HCL would have them."""
        self._count(node)
        self._depth += 1
        if self._depth > _DEEPEST:
            self._stop("Nested too deeply", f"YAML may be nested {_DEEPEST} levels deep.", node)
        try:
            if _is_map(node):
                return self._object(node)
            if _is_list(node):
                items = [self._expression(item, bare=bare) for item in _children(node)]
                return ListOf(tuple(i for i in items if i is not None), self.place(node))
            return self._scalar(node, bare=bare)
        finally:
            self._depth -= 1

    def _object(self, node: "Node") -> ObjectOf:
        items: list[tuple[Expression, Expression]] = []
        for name, key, value in self._pairs(node, "An object"):
            made = self._made_key(name, key)
            expression = self._expression(value, bare=name in _REFERENCES)
            if made is not None and expression is not None:
                items.append((made, expression))
        return ObjectOf(tuple(items), self.place(node))

    def _made_key(self, name: str, key: "Node") -> Expression | None:
        """The key of an object is a string, and so a template; names of attributes never are."""
        if "${" not in name and "%{" not in name:
            return Literal(name, self.place(key))
        return self._text(key, name, bare=False)

    def _scalar(self, node: "Node", *, bare: bool) -> Expression | None:
        text, place = str(node.value), self.place(node)
        if _is_plain(node) and node.tag.endswith(
            (":str", ":int", ":float", ":bool", ":null", ":timestamp")
        ):
            value = text if self._says_string(node) else _plain_value(text)
            if not isinstance(value, str):
                return Literal(value, place)
        return self._text(node, text, bare=bare)

    def _text(self, node: "Node", text: str, *, bare: bool) -> Expression | None:
        """A string as a template, or (`bare`) as an expression."""
        cursor = Cursor(text, self._places(node))
        try:
            if not bare:
                return whole(cursor)
            cursor.lines_open = 1
            found = parse(cursor)
            cursor.skip()
            if not cursor.at_end:
                cursor.fail("Unexpected text", f"An expression ends before {cursor.shown()}.")
        except SyntaxProblem as problem:
            where = cursor.place(problem.start, problem.end)
            self.error(problem.summary, problem.detail, where)
            return None
        return found

    def data(self, node: "Node") -> object:
        """A node as Python's data; strings as they are."""
        self._count(node)
        if _is_map(node):
            return {n: self.data(v) for n, _, v in self._pairs(node, "A mapping")}
        if _is_list(node):
            return [self.data(item) for item in _children(node)]
        plain = _is_plain(node) and not self._says_string(node)
        return _plain_value(str(node.value)) if plain else str(node.value)

    def _says_string(self, node: "Node") -> bool:
        """Whether it is written `!!str 1`; the tag alone also comes of guesses."""
        start = node.start_mark
        said = self.file.line(start.line + 1)[start.column :].startswith("!")
        return said and str(node.tag).endswith(":str")

    def _places(self, node: "Node") -> Place:
        """Places inside of a string, where its text stands in the file as it is."""
        whole_place = self.place(node)
        start = node.start_mark
        style = getattr(node, "style", None)
        text = str(node.value)
        indent = 1 if style in ("'", '"') else 0
        column = start.column + indent
        line = self.file.line(start.line + 1)
        if "\n" not in text and line[column : column + len(text)] == text:
            return lambda a, b: SourceRange(
                self.file,
                Position(start.line + 1, column + a + 1),
                Position(start.line + 1, column + b + 1),
            )
        if style == "|":
            return _block_places(self.file, start.line + 1, text, whole_place)
        return lambda *_: whole_place

    # -- mappings

    def _pairs(self, node: "Node", what: str) -> Iterator[tuple[str, "Node", "Node"]]:
        """Keys and values; merge keys (<<) are spread, and twice the same key is a mistake."""
        if not _is_map(node):
            if not _is_empty(node):
                self.error("Wrong type", f"{what} must be a mapping here.", self.place(node))
            return
        seen: dict[str, Node] = {}
        merged: dict[str, tuple[Node, Node]] = {}
        for key, value in node.value:
            self._count(key)
            if getattr(key, "value", None) == "<<" and _is_plain(key):
                self._merge(value, merged)
                continue
            name = self._key(key)
            if name is None:
                continue
            if name in seen:
                first = self.place(seen[name])
                self.error("Key twice", f'"{name}" is there already, at {first}.', self.place(key))
                continue
            seen[name] = key
            merged.pop(name, None)
            yield name, key, value
        for name, (key, value) in merged.items():
            if name not in seen:
                yield name, key, value

    def _merge(self, value: "Node", merged: dict[str, tuple["Node", "Node"]]) -> None:
        sources = _children(value) if _is_list(value) else [value]
        for source in sources:
            for name, key, inner in self._pairs(source, "What is merged"):
                merged.setdefault(name, (key, inner))

    def _key(self, key: "Node") -> str | None:
        if hasattr(key, "style") and isinstance(key.value, str):
            return key.value
        self.error("Invalid key", "The keys of a mapping are plain strings.", self.place(key))
        return None

    def _count(self, node: "Node") -> None:
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            self._stop(
                "Too large",
                f"With its aliases this file has more than {_MOST_NODES} values.",
                node,
            )

    def _stop(self, summary: str, detail: str, node: "Node") -> None:
        self.error(summary, detail, self.place(node))
        raise _TooMuch


def plain_values(text: str) -> object:
    """The data of a YAML text, without templates. Raises ValueError."""
    reader = _Reader(SourceFile("", text))
    root = reader.compose()
    try:
        found = None if root is None else reader.data(root)
    except _TooMuch:
        found = None
    for problem in reader.diagnostics:
        raise ValueError(problem.detail)
    return found


def _plain_value(text: str) -> object:
    if text in _NULLS:
        return None
    if text in ("true", "false"):
        return text == "true"
    if _INTEGER.fullmatch(text) and len(text) < _MOST_NODES:
        return int(text)
    if _DECIMAL.fullmatch(text):
        number = Decimal(text)
        return int(number) if number == number.to_integral_value() else number
    return text


def _block_places(file: SourceFile, line: int, text: str, fallback: SourceRange) -> Place:
    """A literal block: each line of the text is a line of the file, indented."""
    indents: list[int] = []
    for offset, own in enumerate(text.split("\n")):
        there = file.line(line + 1 + offset)
        if own and not there.endswith(own):
            return lambda *_: fallback
        indents.append(len(there) - len(own))

    def position(at: int) -> Position:
        before = text[:at]
        row = before.count("\n")
        column = at - (before.rfind("\n") + 1)
        return Position(line + 1 + row, indents[min(row, len(indents) - 1)] + column + 1)

    return lambda a, b: SourceRange(file, position(a), position(b))


def _is_map(node: "Node") -> bool:
    return type(node).__name__ == "MappingNode"


def _is_list(node: "Node") -> bool:
    return type(node).__name__ == "SequenceNode"


def _children(node: "Node") -> "list[Node]":
    return list(node.value)


def _is_empty(node: "Node") -> bool:
    return _is_plain(node) and node.value in _NULLS


def _is_plain(node: "Node") -> bool:
    """Whether it is a scalar without quotes; the two loaders of PyYAML say so differently."""
    return type(node).__name__ == "ScalarNode" and not getattr(node, "style", None)
