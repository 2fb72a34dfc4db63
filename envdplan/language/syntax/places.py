"""Offsets in a text to lines and columns."""

from bisect import bisect_right
from collections.abc import Callable
from typing import TypeAlias

from envdplan.ground.source import Position, SourceFile, SourceRange

Place: TypeAlias = Callable[[int, int], SourceRange]
"""The range from one offset up to another."""


class Lines:
    """Finds lines and columns of offsets in the text of a file; columns count characters."""

    __slots__ = ("_file", "_starts")

    def __init__(self, file: SourceFile) -> None:
        self._file = file
        starts = [0]
        find = file.text.find
        at = find("\n")
        while at >= 0:
            starts.append(at + 1)
            at = find("\n", at + 1)
        self._starts = starts

    def position(self, offset: int) -> Position:
        """The position of a character."""
        line = bisect_right(self._starts, offset)
        return Position(line, offset - self._starts[line - 1] + 1)

    def place(self, start: int, end: int) -> SourceRange:
        """The range between two offsets."""
        return SourceRange(self._file, self.position(start), self.position(end))

    def first_line(self, start: int, end: int) -> SourceRange:
        """The range between two offsets, as far as it stands on its first line."""
        line = bisect_right(self._starts, start)
        if line < len(self._starts) and end >= self._starts[line]:
            end = self._starts[line] - 1
            end -= self._file.text[end - 1 : end] == "\r"
        return self.place(start, max(start, end))

    def column(self, offset: int) -> int:
        """How far `offset` is indented, counted in characters from 0."""
        line = bisect_right(self._starts, offset)
        return offset - self._starts[line - 1]

    def next_line(self, offset: int) -> int:
        """Where the line after `offset` starts; the end of the text when there is none."""
        line = bisect_right(self._starts, offset)
        return self._starts[line] if line < len(self._starts) else len(self._file.text)
