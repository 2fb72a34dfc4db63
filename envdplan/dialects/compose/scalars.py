"""Scalars without quotes as compose reads them, and as it writes them into arguments.

Its YAML library knows the numbers of YAML 1.1 (017 is 15, 0b11 is 3, 1_000 is 1000), but only the
bools of 1.2: `yes` and `on` are strings.
"""

import math
import re
from decimal import Decimal
from typing import Final

from envdplan.dialects.compose.tree import Moment, Plain

_CONSTANTS: Final[dict[str, Plain]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INTEGER: Final = re.compile(
    r"(?P<sign>[-+]?)(?:0[xX](?P<hex>[0-9a-fA-F]+)|0[bB](?P<binary>[01]+)"
    r"|0[oO]?(?P<octal>[0-7]+)|(?P<decimal>0|[1-9][0-9]*))"
)
_BASES: Final = (("hex", 16), ("binary", 2), ("octal", 8), ("decimal", 10))
_FLOAT: Final = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_MOMENT: Final = re.compile(
    r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:"
    r"[Tt][0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]+)?(?:Z|[-+][0-9]{2}:[0-9]{2})"
    r"| [0-9]{1,2}:[0-9]{1,2}:[0-9]{1,2}(?:\.[0-9]+)?)?"
)
_SMALLEST, _LARGEST = -(2**63), 2**64 - 1
_DIGITS_OF_INTEGERS: Final = 64
_PLAIN_EXPONENTS: Final = range(-4, 6)


def plain(text: str) -> Plain:
    """The value of a scalar without quotes."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in "+-.0123456789":
        return text
    if _MOMENT.fullmatch(text):
        return Moment(text)
    number = _number(text.replace("_", "") if text[0] != "." else text)
    return text if number is None else number


def _number(text: str) -> int | float | None:
    match = _INTEGER.fullmatch(text)
    if match is not None and len(text) <= _DIGITS_OF_INTEGERS + 3:
        value = _integer(match)
        if _SMALLEST <= value <= _LARGEST:
            return value
    if not _FLOAT.fullmatch(text):
        return None
    number = float(text)
    return None if math.isinf(number) else number


def _integer(match: re.Match[str]) -> int:
    digits, base = next((match[n], base) for n, base in _BASES if match[n] is not None)
    value = int(digits, base)
    return -value if match["sign"] == "-" else value


def written(value: Plain) -> str:
    """A value as the text that compose makes of it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float(value)
    return "" if value is None else str(value)


def _float(value: float) -> str:
    """The shortest digits that mean the number; large and small ones with an exponent."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    first = len(digits) - 1 + int(exponent)
    if not any(digits) or first in _PLAIN_EXPONENTS:
        return "-0" if sign and not any(digits) else format(Decimal(repr(value)).normalize(), "f")
    rest = "".join(map(str, digits[1:]))
    mantissa = f"{digits[0]}.{rest}" if rest else str(digits[0])
    return f"{'-' if sign else ''}{mantissa}e{'-' if first < 0 else '+'}{abs(first):02}"
