"""Files as they were read, and places in them: every value and complaint can point home."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The text of one file. `name` is how messages call it (relative where possible)."""

    name: str
    text: str = field(repr=False)
    directory: str = "."
    """Absolute directory of the file; relative paths in its attributes start here."""

    def line(self, number: int) -> str:
        """The text of line `number` (from 1), or "" when there is none."""
        lines = self.text.splitlines()
        return lines[number - 1] if 0 < number <= len(lines) else ""


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """A place in a file: line and column count from 1, columns in characters."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class SourceRange:
    """From `start` up to, but without, `end`."""

    file: SourceFile
    start: Position
    end: Position

    def __str__(self) -> str:
        return f"{self.file.name}:{self.start.line}:{self.start.column}"

    def to(self, other: "SourceRange") -> "SourceRange":
        """The range from the start of this one to the end of `other`."""
        return SourceRange(self.file, self.start, other.end)
