"""Moby's patterns of paths (moby/patternmatcher): for .dockerignore and for what builders ask."""

import os
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Final

from envdplan.diagnostics import EnvdplanError

_META: Final = frozenset("*?[\\")


@dataclass(frozen=True, slots=True)
class Patterns:
    """A list of patterns: the last one that fits a path, or a folder above it, decides."""

    texts: tuple[str, ...]
    """Cleaned, with `!` in front of exceptions."""
    matches: Callable[[str], bool]
    """Whether a relative path fits."""
    has_exceptions: bool
    """Whether something below a folder that fits may not fit."""


def compiled(patterns: Iterable[str]) -> Patterns:
    """Patterns as one regular expression for each run of the same sign.

    Raises EnvdplanError for a pattern that is none.
    """
    texts = tuple(cleaned for one in patterns if (cleaned := _cleaned(one)))
    runs = [
        (negative, _union([text.removeprefix("!") for text in group]))
        for negative, group in groupby(texts, key=lambda text: text.startswith("!"))
    ]
    has_exceptions = any(negative for negative, _ in runs)
    return Patterns(texts, _matcher(runs), has_exceptions)


def _matcher(runs: list[tuple[bool, "re.Pattern[str]"]]) -> Callable[[str], bool]:
    if not runs:
        return lambda path: False  # noqa: ARG005  nothing fits
    if len(runs) == 1 and not runs[0][0]:
        fullmatch = runs[0][1].fullmatch
        return lambda path: fullmatch(path) is not None
    backwards = [(negative, pattern.fullmatch) for negative, pattern in reversed(runs)]

    def matches(path: str) -> bool:
        for negative, fullmatch in backwards:
            if fullmatch(path):
                return not negative
        return False

    return matches


def _cleaned(pattern: str) -> str:
    """As patternmatcher.New does: blanks, a leading slash and superfluous parts go."""
    text = pattern.strip()
    sign = ""
    if text.startswith("!"):
        sign, text = "!", text[1:].strip()
    if not text:
        return ""
    text = os.path.normpath(text)
    if len(text) > 1:
        text = text.lstrip("/")
    if not sign and text.startswith("!"):
        text = f"\\{text}"  # `/!a` names a file, it is no exception
    return sign + text


def _union(texts: list[str]) -> "re.Pattern[str]":
    """What fits any of `texts`, or lies below it."""
    try:
        return re.compile(f"(?:{'|'.join(map(translated, texts))})(?:/.*)?", re.DOTALL)
    except re.error as error:
        shown = ", ".join(texts)[:200]
        raise EnvdplanError("Not a pattern", f"Among {shown}: {error}.") from None


def translated(pattern: str) -> str:
    """One pattern as a regular expression, rule by rule as in patternmatcher.compile."""
    made: list[str] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "*":
            if pattern.startswith("*", at):
                at += 1
                at += pattern.startswith("/", at)
                made.append(".*" if at >= len(pattern) else "(?:.*/)?")
            else:
                made.append("[^/]*")
        elif char == "?":
            made.append("[^/]")
        elif char == "\\" and at < len(pattern):
            made.append(re.escape(pattern[at]))
            at += 1
        elif char in "[]":
            made.append(char)
        else:
            made.append(char if _in_class(made) else re.escape(char))
    return "".join(made)


def _in_class(made: list[str]) -> bool:
    """Whether a bracket is open: there `-` and `^` keep their meaning."""
    for piece in reversed(made):
        if piece == "]":
            return False
        if piece == "[":
            return True
    return False


def is_literal(pattern: str) -> bool:
    """Whether a pattern names one path only."""
    return not _META.intersection(pattern)
