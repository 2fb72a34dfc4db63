"""Regular expressions: Python's, which take nearly all that Go's RE2 takes."""

import re
from typing import Final

from envdplan.config.context import Function
from envdplan.config.functions.re2 import to_python
from envdplan.config.problems import FunctionError
from envdplan.values import Value

_LONGEST_TEXT: Final = 1024 * 1024
_NESTED: Final = re.compile(r"\([^()]*[*+][^()]*\)\s*(?:[*+]|\{\d+,)")


def _compiled(pattern: str) -> "re.Pattern[str]":
    """Python's engine backtracks: what could take for ever (a repeat of a repeat) is refused."""
    if _NESTED.search(pattern):
        raise FunctionError("a repeated group must not hold a repeat itself", 0)
    try:
        found = re.compile(to_python(pattern), re.ASCII)
    except (re.error, RecursionError, OverflowError) as error:
        raise FunctionError(f"this is no regular expression: {error}", 0) from None
    if 0 < len(found.groupindex) < found.groups:
        raise FunctionError("either all groups have names, or none", 0)
    return found


def _check(text: str) -> str:
    if len(text) > _LONGEST_TEXT:
        raise FunctionError(f"the text has more than {_LONGEST_TEXT} characters", 1)
    return text


def _captured(match: "re.Match[str]") -> Value:
    """The match; with groups a list of them, or an object where they have names."""
    if match.re.groupindex:
        return dict(sorted(match.groupdict().items()))
    return match.groups() if match.re.groups else match.group()


def _regex(pattern: str, text: str) -> Value:
    match = _compiled(pattern).search(_check(text))
    if match is None:
        raise FunctionError("the pattern does not fit anywhere in the text", 1)
    return _captured(match)


def _regexall(pattern: str, text: str) -> Value:
    return tuple(map(_captured, _compiled(pattern).finditer(_check(text))))


def _replace(text: str, part: str, by: str) -> str:
    """Between slashes `part` is a regular expression, and `$1` or `${name}` mean its groups."""
    if len(part) > 1 and part.startswith("/") and part.endswith("/"):
        return _substituted(text, part[1:-1], by)
    if part == "" and len(text) * len(by) > _LONGEST_TEXT * 16:
        raise FunctionError("the result is too long", 2)
    return text.replace(part, by)


def _substituted(text: str, pattern: str, by: str) -> str:
    found = _compiled(pattern)
    return found.sub(lambda match: _expanded(match, by), _check(text))


_GROUP: Final = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})")


def _expanded(match: "re.Match[str]", by: str) -> str:
    def group(found: "re.Match[str]") -> str:
        name = found.group(1) or found.group(2)
        if name is None:
            return "$"
        try:
            return match.group(int(name) if name.isdigit() else name) or ""
        except IndexError:
            return ""

    return _GROUP.sub(group, by)


FUNCTIONS: Final = (
    Function(
        "regex(pattern: string, text: string) -> any",
        "Where a regular expression fits: the text, or its groups.",
        'regex("([a-z]+)([0-9]+)", "ab12")',
        '["ab", "12"]',
        _regex,
    ),
    Function(
        "regexall(pattern: string, text: string) -> list",
        "Everywhere that a regular expression fits.",
        'regexall("[0-9]+", "a1b22")',
        '["1", "22"]',
        _regexall,
    ),
    Function(
        "regex_replace(text: string, pattern: string, by: string) -> string",
        "Text with whatever fits a regular expression replaced; $1 or ${name} mean its groups.",
        'regex_replace("a1b22", "[0-9]+", "#")',
        '"a#b#"',
        _substituted,
    ),
    Function(
        "replace(text: string, part: string, by: string) -> string",
        "Text with parts replaced; a part between slashes is a regular expression.",
        'replace("a-b", "/([a-z])-([a-z])/", "$2-$1")',
        '"b-a"',
        _replace,
    ),
)
