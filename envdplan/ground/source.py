"""Files as they were read, and places in them: every value and complaint can point home."""

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The text of one file. `name` is how messages call it (relative where possible)."""

    name: str
    text: str = field(repr=False)
    directory: str = "."
    """Absolute directory of the file; relative paths in its attributes start here."""

    def line(self, number: int) -> str:
        """The text of line `number` (from 1), or "" when there is none."""
        lines = _lines(self.text)
        return lines[number - 1].removesuffix("\r") if 0 < number <= len(lines) else ""


@lru_cache(maxsize=8)
def _lines(text: str) -> list[str]:
    """As positions count them: no other character ends one. A thousand complaints ask for it."""
    return text.split("\n")


class Position(NamedTuple):
    """A place in a file: line and column count from 1, columns in characters.

    A NamedTuple, as there are two for each value of a configuration: they must be cheap.
    """

    line: int
    column: int


class SourceRange(NamedTuple):
    """From `start` up to, but without, `end`."""

    file: SourceFile
    start: Position
    end: Position

    def __str__(self) -> str:
        return f"{self.file.name}:{self.start.line}:{self.start.column}"

    def to(self, other: "SourceRange") -> "SourceRange":
        """The range from the start of this one to the end of `other`."""
        return SourceRange(self.file, self.start, other.end)
