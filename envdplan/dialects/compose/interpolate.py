"""Variables in the texts of compose files and of .env: $X, ${X}, ${X:-default} and their like."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Never, TypeAlias

from envdplan.language.evaluation.problems import suggestion

Lookup: TypeAlias = Callable[[str], str | None]
"""The value of a variable; None when it is not set."""

_DEEPEST: Final = 50
_NAMED: Final = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]*")
_BRACED: Final = re.compile(r"(?P<name>[_a-zA-Z][_a-zA-Z0-9]*)(?:(?P<sign>:?[-+?])(?P<rest>.*))?")


class Uninterpolated(Exception):
    """A text has no value; `start` and `end` are where in it the reason stands."""

    def __init__(self, summary: str, detail: str, start: int, end: int) -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail
        self.start = start
        self.end = end


@dataclass(slots=True)
class Interpolation:
    """Puts values of variables into texts; remembers the names of those that were not set."""

    lookup: Lookup
    names: Callable[[], list[str]] = list
    """All names that have values, for messages."""
    unset: list[str] = field(default_factory=list)
    _depth: int = 0

    def text(self, text: str, at: int = 0) -> str:
        """`text` with the values in it. Raises Uninterpolated; `at` is where it stands."""
        parts: list[str] = []
        position = 0
        while (dollar := text.find("$", position)) >= 0:
            parts.append(text[position:dollar])
            value, position = self._after(text, dollar, at)
            parts.append(value)
        return "".join(parts) + text[position:]

    def _after(self, text: str, dollar: int, at: int) -> tuple[str, int]:
        """The value of what begins with the dollar sign, and where the text goes on."""
        begin = dollar + 1
        if text.startswith("$", begin):
            return "$", begin + 1
        if text.startswith("{", begin):
            end = _closing(text, dollar)
            return self._braced(text, dollar, end, at), end + 1
        name = _NAMED.match(text, begin)
        return (self._value(name.group()), name.end()) if name else ("$", begin)

    def _braced(self, text: str, dollar: int, end: int, at: int) -> str:
        match = _BRACED.fullmatch(text, dollar + 2, end) if end >= 0 else None
        if match is None:
            _invalid(text, dollar, end, at)
        name, sign = match["name"], match["sign"]
        if sign is None:
            return self._value(name)
        rest = self._inner(match, at)
        value = self.lookup(name)
        there = bool(value) if sign.startswith(":") else value is not None
        if sign.endswith("+"):
            return rest if there else ""
        if sign.endswith("?") and not there:
            self._missing(name, rest, at + dollar, at + end + 1)
        return value if there and value is not None else rest

    def _inner(self, match: re.Match[str], at: int) -> str:
        """What stands behind the sign, with its own variables."""
        if self._depth >= _DEEPEST:
            detail = f"Variables may be nested {_DEEPEST} levels deep."
            raise Uninterpolated("Nested too deeply", detail, at + match.start(), at + match.end())
        self._depth += 1
        try:
            return self.text(match["rest"], at + match.start("rest"))
        finally:
            self._depth -= 1

    def _value(self, name: str) -> str:
        value = self.lookup(name)
        if value is None:
            self.unset.append(name)
        return value or ""

    def _missing(self, name: str, why: str, start: int, end: int) -> Never:
        said = f' The file says: "{why}".' if why else ""
        raise Uninterpolated(
            "Missing variable",
            f"The variable {name} has no value, and this text requires one.{said} Set it in the "
            f"environment or in .env.{suggestion(name, self.names())}",
            start,
            end,
        )


def _closing(text: str, dollar: int) -> int:
    """Where the brace closes that opens behind `dollar`; -1 when it stays open."""
    open_braces = 0
    position = dollar
    while position < len(text):
        if text.startswith("${", position):
            open_braces += 1
            position += 1
        elif text[position] == "}":
            open_braces -= 1
            if open_braces == 0:
                return position
        position += 1
    return -1


def _invalid(text: str, dollar: int, end: int, at: int) -> Never:
    last = end + 1 if end >= 0 else len(text)
    shown = " ".join(text[dollar:last].split())
    raise Uninterpolated(
        "Invalid interpolation",
        f'"{shown[:60]}" is not a variable. Write $NAME, ${{NAME}} or ${{NAME:-default}}, on '
        "one line; for a dollar sign itself write $$.",
        at + dollar,
        at + last,
    )
