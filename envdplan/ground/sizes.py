"""Sizes in words: `256m` is 268435456 bytes, as Docker reads them."""

import re
from decimal import Decimal
from typing import Final

_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?)\s*([bkmg]?)i?b?", re.IGNORECASE)
_POWERS: Final = {"": 0, "b": 0, "k": 1, "m": 2, "g": 3}


def size_in_bytes(text: str) -> int:
    """Bytes; units are powers of 1024. ValueError for what is no size."""
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a size such as 256m")
    number, unit = match.groups()
    return int(Decimal(number) * 1024 ** _POWERS[unit.lower()])
