"""Strings and references in the syntax of HCL."""

import re
from typing import Final

from envdplan.language.evaluation.references import static_path
from envdplan.language.syntax.document import Expression

_ESCAPES: Final = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SPECIAL: Final = re.compile(r'["\\\x00-\x1f\x7f\x85\u2028\u2029\ufeff]')
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def lines(text: str) -> str:
    """`text` as the value of an attribute: a heredoc where there are several lines."""
    if text.endswith("\n") and text.count("\n") > 1 and not _SPECIAL.search(_printable(text)):
        return _heredoc(text)
    return quoted(text)


def quoted(text: str) -> str:
    """`text` in double quotes; what would be a template is escaped."""
    escaped = _SPECIAL.sub(lambda found: _escape(found.group()), text)
    return f'"{_without_templates(escaped)}"'


def _printable(text: str) -> str:
    """`text` without what is a special character in quotes only."""
    return re.sub(r'[\n\t"\\]', "", text)


def _heredoc(text: str) -> str:
    taken = {line.strip() for line in text.splitlines()}
    word = "EOT"
    while word in taken:
        word += "_"
    return f"<<{word}\n{_without_templates(text)}{word}"


def _escape(char: str) -> str:
    return _ESCAPES.get(char, f"\\u{ord(char):04x}")


def _without_templates(text: str) -> str:
    return text.replace("${", "$${").replace("%{", "%%{")


def reference(expression: Expression) -> str:
    """`build.NAME`; a name that is no word stands in brackets. Raises ValueError."""
    path = static_path(expression)
    if path is None:
        raise ValueError(f"not a reference: {expression}")
    root, *steps = path
    words = [f".{one}" if _NAME.fullmatch(one) else f"[{quoted(one)}]" for one in steps]
    return f"{root}{''.join(words)}"
