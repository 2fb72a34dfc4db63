"""Colors as a function from text to text; without colors it changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

_CODES: Final = {
    "bold": "1",
    "dim": "2",
    "red": "31",
    "green": "32",
    "yellow": "33",
    "cyan": "36",
}

Paint = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Style:
    """Paints text, when `color` is set."""

    color: bool

    def __call__(self, text: str, *names: str) -> str:
        """`text` in the colors `names`."""
        if not self.color or not text or not names:
            return text
        codes = ";".join(_CODES[name] for name in names)
        return f"\x1b[{codes}m{text}\x1b[0m"


def safe(text: str) -> str:
    """`text` without anything that could command a terminal; line ends and tabs stay."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in "\n\t" else char.encode("unicode_escape").decode()
        for char in text
    )
