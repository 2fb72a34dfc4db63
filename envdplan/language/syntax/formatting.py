"""The canonical form of an HCL file: layout as hclwrite and `terraform fmt` make it.

Three steps: blanks inside of lines, indentation by nesting, and columns of equals signs and of
comments in lines that follow each other. Line ends, comments and literal text stay as they are.
"""

import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from envdplan.ground.diagnostics import EnvdplanError, Rejected
from envdplan.ground.source import SourceFile
from envdplan.language.syntax import hcl
from envdplan.language.syntax.sameness import same
from envdplan.language.syntax.spacing import spaced
from envdplan.language.syntax.tokens import Kind, Token, tokens

_STEP = 2


@dataclass(slots=True)
class _Line:
    """A line of code in three cells; a heredoc belongs to the line that it begins on."""

    nesting: int
    """How many more brackets it opens than it closes."""
    lead: str
    value: str
    """From the equals sign on, where there is a whole value behind it."""
    comment: str
    end: str


def formatted(file: SourceFile) -> str:
    """The text of `file` in canonical form; it means the same. Raises Rejected for mistakes."""
    document, problems = hcl.decode(file)
    if problems.has_errors:
        raise Rejected(problems)
    text = layout(file.text.removeprefix("\ufeff"))
    again, problems = hcl.decode(SourceFile(file.name, text, file.directory))
    if problems.has_errors or not same(document.body, again.body):
        raise EnvdplanError(
            "Internal error",
            f"{file.name} would mean something else after formatting, so it was left as it is. "
            "This is a bug in envdplan; please report it, with the file.",
        )
    return text


def layout(text: str) -> str:
    """`text` with other blanks. It must be without mistakes."""
    lines = [_line(one) for one in _lines(tokens(text))]
    _indent(lines)
    _align(lines)
    if lines and not lines[-1].end:
        lines[-1].end = lines[0].end or "\n"
    return "".join(one.lead + one.value + one.comment + one.end for one in lines)


def _lines(found: Iterable[Token]) -> Iterator[list[Token]]:
    line: list[Token] = []
    for token in found:
        line.append(token)
        if token.kind is Kind.LINE:
            yield line
            line = []
    if line:
        yield line


def _line(line: list[Token]) -> _Line:
    end = line.pop().text if line[-1].kind is Kind.LINE else ""
    comment = line.pop().text if len(line) > 1 and line[-1].kind is Kind.REMARK else ""
    at = _equals_sign(line)
    return _Line(_nesting(line), spaced(line[:at]), spaced(line[at:]), comment, end)


def _equals_sign(line: Sequence[Token]) -> int:
    """Where the value of `line` begins; its end, when the value goes on in other lines."""
    for at, token in enumerate(line):
        if at and token.is_sign("="):
            return at if _nesting(line[at:]) == 0 else len(line)
    return len(line)


def _nesting(line: Sequence[Token]) -> int:
    return sum(token.nesting for token in line)


def _indent(lines: Iterable[_Line]) -> None:
    """One step for each line that leaves brackets open, until as many are closed."""
    open_brackets: list[int] = []
    for line in lines:
        closed = -line.nesting
        while closed > 0 and open_brackets:
            last = open_brackets.pop()
            if closed < last:
                open_brackets.append(last - closed)
            closed -= last
        if line.lead:
            line.lead = " " * (_STEP * len(open_brackets)) + line.lead
        if line.nesting > 0:
            open_brackets.append(line.nesting)


def _align(lines: Sequence[_Line]) -> None:
    """Pad the cells of lines that follow each other, values first: they move the comments."""
    for run in _runs(lines, lambda line: line.value):
        for line, pad in _padded(run, lambda line: line.lead):
            line.value = pad + line.value
    for run in _runs(lines, lambda line: line.comment):
        for line, pad in _padded(run, lambda line: line.lead + line.value):
            line.comment = pad + line.comment


def _runs(lines: Iterable[_Line], cell: Callable[[_Line], str]) -> Iterator[list[_Line]]:
    """Lines that follow each other and have this cell."""
    for has_it, run in groupby(lines, lambda line: bool(cell(line))):
        if has_it:
            yield list(run)


def _padded(run: list[_Line], text: Callable[[_Line], str]) -> Iterator[tuple[_Line, str]]:
    widths = [_width(text(line)) for line in run]
    for line, width in zip(run, widths, strict=True):
        yield line, " " * (max(widths) - width + 1)


def _width(text: str) -> int:
    """Columns of the last line of `text`; accents that stand on a letter take none."""
    last = text[text.rfind("\n") + 1 :]
    if last.isascii():
        return len(last)
    return sum(unicodedata.category(char) not in ("Mn", "Me", "Cf") for char in last)
