"""HCL's native syntax: bodies of attributes and blocks (hcl/hclsyntax/spec.md, "Structure").

After a mistake it goes on at the next line that is not indented more, so that all mistakes of a
file are told at once.
"""

from dataclasses import dataclass, field
from typing import Final

from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceFile
from envdplan.language.syntax.cursor import TOO_DEEP, Cursor, SyntaxProblem
from envdplan.language.syntax.document import Attribute, Block, Body, Document, Expression, Literal
from envdplan.language.syntax.expressions import parse_whole
from envdplan.language.syntax.places import Lines
from envdplan.language.syntax.template import UNCLOSED_HEREDOC, quoted, whole

_MOST_PROBLEMS: Final = 20
_HOPELESS: Final = frozenset({TOO_DEEP, UNCLOSED_HEREDOC})
"""Behind these nothing can be read for what it is meant to be."""


def decode(file: SourceFile) -> tuple[Document, Diagnostics]:
    """The document, as far as it can be read, and what is wrong with it."""
    parser = _Parser(file, Lines(file))
    start = 1 if file.text.startswith("\ufeff") else 0
    parser.cursor.position = start
    body = parser.body(None)
    return Document(file, body), parser.diagnostics


def parse_expression(text: str, file: SourceFile) -> tuple[Expression | None, Diagnostics]:
    """One expression that stands alone, such as the value of a flag; `file` names its origin."""
    diagnostics = Diagnostics()
    cursor = Cursor(text, Lines(SourceFile(file.name, text, file.directory)).place)
    cursor.lines_open = 1
    try:
        found = parse_whole(cursor)
        cursor.skip()
        if not cursor.at_end:
            detail = f"Expected the end of the expression, found {cursor.shown()}."
            cursor.fail("Unexpected text", detail)
    except SyntaxProblem as problem:
        place = cursor.place(problem.start, problem.end)
        diagnostics.error(problem.summary, problem.detail, place)
        return None, diagnostics
    return found, diagnostics


def parse_template(file: SourceFile) -> tuple[Expression | None, Diagnostics]:
    """The text of a whole file as a template."""
    diagnostics = Diagnostics()
    cursor = Cursor(file.text, Lines(file).place)
    try:
        return whole(cursor), diagnostics
    except SyntaxProblem as problem:
        place = cursor.place(problem.start, problem.end)
        diagnostics.error(problem.summary, problem.detail, place)
        return None, diagnostics


