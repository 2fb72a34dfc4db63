"""A place in a text that moves forward, and what every parser here needs of it."""

import re
from typing import Final, Never

from envdplan.ground.source import SourceRange
from envdplan.language.syntax.document import Expression
from envdplan.language.syntax.parts import is_too_deep
from envdplan.language.syntax.places import Place

_BLANKS: Final = re.compile(r"(?:[ \t]+|\r(?=\n)|#[^\n]*|//[^\n]*|/\*[\s\S]*?\*/)*")
_BLANKS_AND_LINES: Final = re.compile(r"(?:[ \t\r\n]+|#[^\n]*|//[^\n]*|/\*[\s\S]*?\*/)*")
_BLANK_STARTS: Final = " \t\r\n#/"
NAME: Final = re.compile(r"[^\W\d][\w-]*")
"""An identifier: a letter (of any script) or underscore, then digits and hyphens too."""

DEEPEST: Final = 100
"""Expressions and blocks may be nested so deep."""

TOO_DEEP: Final = "Nested too deeply"
TOO_DEEP_DETAIL: Final = (
    f"Expressions and blocks may be nested {DEEPEST} levels deep. Name a part of this in a locals "
    "block and use the name."
)


class SyntaxProblem(Exception):
    """The text cannot be read on from here; raised once per attribute or block."""

    def __init__(self, summary: str, detail: str, start: int, end: int) -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.start = start
        self.end = end


class Cursor:
    """Where a parser is in `text`. `lines_open` counts brackets in which lines do not end."""

    __slots__ = ("depth", "end", "lines_open", "place", "position", "text")

    def __init__(self, text: str, place: Place, position: int = 0, end: int | None = None) -> None:
        self.text = text
        self.place = place
        self.position = position
        self.end = len(text) if end is None else end
        self.lines_open = 0
        self.depth = 0

    def skip(self) -> None:
        """Past blanks and comments; past line ends too where a bracket is open."""
        if self.position < self.end and self.text[self.position] not in _BLANK_STARTS:
            return  # most often; asking the expression costs more
        pattern = _BLANKS_AND_LINES if self.lines_open else _BLANKS
        self.position = pattern.match(self.text, self.position, self.end).end()  # type: ignore[union-attr]  # matches always

    def skip_lines(self) -> None:
        """Past blanks, comments and line ends."""
        match = _BLANKS_AND_LINES.match(self.text, self.position, self.end)
        self.position = match.end()  # type: ignore[union-attr]  # matches always

    def at(self, sign: str) -> bool:
        """Whether `sign` stands here."""
        return self.text.startswith(sign, self.position, self.end)

    def take(self, sign: str) -> bool:
        """Go past `sign` if it stands here."""
        if self.text.startswith(sign, self.position, self.end):
            self.position += len(sign)
            return True
        return False

    def name(self) -> str | None:
        """The identifier here, gone past; None when there is none."""
        match = NAME.match(self.text, self.position, self.end)
        if match is None:
            return None
        self.position = match.end()
        return match.group()

    @property
    def at_end(self) -> bool:
        """Whether nothing is left."""
        return self.position >= self.end

    def range(self, start: int) -> SourceRange:
        """From `start` to here."""
        return self.place(start, self.position)

    def shown(self) -> str:
        """What stands here, for messages."""
        if self.at_end:
            return "the end of the text"
        if self.text[self.position] == "\n":
            return "the end of the line"
        name = NAME.match(self.text, self.position, self.end)
        if name is not None:
            return f'"{name.group()[:40]}"'
        char = self.text[self.position]
        if char == '"':
            return "a double quote"
        return f'"{char}"' if char.isprintable() else f"the character U+{ord(char):04X}"

    def fail(self, summary: str, detail: str, start: int | None = None) -> Never:
        """Raise SyntaxProblem for what stands here, or from `start` up to here."""
        if start is not None:
            raise SyntaxProblem(summary, detail, start, max(start, self.position))
        name = NAME.match(self.text, self.position, self.end)
        end = name.end() if name else min(self.position + 1, self.end)
        raise SyntaxProblem(summary, detail, self.position, end)

    def close(self, sign: str, start: int) -> None:
        """Go past the bracket `sign`; the opening one is at `start`. Raises SyntaxProblem."""
        self.skip()
        if self.take(sign):
            return
        opened = self.text[start : start + 1]
        detail = f'The "{opened}" at {self.place(start, start + 1)} is not closed: found '
        if self.at_end or self.at("\n"):
            self.fail("Missing bracket", f'{detail}{self.shown()}, expected "{sign}".')
        self.fail(
            "Unexpected text",
            f'{detail}{self.shown()}, expected "{sign}" or an operator.',
        )

    def deeper(self) -> None:
        """Count one level of nesting. Raises SyntaxProblem beyond the deepest."""
        self.depth += 1
        if self.depth > DEEPEST:
            self.fail(TOO_DEEP, TOO_DEEP_DETAIL)

    def check_levels(self, expression: Expression, start: int) -> None:
        """Raises SyntaxProblem when the expression from `start` to here has too many levels."""
        if is_too_deep(expression, self.position - start):
            self.fail(TOO_DEEP, TOO_DEEP_DETAIL, start)
