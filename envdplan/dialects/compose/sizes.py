"""Sizes in memory: 64m, 1.5 GiB, and how docker writes them."""

import math
import re
from typing import Final

_SIZE: Final = re.compile(
    r"(\+?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:e[-+]?[0-9]+)?) ?([a-z]?)(i?b)?", re.IGNORECASE
)
_UNITS: Final = ("", "k", "m", "g", "t", "p")
_NAMES: Final = ("B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB")
_STEP: Final = 1024.0
_LARGEST: Final = 2.0**63 - 1024


def parsed(text: str) -> int | None:
    """The bytes of a size with or without a unit; None when it is no size."""
    match = _SIZE.fullmatch(text)
    unit = match[2].lower() if match else "?"
    if match is None or unit not in (*_UNITS, "b") or (unit == "b" and match[3]):
        return None
    size = float(match[1]) * _STEP ** (_UNITS.index(unit) if unit in _UNITS else 0)
    return int(size) if size <= _LARGEST else None


def shown(size: int) -> str:
    """A number of bytes with four digits in the largest unit that fits."""
    amount, unit = float(size), 0
    while amount >= _STEP and unit < len(_NAMES) - 1:
        amount /= _STEP
        unit += 1
    return f"{_four_digits(amount)}{_NAMES[unit]}"


def _four_digits(amount: float) -> str:
    places = 3 - math.floor(math.log10(amount)) if amount else 0
    text = f"{amount:.{max(places, 0)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
