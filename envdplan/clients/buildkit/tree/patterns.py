"""Moby's patterns of paths (moby/patternmatcher): for .dockerignore and for what builders ask.

All patterns of a list are one automaton (RE2), so that no pattern can take more than linear time.
Each becomes the regular expression that moby makes of it, its oddities included: what an ignore
file leaves out decides what is in an image.
"""

import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from functools import lru_cache
from typing import Final, Self

from envdplan.ground import linear
from envdplan.ground.diagnostics import EnvdplanError

_META: Final = frozenset("*?[\\")
_META_OR_SLASH: Final = _META | {"/"}
_NOTHING: Final = (False, frozenset[int]())
_SYNTAX: Final = re.compile(
    r"(?:\\.|[^\\\[]|\[\^?(?:(?:\\.|[^\\\]-])(?:-(?:\\.|[^\\\]-]))?)+\])*", re.DOTALL
)
"""What Go's filepath.Match takes for a pattern."""

_PART: Final = r"[^*/\[\]\\^{|}]*(?:\*(?!\*)[^*/\[\]\\^{|}]*)?"
_QUICK: Final = re.compile(rf"(?:\*\*/)?(?:{_PART}/)*{_PART}(?:\*\*)?")
"""At most one `*` in each part, and `**` at the ends only: nothing to go back for."""
_MOST_QUICK: Final = 16

_SIGN: Final = re.compile(r"\*\*/?|\\.|.", re.DOTALL)
_SIGNS: Final = {"*": "[^/]*", "?": "[^/]", "[": "[", "]": "]"}
_ESCAPED: Final = frozenset(".+()$")
"""moby means to escape { | } too, but its table has no room for them."""

_INVALID_BYTES: Final = {code: 0x102000 + code for code in range(0xDC80, 0xDD00)}
"""Bytes of names that are no UTF-8, as characters of nobody: each fits `?` and itself, as in Go."""

_MOST_MEMORY: Final = 256 * 1024 * 1024
"""Bytes that the automaton of one list may take; ten thousand lines take a tenth of it."""

MOST_WILDCARDS: Final = 10_000
"""Patterns with wildcards in one list: each may cost its own time at each file."""

_MOST_FOLDERS: Final = 4096
"""Folders whose answer is remembered for what is in them."""

_TOO_MANY: Final = (
    f"One list holds more than {MOST_WILDCARDS:,} patterns with wildcards, or such that would take "
    f"more than {_MOST_MEMORY // 1024 // 1024} MiB to match. Name folders instead of files."
)


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
    """Patterns as one automaton. Raises EnvdplanError for a pattern that is none."""
    texts = tuple(cleaned for one in patterns if (cleaned := _cleaned(one)))
    exceptions = frozenset(at for at, text in enumerate(texts) if text.startswith("!"))
    return Patterns(texts, _matcher(texts, exceptions), bool(exceptions))


def single(pattern: str) -> Callable[[str], bool]:
    """Whether a name fits `pattern`, one part of a path. Raises EnvdplanError."""
    return _without_exceptions(_List.of((pattern,)))


def is_literal(pattern: str) -> bool:
    """Whether a pattern names one path only."""
    return not _META.intersection(pattern)


@dataclass(frozen=True, slots=True)
class _List:
    """Which of many patterns fit a path itself, by their numbers.

    Most lines of ignore files name a path or, behind `**/`, a name: these are looked up. All others
    are one automaton.
    """

    paths: Mapping[str, list[int]]
    names: Mapping[str, list[int]]
    others: Callable[[str], list[int]] | None

    @classmethod
    def of(cls, patterns: tuple[str, ...]) -> Self:
        """Raises EnvdplanError for a pattern that is none, or too many."""
        paths, names = defaultdict[str, list[int]](list), defaultdict[str, list[int]](list)
        others: dict[int, str] = {}
        for at, pattern in enumerate(patterns):
            if not _META.intersection(pattern):
                paths[pattern].append(at)
            elif pattern.startswith("**/") and not _META_OR_SLASH.intersection(pattern[3:]):
                names[pattern[3:]].append(at)
            else:
                others[at] = pattern
        return cls(dict(paths), dict(names), _others(others) if others else None)


