"""Go's regular expressions, RE2, in the words of Python's `re`, as far as it has them."""

import re
from typing import Final

_CLASSES: Final = {
    "alnum": "0-9A-Za-z",
    "alpha": "A-Za-z",
    "ascii": r"\x00-\x7f",
    "blank": r"\t ",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\t\n\v\f\r ",
    "upper": "A-Z",
    "word": "0-9A-Za-z_",
    "xdigit": "0-9A-Fa-f",
}
_TOKEN: Final = re.compile(
    r"\\Q(?P<quoted>.*?)(?:\\E|\Z)|(?P<escape>\\.)|\[:(?P<posix>[a-z]+):\]"
    r"|(?P<open>\[\^?\]?)|(?P<close>\])|(?P<other>.)",
    re.DOTALL,
)


def to_python(pattern: str) -> str:
    """`pattern` for `re.compile`. Inside of brackets Python warns of what Go takes as it is."""
    made: list[str] = []
    inside = False
    for match in _TOKEN.finditer(pattern):
        kind, text = match.lastgroup, match.group()
        if kind == "quoted":
            made.append(re.escape(match["quoted"]))
        elif kind == "posix" and inside and match["posix"] in _CLASSES:
            made.append(_CLASSES[match["posix"]])
        elif kind in ("open", "posix") and not inside:
            made.append(text if kind == "open" else _literal(text))
            inside = kind == "open"
        elif kind == "close":
            made.append("]" if inside else r"\]")
            inside = False
        else:
            made.append(_one(text, pattern[match.end() :], inside=inside))
    return "".join(made)


def _literal(text: str) -> str:
    """`[:x:]` outside of brackets is a set of its characters."""
    return f"[{re.escape(text[1:-1])}]"


def _one(text: str, rest: str, *, inside: bool) -> str:
    if text == r"\z":
        return r"\Z"
    if inside:
        return "".join(rf"\{one}" if one in "[&|~" else one for one in text)
    return r"\{" if text == "{" and rest.startswith(",") else text
