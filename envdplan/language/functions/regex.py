"""Regular expressions: RE2, whose syntax and meaning Terraform's and bake's engine has too.

It takes time in proportion to the text, whatever the pattern.
"""

import re
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from envdplan.ground.linear import BadExpression, Expression, compiled
from envdplan.ground.values import Value
from envdplan.language.evaluation.context import Function
from envdplan.language.evaluation.problems import FunctionError

_LONGEST_TEXT: Final = 1024 * 1024
_LONGEST_RESULT: Final = 16 * _LONGEST_TEXT

_ONE_BYTE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\C")
"""RE2 can tear a character apart; Go's engine refuses to."""

_Match: TypeAlias = Any


def _compiled(pattern: str) -> Expression:
    try:
        found = compiled(pattern)
    except BadExpression as error:
        raise FunctionError(f"this is not a regular expression: {error}", 0) from None
    if _ONE_BYTE.search(pattern):
        raise FunctionError("this is not a regular expression: invalid escape sequence: \\C", 0)
    return found


def _matches(pattern: str, text: str) -> Iterator[_Match]:
    """Every match, as Go finds them: an empty one right behind another is none."""
    if len(text) > _LONGEST_TEXT:
        raise FunctionError(f"the text has more than {_LONGEST_TEXT} characters", 1)
    end = -1
    for match in _compiled(pattern).finditer(text):
        if match.end() > match.start() or match.start() != end:
            yield match
        end = match.end()


def _captures(pattern: str, text: str) -> Iterator[Value]:
    found = _compiled(pattern)
    if 0 < len(found.groupindex) < found.groups:
        raise FunctionError("either all groups have names, or none", 0)
    yield from map(_captured, _matches(pattern, text))


def _captured(match: _Match) -> Value:
    """The match; with groups a list of them, or an object where they have names."""
    if match.re.groupindex:
        return dict(sorted(match.groupdict().items()))
    return match.groups() if match.re.groups else match.group()


def _regex(pattern: str, text: str) -> Value:
    for found in _captures(pattern, text):
        return found
    raise FunctionError("the pattern does not match the text", 1)


def _regexall(pattern: str, text: str) -> Value:
    return tuple(_captures(pattern, text))


def _replace(text: str, part: str, by: str) -> str:
    """Between slashes `part` is a regular expression, and `$1` or `${name}` mean its groups."""
    if len(part) > 1 and part.startswith("/") and part.endswith("/"):
        return _substituted(text, part[1:-1], by)
    if part == "" and len(text) * len(by) > _LONGEST_RESULT:
        raise FunctionError("the result is too long", 2)
    return text.replace(part, by)


def _substituted(text: str, pattern: str, by: str) -> str:
    pieces: list[str] = []
    at = length = 0
    for match in _matches(pattern, text):
        pieces += (text[at : match.start()], _expanded(match, by))
        at = match.end()
        length += len(pieces[-1])
        if length > _LONGEST_RESULT:
            raise FunctionError("the result is too long", 2)
    return "".join((*pieces, text[at:]))


_GROUP: Final = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})")
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,7}")


def _expanded(match: _Match, by: str) -> str:
    def group(found: "re.Match[str]") -> str:
        name = found.group(1) or found.group(2)
        if name is None:
            return "$"
        number = int(name) if _NUMBER.fullmatch(name) else match.re.groupindex.get(name, -1)
        return (match.group(number) or "") if 0 <= number <= match.re.groups else ""

    return _GROUP.sub(group, by)


FUNCTIONS: Final = (
    Function(
        "regex(pattern: string, text: string) -> any",
        "The first match of a regular expression: the text, or its groups.",
        'regex("([a-z]+)([0-9]+)", "ab12")',
        '["ab", "12"]',
        _regex,
    ),
    Function(
        "regexall(pattern: string, text: string) -> list",
        "All matches of a regular expression.",
        'regexall("[0-9]+", "a1b22")',
        '["1", "22"]',
        _regexall,
    ),
    Function(
        "regex_replace(text: string, pattern: string, by: string) -> string",
        "Text with all matches of a regular expression replaced; $1 or ${name} mean its groups.",
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