def _matcher(texts: tuple[str, ...], exceptions: frozenset[int]) -> Callable[[str], bool]:
    if not texts:
        return lambda path: False  # noqa: ARG005  nothing fits
    patterns = _List.of(tuple(text.removeprefix("!") for text in texts))
    return _with_exceptions(patterns, exceptions) if exceptions else _without_exceptions(patterns)


def _without_exceptions(patterns: _List) -> Callable[[str], bool]:
    paths, names, others = patterns.paths, patterns.names, patterns.others

    @lru_cache(_MOST_FOLDERS)
    def folder_fits(folder: str) -> bool:
        return fits(folder)

    def fits(path: str) -> bool:
        folder, _, name = path.rpartition("/")
        if name in names or path in paths or (others is not None and others(path)):
            return True
        return folder != "" and folder_fits(folder)

    return fits


def _with_exceptions(patterns: _List, exceptions: frozenset[int]) -> Callable[[str], bool]:
    """As patternmatcher.MatchesUsingParentResults: one after the other, from the root downwards.

    A pattern that can change nothing is not asked, and so does not count as one that fits what
    is below: after `d/f`, `!d` does not bring `d/f` back.
    """
    paths, names, others = patterns.paths, patterns.names, patterns.others

    @lru_cache(_MOST_FOLDERS)
    def folder_result(folder: str) -> tuple[bool, frozenset[int]]:
        return result(folder)

    def result(path: str) -> tuple[bool, frozenset[int]]:
        folder, _, name = path.rpartition("/")
        above = folder_result(folder) if folder else _NOTHING
        own = [*paths.get(path, ()), *names.get(name, ()), *(others(path) if others else ())]
        return _judged(own, above[1], exceptions) if own else above

    return lambda path: result(path)[0]


def _judged(
    own: Iterable[int], inherited: frozenset[int], exceptions: frozenset[int]
) -> tuple[bool, frozenset[int]]:
    """Whether a path fits, by what fits it itself and its folder, and what counts below it."""
    matched, counting = False, set[int]()
    for at in sorted(inherited.union(own)):
        if at in inherited or (at in exceptions) == matched:
            matched = at not in exceptions
            counting.add(at)
    # the same set again, so that many folders that many patterns fit take no memory
    return matched, inherited if counting == inherited else frozenset(counting)


def _others(patterns: Mapping[int, str]) -> Callable[[str], list[int]]:
    """The numbers of the `patterns` that fit a path. Raises EnvdplanError.

    Asking the automaton costs half a microsecond. Where Python's engine can tell in less, and
    without going back, that nothing fits, it is asked first: most files are in no ignore file.
    """
    if len(patterns) > MOST_WILDCARDS:
        raise EnvdplanError("Too many patterns", _TOO_MANY)
    found = _automaton({at: _expression(one) for at, one in patterns.items()})
    if len(patterns) > _MOST_QUICK or not all(map(_QUICK.fullmatch, patterns.values())):
        return found
    may_fit = re.compile("|".join(map(_quick, patterns.values()))).match
    return lambda path: found(path) if may_fit(path) else []


def _quick(pattern: str) -> str:
    """The expression of a pattern without brackets and escapes in Python's words, to be matched."""
    kind, pieces = _pieces(pattern)
    match kind:
        case _Kind.PREFIX:
            return re.escape(pattern[:-2])
        case _Kind.SUFFIX:
            return rf"(?s:.*){re.escape(pattern[2:])}\Z|{re.escape(pattern[3:])}\Z"
    return "".join(pieces) + r"\Z"


