"""Where each character of a YAML string stands in its file.

PyYAML tells where a scalar begins and ends, not where its characters come from: escapes, folded
lines and indentation lie between. Here the text of the scalar is read once more, piece by piece.
What is read must be the value that PyYAML gave; else nothing is claimed.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_PROPERTIES: Final = re.compile(r"(?:[&!][^\s]*(?:[ \t]+|[ \t]*(?:#[^\n]*)?\r?\n[ \t]*)+)*")
_HEADER: Final = re.compile(r"[|>][-+0-9]*[ \t]*(?:#[^\n]*)?\r?(?:\n|$)")
_BREAKS: Final = re.compile(r"[ \t]*(?:\r?\n[ \t]*)+")
_BETWEEN_LINES: Final = re.compile(r"\\\r?\n((?:[ \t]*\r?\n)*)[ \t]*")
_ESCAPE: Final = re.compile(r"\\(?:x..|u.{4}|U.{8}|.)")
_QUOTE: Final = re.compile("''")
_PLAIN: Final = {"": re.compile(r"[^ \t\r\n]+|[ \t]+|\r")}
_PLAIN["'"] = re.compile(r"[^ \t\r\n']+|[ \t]+|\r")
_PLAIN['"'] = re.compile(r"[^ \t\r\n\\]+|[ \t]+|\r")
_LETTERS: Final = {
    **dict(zip("0abtnvfre", "\0\a\b\t\n\v\f\r\x1b", strict=True)),
    "\t": "\t",
    "N": "\x85",
    "_": "\xa0",
    "L": "\u2028",
    "P": "\u2029",
}


@dataclass(slots=True)
class Origins:
    """The offsets in a file that the characters of a value come from, in pieces.

    A piece is the value's text from `_at` on; as long in the file where it stands there as it is.
    """

    value: str = ""
    _at: list[int] = field(default_factory=list)
    _spans: list[tuple[int, int, bool]] = field(default_factory=list)

    def add(self, text: str, start: int, end: int) -> None:
        """`text` comes from `start` up to `end`."""
        if text:
            self._at.append(len(self.value))
            self._spans.append((start, end, len(text) == end - start))
            self.value += text

    def span(self, first: int, last: int) -> tuple[int, int] | None:
        """From where to where in the file the characters from `first` up to `last` stand."""
        if not self._at:
            return None
        start = self._start(first)
        return start, max(start, self._end(last - 1)) if last > first else start

    def _start(self, offset: int) -> int:
        if offset >= len(self.value):
            return self._spans[-1][1]
        piece = bisect_right(self._at, offset) - 1
        start, _, as_it_is = self._spans[piece]
        return start + offset - self._at[piece] if as_it_is else start

    def _end(self, offset: int) -> int:
        piece = bisect_right(self._at, offset) - 1
        start, end, as_it_is = self._spans[piece]
        return start + offset - self._at[piece] + 1 if as_it_is else end


def content_start(text: str, start: int) -> int:
    """Behind the anchor and the tag of a scalar."""
    found = _PROPERTIES.match(text, start)
    return found.end() if found else start


def origins(text: str, start: int, end: int, style: str, value: str) -> Origins | None:
    """The origins of the scalar of `style` that stands from `start` up to `end`; None if unsure."""
    if style in ("|", ">"):
        return _block(text, start, style, value)
    edge = 1 if style else 0
    made = _flow(text, start + edge, end - edge, style)
    return made if made.value == value else None


def _flow(text: str, start: int, end: int, style: str) -> Origins:
    """A scalar without quotes or in them: lines are folded, escapes are read."""
    made, at = Origins(), start
    while at < end:
        for piece, length in _pieces(text, at, end, style):
            made.add(piece, at, at + length)
            at += length
            break
        else:
            return made
    return made


def _pieces(text: str, at: int, end: int, style: str) -> Iterator[tuple[str, int]]:
    """What the text at `at` can be: what it stands for, and its length."""
    if breaks := _BREAKS.match(text, at, end):
        yield "\n" * (breaks.group().count("\n") - 1) or " ", len(breaks.group())
    if style == '"' and (between := _BETWEEN_LINES.match(text, at, end)):
        yield "\n" * between.group(1).count("\n"), len(between.group())
    if style == '"' and (escape := _ESCAPE.match(text, at, end)):
        yield _unescaped(escape.group()[1:]), len(escape.group())
    if style == "'" and _QUOTE.match(text, at, end):
        yield "'", 2
    if plain := _PLAIN[style].match(text, at, end):
        yield plain.group(), len(plain.group())


def _unescaped(letters: str) -> str:
    if len(letters) == 1:
        return _LETTERS.get(letters, letters)
    try:
        return chr(int(letters[1:], 16))
    except (ValueError, OverflowError):
        return ""  # PyYAML has refused it already


def _block(text: str, start: int, style: str, value: str) -> Origins | None:
    """A block scalar: of the indentations that it may have, the one that makes its value."""
    header = _HEADER.match(text, start)
    if header is None:
        return None
    first = re.compile(r"(?:[ \t]*\r?\n)*( *)").match(text, header.end())
    deepest = len(first.group(1)) if first else 0
    for indent in range(deepest, -1, -1):
        made = _lines(text, header.end(), indent, folded=style == ">")
        if made.value.startswith(value):
            return made
    return None


def _lines(text: str, start: int, indent: int, *, folded: bool) -> Origins:
    made, at = Origins(), start
    pending: list[tuple[int, int]] = []  # line ends that are not written yet
    was_text = False
    while at < len(text):
        end = text.find("\n", at)
        stop = len(text) if end < 0 else end
        line = text[at:stop].removesuffix("\r")
        after = at + len(line)
        if line[:indent].strip(" "):
            break  # less indented: what follows the scalar
        own = line[indent:]
        if own:
            _join(made, pending, fold=folded and was_text and own[0] not in " \t")
            pending = []
            made.add(own, after - len(own), after)
            was_text = own[0] not in " \t"
        pending.append((after, min(stop + 1, len(text))))
        at = stop + 1
    _join(made, pending, fold=False)
    return made


def _join(made: Origins, breaks: list[tuple[int, int]], *, fold: bool) -> None:
    """Line ends as they are; folded, one is a blank, and of several the first is none."""
    if fold and len(breaks) == 1:
        made.add(" ", *breaks[0])
        return
    for start, end in breaks[1:] if fold else breaks:
        made.add("\n", start, end)
