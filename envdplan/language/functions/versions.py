"""Semantic versions (semver.org 2.0.0)."""

import re
from typing import Final

from envdplan.language.evaluation.context import Function
from envdplan.language.evaluation.problems import FunctionError

_VERSION: Final = re.compile(
    r"v?(\d+)(?:\.(\d+))?(?:\.(\d+))?(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?"
)
_CONSTRAINT: Final = re.compile(r"(<=|>=|!=|<|>|=|\^|~>|~)?\s*([^\s<>=!^~]\S*)")
_Key = tuple[int, int, int, tuple[tuple[int, int, str], ...], int]


def _key(text: str, argument: int) -> _Key:
    match = _VERSION.fullmatch(text.strip())
    if match is None or len(text) > 256:  # noqa: PLR2004  nobody has longer ones
        raise FunctionError(f'"{text[:40]}" is not a version such as 1.2.3', argument)
    major, minor, patch, pre = match.groups()
    parts = tuple(_part(one) for one in pre.split(".")) if pre else ()
    return (int(major), int(minor or 0), int(patch or 0), parts, 0 if pre else 1)


def _part(text: str) -> tuple[int, int, str]:
    return (0, int(text), "") if text.isdigit() else (1, 0, text)


def _order(key: _Key) -> tuple[int, int, int, int, tuple[tuple[int, int, str], ...]]:
    """A release comes after its previews."""
    return (*key[:3], key[4], key[3])


def _semvercmp(version: str, constraint: str) -> bool:
    """Constraints joined by commas or blanks must all hold; `||` separates alternatives."""
    found = _key(version, 0)
    return any(
        all(_holds(found, *one) for one in _CONSTRAINT.findall(part.replace(",", " ")))
        for part in constraint.split("||")
    )


def _holds(found: _Key, operator: str, text: str) -> bool:
    wanted = _key(text, 1)
    left, right = _order(found), _order(wanted)
    match operator:
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case "!=":
            return left != right
        case "^":
            fixed = 1 if wanted[0] else 2
            return left >= right and found[:fixed] == wanted[:fixed]
        case "~" | "~>":
            fixed = max(1, text.count(".")) if operator == "~>" else 2
            return left >= right and found[:fixed] == wanted[:fixed]
    return left == right


FUNCTIONS: Final = (
    Function(
        "semvercmp(version: string, constraint: string) -> bool",
        "Whether a version meets a constraint with =, !=, <, <=, >, >=, ^ or ~.",
        'semvercmp("1.2.3", ">= 1.2, < 2")',
        "true",
        _semvercmp,
    ),
)
