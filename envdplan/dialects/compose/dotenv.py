"""Environment files as compose reads them: .env, and those that `env_file` names."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from envdplan.dialects.compose.interpolate import Interpolation, Lookup, Uninterpolated
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceFile
from envdplan.language.syntax.places import Lines

_BLANKS: Final = "\t\v\f\r \x85\xa0"
_BETWEEN: Final = re.compile(r"(?:\s+|#[^\n]*)*")
_EXPORT: Final = re.compile(r"export\s+")
_KEY: Final = re.compile(rf"(?:[\w.\-\[\]]|[{_BLANKS}])*")
_ESCAPE: Final = re.compile(r'\\([abfnrtv$"\\]|0[0-7]{3})')
_ESCAPES: Final = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "$": "$$",
}  # fmt: skip


def parse(
    file: SourceFile, lookup: Lookup, earlier: Mapping[str, str] | None = None
) -> tuple[dict[str, str], Diagnostics]:
    """The variables of `earlier` files and of this one. `lookup` knows those from outside, which
    win in references.
    """
    reader = _Reader(file, lookup, dict(earlier or {}))
    try:
        reader.read()
    except _Broken:
        pass
    except Uninterpolated as problem:
        reader.error(problem.summary, problem.detail, problem.start, problem.end)
    return reader.found, reader.diagnostics


class _Broken(Exception):
    """The rest of the file cannot be read; already told."""


@dataclass(slots=True)
class _Reader:
    file: SourceFile
    outer: Lookup
    found: dict[str, str] = field(default_factory=dict)
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    at: int = 0

    @property
    def text(self) -> str:
        return self.file.text

    def read(self) -> None:
        """Read all statements."""
        while self._next():
            key = self._key()
            if self.at >= len(self.text) or self.text[self.at] == "\n":
                self._inherit(key)
                continue
            self.at += 1
            value = self._value()
            if key:
                self.found[key] = value

    def error(self, summary: str, detail: str, start: int, end: int) -> None:
        """Tell a mistake."""
        place = Lines(self.file).place(start, max(end, start + 1))
        self.diagnostics.error(summary, detail, place)

    def _next(self) -> bool:
        """Whether another statement begins; goes there, past `export`."""
        self._skip(_BETWEEN)
        if self.at >= len(self.text):
            return False
        self._skip(_EXPORT)
        return True

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _key(self) -> str:
        start = self.at
        self._skip(_KEY)
        key = self.text[start : self.at].strip(_BLANKS)
        if self.at < len(self.text) and self.text[self.at] not in "=:\n":
            detail = (
                f'"{self.text[self.at]}" cannot be in the name of a variable. '
                "A line is NAME=value; text with line ends goes into quotes."
            )
            self._stop("Invalid name", detail, self.at, self.at + 1)
        if " " in key:
            detail = f'The name "{key}" has a space in it. A line is NAME=value.'
            self._stop("Invalid name", detail, start, self.at)
        return key

    def _stop(self, summary: str, detail: str, start: int, end: int) -> None:
        self.error(summary, detail, start, end)
        raise _Broken

    def _inherit(self, key: str) -> None:
        """A name alone takes its value from outside."""
        value = self.outer(key)
        if value is not None:
            self.found[key] = value

    def _value(self) -> str:
        while self.at < len(self.text) and self.text[self.at] in _BLANKS:
            self.at += 1
        if self.text[self.at : self.at + 1] in ("'", '"'):
            return self._quoted(self.text[self.at])
        start = self.at
        end = self.text.find("\n", start)
        self.at = len(self.text) if end < 0 else end
        value = self.text[start : self.at].partition(" #")[0].rstrip()
        return self._interpolated(value, start)

    def _quoted(self, quote: str) -> str:
        start = self.at
        pattern = re.compile(rf"{quote}((?:[^{quote}\\]|\\[\s\S])*){quote}")
        match = pattern.match(self.text, start)
        if match is None:
            line = self.text.find("\n", start)
            end = len(self.text) if line < 0 else line
            self._stop("Missing quote", "The quotes that begin here are not closed.", start, end)
            return ""
        self.at = match.end()
        inner = match[1].replace(f"\\{quote}", quote)
        if quote == "'":
            return inner
        return self._interpolated(_ESCAPE.sub(_unescaped, inner), start + 1)

    def _interpolated(self, text: str, start: int) -> str:
        interpolation = Interpolation(self._lookup, lambda: list(self.found))
        value = interpolation.text(text, start)
        for name in dict.fromkeys(interpolation.unset):
            self.diagnostics.warn(
                "Unset variable",
                f"The variable {name} has no value here, so it becomes an empty text.",
                Lines(self.file).place(start, self.at),
            )
        return value

    def _lookup(self, name: str) -> str | None:
        value = self.outer(name)
        return self.found.get(name) if value is None else value


def _unescaped(match: re.Match[str]) -> str:
    sign = match[1]
    return chr(int(sign, 8)) if sign.startswith("0") else _ESCAPES.get(sign, sign)
