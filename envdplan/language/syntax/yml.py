"""YAML that means the same as HCL: top-level keys are block types, strings are templates.

PyYAML composes the nodes; their meaning is YAML 1.2's core schema without surprises: only true and
false are bools, only null, ~ and nothing are null, numbers are decimal, all else is a string.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Final, NoReturn

from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceFile, SourceRange
from envdplan.language.syntax.cursor import Cursor, SyntaxProblem
from envdplan.language.syntax.digits import NumberError, exact, sentence
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
from envdplan.language.syntax.expressions import parse_whole
from envdplan.language.syntax.places import Lines, Place
from envdplan.language.syntax.scalars import Origins, content_start, origins
from envdplan.language.syntax.template import whole
from envdplan.language.syntax.yamlhints import hint

if TYPE_CHECKING:
    from yaml.error import Mark
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

_DECIMAL: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?")
_TRAILING_ZERO: Final = re.compile(r"[-+]?[0-9]+\.[0-9]*0")
_MOST_NODES: Final = 100_000
_DEEPEST: Final = 100
_NULLS: Final = frozenset({"", "~", "null", "Null", "NULL"})


def decode(file: SourceFile) -> tuple[Document, Diagnostics]:
    """The document, as far as it can be read, and what is wrong with it."""
    reader = Reader(file)
    root = reader.compose()
    if root is None:
        return Document(file, Body()), reader.diagnostics
    try:
        body = reader.document(root)
    except TooMuch:
        body = Body()
    return Document(file, body), reader.diagnostics


class TooMuch(Exception):
    """More nodes, or deeper ones, than anybody writes; already told."""


@dataclass(slots=True)
class Reader:
    """Reads nodes one at a time and keeps what is wrong with them."""

    file: SourceFile
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    lines: Lines = field(init=False)
    _shift: int = 0
    """PyYAML counts without a byte order mark."""
    _nodes: int = 0
    _depth: int = 0

    def __post_init__(self) -> None:
        self.lines = Lines(self.file)
        self._shift = 1 if self.file.text.startswith("\ufeff") else 0

    # -- YAML itself

    def compose(self) -> "Node | None":
        """The root node; None when the file is empty or is no YAML."""
        roots = self.documents()
        if len(roots) > 1:
            self.error(
                "More than one YAML document",
                "A file holds one YAML document.",
                self.place(roots[1]),
            )
        return roots[0] if roots else None

    def documents(self) -> "list[Node]":
        """The root nodes of all documents in the file; none when it is no YAML."""
        import yaml

        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        text = self.file.text.removeprefix("\ufeff")
        try:
            return list(yaml.compose_all(text, Loader=loader))
        except yaml.MarkedYAMLError as error:
            self._complain(error.problem, error.problem_mark, error.context_mark)
        except (yaml.YAMLError, ValueError) as error:
            self._complain(str(error))
        except RecursionError:
            self._complain("it is nested too deeply")
        return []

    def _complain(self, problem: object, *marks: "Mark | None") -> None:
        """Tell what PyYAML said, at the first mark that stands on a line with text."""
        offsets = [one.index + self._shift for one in marks if one is not None] or [0]
        places = [self.lines.first_line(at, at + 1) for at in offsets]
        full = (one for one in places if self.file.line(one.start.line).strip())
        place = next(full, places[0])
        said = " ".join(str(problem).split())
        words = hint(said, self.file.line(place.start.line))
        self.error("Invalid YAML", f"This is not YAML: {said}.{words}", place)

    def place(self, node: "Node") -> SourceRange:
        """Where a node stands; what has several lines by its first one."""
        start, end = node.start_mark.index + self._shift, node.end_mark.index + self._shift
        return self.lines.first_line(start, end)

    def error(self, summary: str, detail: str, place: SourceRange) -> None:
        """Tell a mistake."""
        self.diagnostics.error(summary, detail, place)

    # -- blocks

    def document(self, root: "Node") -> Body:
        """Top-level keys as blocks."""
        blocks: list[Block] = []
        for name, key, value in self.pairs(root, "A configuration"):
            labels = LABELS.get(name)
            if labels is not None:
                blocks.extend(self._labelled(name, (), labels, key, value))
            elif name in _UNLABELLED and is_list(value):
                items = children(value)
                blocks.extend(Block(name, (), self._body(name, i), self.place(i)) for i in items)
            elif name in _UNLABELLED or is_map(value):
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
        for name, inner_key, inner in self.pairs(value, f"{type}"):
            yield from self._labelled(type, (*labels, name), left - 1, inner_key, inner)

    def _body(self, type: str, node: "Node") -> Body:
        attributes: dict[str, Attribute] = {}
        for name, key, value in self.pairs(node, type or "A file of values"):
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
        self.count(node)
        self._deeper(node)
        try:
            if is_map(node):
                return self._object(node)
            if is_list(node):
                items = [self._expression(item, bare=bare) for item in children(node)]
                return ListOf(tuple(i for i in items if i is not None), self.place(node))
            return self._scalar(node, bare=bare)
        finally:
            self._depth -= 1

    def _object(self, node: "Node") -> ObjectOf:
        items: list[tuple[Expression, Expression]] = []
        for name, key, value in self.pairs(node, "An object"):
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
        if is_plain(node) and node.tag.endswith(
            (":str", ":int", ":float", ":bool", ":null", ":timestamp")
        ):
            value = text if self._says_string(node) else self._plain_value(text, place)
            if not isinstance(value, str):
                self._hint_at_text(text, value, place)
                return Literal(value, place)
        return self._text(node, text, bare=bare)

    def _plain_value(self, text: str, place: SourceRange) -> object:
        try:
            return _plain_value(text)
        except NumberError as error:
            self.error("Invalid number", sentence(error), place)
            return 0

    def _hint_at_text(self, text: str, value: object, place: SourceRange) -> None:
        """A version such as 3.10 is a number to YAML, and loses its zero as an argument."""
        if isinstance(value, int | Decimal) and _TRAILING_ZERO.fullmatch(text):
            shown = f"{Decimal(value).normalize():f}"
            detail = f'{text} is the number {shown}. Quote it if it is text: "{text}".'
            self.diagnostics.warn("Number loses its zeros", detail, place)

    def _text(self, node: "Node", text: str, *, bare: bool) -> Expression | None:
        """A string as a template, or (`bare`) as an expression."""
        cursor = Cursor(text, self.places(node))
        try:
            if not bare:
                return whole(cursor)
            cursor.lines_open = 1
            found = parse_whole(cursor)
            cursor.skip()
            if not cursor.at_end:
                cursor.fail(
                    "Unexpected text",
                    f"Expected the end of the expression, found {cursor.shown()}.",
                )
        except SyntaxProblem as problem:
            where = cursor.place(problem.start, problem.end)
            self.error(problem.summary, problem.detail, where)
            return None
        return found

    def data(self, node: "Node") -> object:
        """A node as Python's data; strings as they are."""
        self.count(node)
        if is_map(node):
            return {n: self.data(v) for n, _, v in self.pairs(node, "A mapping")}
        if is_list(node):
            return [self.data(item) for item in children(node)]
        plain = is_plain(node) and not self._says_string(node)
        return _plain_value(str(node.value)) if plain else str(node.value)

    def _says_string(self, node: "Node") -> bool:
        """Whether it is written `!!str 1`; the tag alone also comes of guesses."""
        start = node.start_mark.index + self._shift
        return str(node.tag).endswith(":str") and self.file.text[start : start + 1] == "!"

    def places(self, node: "Node") -> Place:
        """Places inside of a string, wherever its characters come from."""
        file, value = self.file.text, str(node.value)
        start = content_start(file, node.start_mark.index + self._shift)
        end = node.end_mark.index + self._shift
        style = getattr(node, "style", None) or ""
        inside = start + 1 if style in ("'", '"') else start
        if style not in ("|", ">") and "\n" not in value and file.startswith(value, inside):
            return lambda a, b: self.lines.place(inside + a, inside + b)
        return self._mapped(file, start, end, style, value)

    def _mapped(self, file: str, start: int, end: int, style: str, value: str) -> Place:
        found: list[Origins | None] = []  # only a template or a mistake asks for more than one

        def place(first: int, last: int) -> SourceRange:
            if not found:
                found.append(origins(file, start, end, style, value))
            span = found[0].span(first, last) if found[0] is not None else None
            return self.lines.place(*span) if span else self.lines.first_line(start, end)

        return place

    # -- mappings

    def pairs(self, node: "Node", what: str) -> Iterator[tuple[str, "Node", "Node"]]:
        """Keys and values; merge keys (<<) are spread, and twice the same key is a mistake."""
        if not is_map(node):
            if not _is_empty(node):
                detail = f"{what} must be a mapping here, written NAME: VALUE."
                self.error("Wrong type", detail, self.place(node))
            return
        seen: dict[str, Node] = {}
        merged: dict[str, tuple[Node, Node]] = {}
        for key, value in node.value:
            self.count(key)
            if getattr(key, "value", None) == "<<" and is_plain(key):
                self._merge(value, merged)
                continue
            name = self._key(key)
            if name is None:
                continue
            if name in seen:
                first = self.place(seen[name])
                self.error(
                    "Key set twice", f'"{name}" is there already, at {first}.', self.place(key)
                )
                continue
            seen[name] = key
            merged.pop(name, None)
            yield name, key, value
        for name, (key, value) in merged.items():
            if name not in seen:
                yield name, key, value

    def _merge(self, value: "Node", merged: dict[str, tuple["Node", "Node"]]) -> None:
        self._deeper(value)
        sources = children(value) if is_list(value) else [value]
        for source in sources:
            for name, key, inner in self.pairs(source, "What is merged"):
                merged.setdefault(name, (key, inner))
        self._depth -= 1

    def _key(self, key: "Node") -> str | None:
        if hasattr(key, "style") and isinstance(key.value, str):
            return key.value
        self.error("Invalid key", "The keys of a mapping are plain strings.", self.place(key))
        return None

    def _deeper(self, node: "Node") -> None:
        self._depth += 1
        if self._depth > _DEEPEST:
            detail = (
                f"YAML may be nested {_DEEPEST} levels deep; does an anchor hold its own alias?"
            )
            self.stop("Nested too deeply", detail, node)

    def count(self, node: "Node") -> None:
        """Count one more value, for aliases can make many out of few. Raises TooMuch."""
        self._nodes += 1
        if self._nodes > _MOST_NODES:
            self.stop(
                "Too large",
                f"With its aliases this file has more than {_MOST_NODES} values.",
                node,
            )

    def stop(self, summary: str, detail: str, node: "Node") -> NoReturn:
        """Tell a mistake behind which nothing can be read. Raises TooMuch."""
        self.error(summary, detail, self.place(node))
        raise TooMuch


def plain_values(text: str) -> object:
    """The data of a YAML text, without templates. Raises ValueError."""
    reader = Reader(SourceFile("", text))
    root = reader.compose()
    try:
        found = None if root is None else reader.data(root)
    except TooMuch:
        found = None
    for problem in reader.diagnostics:
        raise ValueError(problem.detail)
    return found


def _plain_value(text: str) -> object:
    """What a scalar without quotes means. Raises NumberError."""
    if text in _NULLS:
        return None
    if text in ("true", "false"):
        return text == "true"
    return exact(text) if _DECIMAL.fullmatch(text) else text


def is_map(node: "Node") -> bool:
    """Whether it is a mapping."""
    return type(node).__name__ == "MappingNode"


def is_list(node: "Node") -> bool:
    """Whether it is a sequence."""
    return type(node).__name__ == "SequenceNode"


def children(node: "Node") -> "list[Node]":
    """The items of a sequence."""
    return list(node.value)


def _is_empty(node: "Node") -> bool:
    return is_plain(node) and node.value in _NULLS


def is_plain(node: "Node") -> bool:
    """Whether it is a scalar without quotes; the two loaders of PyYAML say so differently."""
    return type(node).__name__ == "ScalarNode" and not getattr(node, "style", None)
