"""HCL as tokens, with comments and line ends: what a formatter needs and the parser passes over.

Only blanks are lost. The text must be one that `hcl.decode` has read without a mistake.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final


class Kind(Enum):
    """What a token is."""

    NAME = auto()
    NUMBER = auto()
    SIGN = auto()
    """An operator or separator."""
    OPEN = auto()
    CLOSE = auto()
    REMARK = auto()
    """A comment up to the end of the line."""
    COMMENT = auto()
    """A comment between /* and */."""
    LINE = auto()
    """The end of a line."""
    QUOTE_OPEN = auto()
    QUOTE_CLOSE = auto()
    HEREDOC_OPEN = auto()
    HEREDOC_CLOSE = auto()
    TEXT = auto()
    """Literal text of a template."""
    SEQUENCE_OPEN = auto()
    """`${` or `%{`, with its `~`."""
    SEQUENCE_CLOSE = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the text; blanks stand between tokens only."""

    kind: Kind
    text: str

    def is_sign(self, *signs: str) -> bool:
        """Whether it is one of these operators or separators."""
        return self.kind is Kind.SIGN and self.text in signs

    @property
    def nesting(self) -> int:
        """1 where a bracket opens, -1 where one closes."""
        if self.kind in (Kind.OPEN, Kind.SEQUENCE_OPEN):
            return 1
        return -1 if self.kind in (Kind.CLOSE, Kind.SEQUENCE_CLOSE) else 0


_CODE: Final = re.compile(
    r"""
      (?P<BLANK> [ \t]+ | \r(?!\n) )
    | (?P<LINE> \r?\n )
    | (?P<REMARK> (?: \# | // ) (?: [^\r\n] | \r(?!\n) )* )
    | (?P<COMMENT> /\* [\s\S]*? \*/ )
    | (?P<NAME> [^\W\d][\w-]* )
    | (?P<NUMBER> \d+ (?:\.\d+)? (?:[eE][+-]?\d+)? )
    | (?P<QUOTE_OPEN> " )
    | (?P<HEREDOC_OPEN> (?P<start> <<-? (?P<word> [^\W\d][\w-]* ) ) [ \t]* (?P<end> \r?\n ) )
    | (?P<OPEN> [(\[{] )
    | (?P<CLOSE> [)\]}] | ~} )
    | (?P<SIGN> \.\.\. | => | [=!<>]= | && | \|\| | [\s\S] )
    """,
    re.VERBOSE,
)
_SEQUENCE: Final = re.compile(r"[$%]\{~?")
_QUOTED: Final = re.compile(r'(?:\\[\s\S]|\$\$\{|%%\{|[$%](?!\{)|[^"\\$%])+')
_LINES: Final = re.compile(r"(?:\$\$\{|%%\{|[$%](?!\{)|[^$%])+")


def tokens(text: str) -> Iterator[Token]:
    """All tokens of `text`."""
    return _Scanner(text, 0, len(text)).code()


@dataclass(slots=True)
class _Scanner:
    text: str
    position: int
    end: int

    def code(self, *, nested: bool = False) -> Iterator[Token]:
        """Up to the end; where `nested`, through the bracket that closes the sequence."""
        depth = 0
        while self.position < self.end:
            match = self._match(_CODE)
            assert match is not None  # noqa: S101  the last alternative takes anything
            if match.lastgroup == "QUOTE_OPEN":
                yield from self._quoted()
            elif match["word"] is not None:
                yield from self._heredoc(match)
            elif match.lastgroup != "BLANK":
                token = _token(match)
                depth += token.nesting
                if nested and depth < 0:
                    yield Token(Kind.SEQUENCE_CLOSE, token.text)
                    return
                yield token

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        """What stands here, gone past."""
        match = pattern.match(self.text, self.position, self.end)
        if match is not None:
            self.position = match.end()
        return match

    def _quoted(self) -> Iterator[Token]:
        yield Token(Kind.QUOTE_OPEN, '"')
        yield from self._template(_QUOTED)
        self.position += 1
        yield Token(Kind.QUOTE_CLOSE, '"')

    def _template(self, literal: re.Pattern[str]) -> Iterator[Token]:
        """Literal text and sequences, up to the end or what is neither."""
        while self.position < self.end:
            text = self._match(literal)
            if text is not None:
                yield Token(Kind.TEXT, text.group())
                continue
            opening = self._match(_SEQUENCE)
            if opening is None:
                return
            yield Token(Kind.SEQUENCE_OPEN, opening.group())
            yield from self.code(nested=True)

    def _heredoc(self, opening: re.Match[str]) -> Iterator[Token]:
        """Its word and line end, what it holds, and the word again with its indentation."""
        pattern = rf"^[ \t]*{re.escape(opening['word'])}(?=[ \t]*\r?$)"
        closing = re.compile(pattern, re.MULTILINE).search(self.text, self.position, self.end)
        assert closing is not None  # noqa: S101  the parser has found it
        yield Token(Kind.HEREDOC_OPEN, opening["start"] + opening["end"])
        yield from _Scanner(self.text, self.position, closing.start())._lines()  # noqa: SLF001
        self.position = closing.end()
        yield Token(Kind.HEREDOC_CLOSE, closing.group())

    def _lines(self) -> Iterator[Token]:
        """What a heredoc holds. A sequence of several lines is text here: it has an indentation
        of its own, and no line of code to be indented by.
        """
        while self.position < self.end:
            start = self.position
            text = self._match(_LINES)
            if text is not None:
                yield Token(Kind.TEXT, text.group())
                continue
            sequence = self._match(_SEQUENCE)
            assert sequence is not None  # noqa: S101  text is all that is no sequence
            found = [Token(Kind.SEQUENCE_OPEN, sequence.group()), *self.code(nested=True)]
            several = any("\n" in one.text for one in found)
            yield from [Token(Kind.TEXT, self.text[start : self.position])] if several else found


def _token(match: re.Match[str]) -> Token:
    kind = Kind[match.lastgroup or ""]
    text = match.group()
    return Token(kind, text.rstrip(" \t") if kind is Kind.REMARK else text)