@dataclass(slots=True)
class _Parser:
    file: SourceFile
    lines: Lines
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    cursor: Cursor = field(init=False)
    given_up: bool = False
    """What is left was not read, so nothing can be said of it."""

    def __post_init__(self) -> None:
        self.cursor = Cursor(self.file.text, self.lines.place)

    def body(self, opening: int | None) -> Body:
        """Up to the closing brace, or to the end of the file for `opening` None."""
        cursor = self.cursor
        attributes: dict[str, Attribute] = {}
        blocks: list[Block] = []
        while True:
            cursor.skip_lines()
            if cursor.at_end:
                if opening is not None:
                    self._unclosed(opening)
                break
            if opening is not None and cursor.take("}"):
                break
            start = cursor.position
            depth = cursor.depth
            try:
                self._item(attributes, blocks, one_line=False)
            except SyntaxProblem as problem:
                if not self._note(problem) or problem.summary in _HOPELESS:
                    self.given_up = True
                    cursor.position = cursor.end
                    break
                cursor.depth, cursor.lines_open = depth, 0
                self._recover(start, problem.start)
        return Body(attributes, tuple(blocks))

    def _unclosed(self, opening: int) -> None:
        if not self.given_up:
            self.diagnostics.error(
                "Unclosed block",
                'The block that begins here has no closing brace "}".',
                self.lines.place(opening, opening + 1),
            )

    def _note(self, problem: SyntaxProblem) -> bool:
        """Whether it is worth while to go on."""
        place = self.lines.place(problem.start, problem.end)
        self.diagnostics.error(problem.summary, problem.detail, place)
        return len(self.diagnostics) < _MOST_PROBLEMS

    def _recover(self, start: int, after: int) -> None:
        """Go on at the next line that is indented no more than the one that went wrong."""
        cursor, lines = self.cursor, self.lines
        text = cursor.text
        column = lines.column(start)
        at = lines.next_line(max(start, min(after, cursor.end)))
        own_line = after - lines.column(after)
        if own_line > start and not text[own_line:after].strip():
            at = own_line  # nothing of the broken item stands on this line
        while at < cursor.end:
            line = text[at : lines.next_line(at)]
            bare = line.lstrip(" \t")
            indent = len(line) - len(bare)
            if bare.strip() and indent <= column:
                closes = indent == column and bare[0] in "}])"
                at += 0 if not closes else len(line)
                break
            at += max(len(line), 1)
        cursor.position = min(at, cursor.end)

    def _item(
        self, attributes: dict[str, Attribute], blocks: list[Block], *, one_line: bool
    ) -> None:
        cursor = self.cursor
        start = cursor.position
        name = cursor.name()
        if name is None:
            detail = f"Expected the name of an attribute or block, found {cursor.shown()}."
            cursor.fail("Unexpected text", detail)
        after = cursor.position
        cursor.skip()
        if cursor.at("=") and not cursor.at("=="):
            self._attribute(attributes, name, start, after)
        elif one_line:
            detail = "A block on one line holds one attribute; use several lines for more."
            cursor.fail("Unexpected text", detail)
        else:
            blocks.append(self._block(name, start))
        self._end_of_item(one_line=one_line)

    def _attribute(
        self, attributes: dict[str, Attribute], name: str, start: int, after: int
    ) -> None:
        cursor = self.cursor
        cursor.position += 1
        expression = parse_whole(cursor)
        name_range = self.lines.place(start, after)
        first = attributes.get(name)
        if first is not None:
            self.diagnostics.error(
                "Attribute set twice",
                f'"{name}" is set already, at {first.name_range}. Remove one of the two.',
                name_range,
            )
            return
        attributes[name] = Attribute(name, expression, name_range, cursor.range(start))

    def _block(self, type: str, start: int) -> Block:
        cursor = self.cursor
        labels: list[str] = []
        while not cursor.at("{"):
            labels.append(self._label(type))
            cursor.skip()
        opening = cursor.position
        header = self.lines.place(start, self._end_of_header(start, opening))
        cursor.position += 1
        cursor.deeper()
        body = self._block_body(opening)
        cursor.depth -= 1
        return Block(type, tuple(labels), body, header)

    def _end_of_header(self, start: int, opening: int) -> int:
        return start + len(self.file.text[start:opening].rstrip())

    def _label(self, type: str) -> str:
        cursor = self.cursor
        if cursor.at('"'):
            start = cursor.position
            label = quoted(cursor)
            if isinstance(label, Literal):
                return str(label.value)
            detail = "The labels of a block are plain strings; they cannot hold ${...}."
            cursor.fail("Invalid label", detail, start)
        name = cursor.name()
        if name is not None:
            return name
        cursor.fail(
            "Missing brace or equals sign",
            f'"{type}" is followed by {cursor.shown()}. An attribute is NAME = VALUE, a block '
            'NAME "LABEL" { ... }.',
        )

    def _block_body(self, opening: int) -> Body:
        """A block on several lines, or one with a single attribute on one line."""
        cursor = self.cursor
        cursor.skip()
        if cursor.at("\n") or cursor.at_end:
            return self.body(opening)
        attributes: dict[str, Attribute] = {}
        if not cursor.at("}"):
            self._item(attributes, [], one_line=True)
            cursor.skip()
        if not cursor.take("}"):
            detail = "A block on one line holds one attribute and ends with a brace; use several "
            cursor.fail("Unexpected text", f"{detail}lines for more.")
        return Body(attributes)

    def _end_of_item(self, *, one_line: bool) -> None:
        cursor = self.cursor
        cursor.skip()
        if cursor.at_end or cursor.at("\n") or (one_line and cursor.at("}")):
            return
        detail = (
            f"Expected the end of the line after an attribute or block, found {cursor.shown()}. "
            "Put it on its own line."
        )
        if cursor.at("}"):  # it closes the block all the same
            self._note(
                SyntaxProblem("Unexpected text", detail, cursor.position, cursor.position + 1)
            )
            return
        cursor.fail("Unexpected text", detail)