def _automaton(expressions: Mapping[int, str]) -> Callable[[str], list[int]]:
    """The numbers of the `expressions` that are found in a path. Raises EnvdplanError."""
    import re2

    made = re2.Set.SearchSet(linear.options(memory=_MOST_MEMORY, captures=False))
    for expression in expressions.values():
        made.Add(expression)
    always = made.Add("")  # always found, unless RE2 gives up for want of memory
    try:
        made.Compile()
    except re2.error:
        raise EnvdplanError("Too many patterns", _TOO_MANY) from None
    numbers = tuple(expressions)

    def found(path: str) -> list[int]:
        try:
            places = made.Match(path.encode())
        except UnicodeEncodeError:
            places = made.Match(_readable(path).encode())
        if places is None or always not in places:
            raise EnvdplanError("Too many patterns", _TOO_MANY)
        return [numbers[at] for at in places if at != always]

    return found


def _cleaned(pattern: str) -> str:
    """As patternmatcher.New does: blanks, a leading slash and superfluous parts go."""
    text = pattern.strip()
    sign = ""
    if text.startswith("!"):
        sign, text = "!", text[1:].strip()
        if not text:
            raise _bad("!", "nothing stands behind it")
    if not text:
        return ""
    text = os.path.normpath(text)
    if len(text) > 1:
        text = text.lstrip("/")
    if not sign and text.startswith("!"):
        text = f"\\{text}"  # `/!a` names a file, it is no exception
    return sign + text


def _expression(pattern: str) -> str:
    """The regular expression of a pattern, to be searched for. Raises EnvdplanError."""
    if not _SYNTAX.fullmatch(pattern):
        raise _bad(pattern, "a bracket or a backslash in it is incomplete")
    made = _translated(_readable(pattern))
    try:
        linear.compiled(made)
    except linear.BadExpression as error:
        raise _bad(pattern, str(error)) from None
    return made


class _Kind(Enum):
    """How moby compares a pattern: only the last kind is a regular expression there."""

    EXACT = auto()
    PREFIX = auto()
    SUFFIX = auto()
    EXPRESSION = auto()


def _translated(pattern: str) -> str:
    """What is searched for, as in moby's Pattern.match."""
    kind, pieces = _pieces(pattern)
    match kind:
        case _Kind.EXACT:
            return f"^{re.escape(pattern)}$"
        case _Kind.PREFIX:
            return f"^{re.escape(pattern[:-2])}"
        case _Kind.SUFFIX if pattern.startswith("**/"):
            return f"(?:^|/){re.escape(pattern[3:])}$"
        case _Kind.SUFFIX:
            return f"{re.escape(pattern[2:])}$"
    return f"^{''.join(pieces)}$"


def _pieces(pattern: str) -> tuple[_Kind, list[str]]:
    """The kind and the parts of the expression, rule by rule as in moby's Pattern.compile."""
    kind, made = _Kind.EXACT, list[str]()
    signs = _SIGN.findall(pattern)
    for at, sign in enumerate(signs):
        is_last = at + 1 == len(signs)
        if sign.startswith("**"):
            kind = _after_stars(kind, is_first=at == 0, is_last=is_last)
            made.append(".*" if is_last else "(.*/)?")
        elif sign in _SIGNS or sign.startswith("\\"):
            kind = _Kind.EXPRESSION
            made.append(_SIGNS.get(sign, sign))
        else:
            made.append(f"\\{sign}" if sign in _ESCAPED else sign)
    return kind, made


def _after_stars(kind: _Kind, *, is_first: bool, is_last: bool) -> _Kind:
    if is_first:
        return _Kind.SUFFIX
    return _Kind.PREFIX if is_last and kind is _Kind.EXACT else _Kind.EXPRESSION


def _readable(text: str) -> str:
    return text.translate(_INVALID_BYTES)


def _bad(pattern: str, reason: str) -> EnvdplanError:
    return EnvdplanError("Invalid ignore pattern", f"{pattern[:200]}: {reason}.")
