"""A place in a build's own file, with the lines around it."""

from dataclasses import dataclass, field

_CONTEXT = 2
"""Lines to show before and after the failing ones."""


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Lines `first` to `last` (from 1, both included) of `file`, a Dockerfile mostly.

    `text` is the whole file, as the builder read it.
    """

    file: str
    first: int
    last: int
    text: str = field(repr=False)

    def __str__(self) -> str:
        """`file:line`, and the lines with two more on either side."""
        start = max(1, self.first - _CONTEXT)
        lines = self.text.splitlines()[start - 1 : self.last + _CONTEXT]
        shown = (self._line(number, text) for number, text in enumerate(lines, start))
        return "\n".join((f"{self.file}:{self.first}", *shown))

    def _line(self, number: int, text: str) -> str:
        mark = ">>>" if self.first <= number <= self.last else "   "
        return f"{number:4} | {mark} {text}".rstrip()
