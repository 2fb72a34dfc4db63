"""A diagnostic with the line it is about, the very part underlined."""

import textwrap
import unicodedata
from collections.abc import Iterator

from envdplan.ground.diagnostics import Diagnostic, Severity
from envdplan.ground.source import SourceRange
from envdplan.views.style import Style, safe

_TAB = "    "
_MARGIN = 12


def diagnostic_text(one: Diagnostic, style: Style, width: int) -> str:
    """Severity and summary, place, source line with its underline, and the detail, wrapped."""
    is_error = one.severity is Severity.ERROR
    word, color = ("Error", "red") if is_error else ("Warning", "yellow")
    lines = [f"{style(f'{word}:', 'bold', color)} {style(safe(one.summary), 'bold')}"]
    if one.range is not None:
        lines += _place(one, one.range, style, color, width)
    elif one.address is not None:
        lines.append(style(f"  {safe(_address(one))}", "dim"))
    lines.append("")
    lines += wrapped(one.detail, width)
    return "\n".join(lines) + "\n"


def _address(one: Diagnostic) -> str:
    """The resource, or the first of several."""
    more = f" and {len(one.addresses) - 1} more" if len(one.addresses) > 1 else ""
    return f"{one.address}{more}"


def wrapped(text: str, width: int, indent: str = "  ") -> Iterator[str]:
    """Paragraphs wrapped at `width`; lines that are indented already stay as they are."""
    for line in safe(text).split("\n"):
        if not line.strip():
            yield ""
        elif line.startswith(" "):
            yield indent + line
        else:
            yield from textwrap.wrap(
                line,
                max(width, 40),
                initial_indent=indent,
                subsequent_indent=indent,
                break_long_words=False,
                break_on_hyphens=False,
            )


def _place(
    one: Diagnostic, range: SourceRange, style: Style, color: str, width: int
) -> Iterator[str]:
    address = f", in {safe(_address(one))}" if one.address else ""
    yield style(f"  at {safe(str(range))}{address}", "dim")
    line = range.file.line(range.start.line)
    if not line.strip():
        return
    end = range.end.column if range.end.line == range.start.line else len(line) + 1
    before, marked, after = _cut(line, range.start.column - 1, end - 1, width)
    number = str(range.start.line)
    margin = " " * len(number)
    yield ""
    yield f"  {style(number, 'dim')} {style('|', 'dim')} {before}{style(marked, color)}{after}"
    underline = "^" * max(1, columns(marked))
    yield f"  {margin} {style('|', 'dim')} {' ' * columns(before)}{style(underline, color)}"


def _cut(line: str, start: int, end: int, width: int) -> tuple[str, str, str]:
    """The line in three parts, made short enough around the marked one."""
    before, marked, after = (
        safe(part.replace("\t", _TAB)) for part in (line[:start], line[start:end], line[end:])
    )
    room = max(width - _MARGIN, 20)
    if columns(before) + columns(marked) + columns(after) <= room:
        return before, marked, after
    if columns(marked) > room:
        marked = f"{marked[: room - 3]}..."
    left = max((room - columns(marked)) // 2, 8)
    if len(before) > left:
        before = f"...{before[-left + 3 :]}"
    rest = max(room - columns(before) - columns(marked), 4)
    return before, marked, after if len(after) <= rest else f"{after[: rest - 3]}..."


def columns(text: str) -> int:
    """How wide `text` is in a terminal."""
    if text.isascii():
        return len(text)
    return sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.combining(char):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
