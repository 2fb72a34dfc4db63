"""printf-like formatting, with the verbs of Terraform."""

import re
from collections.abc import Sequence
from decimal import Context, Decimal
from typing import Final

from envdplan.ground.values import Value
from envdplan.language.evaluation.context import Function
from envdplan.language.evaluation.problems import ConversionError, FunctionError
from envdplan.language.functions.encoding import jsonencode
from envdplan.language.types.conversion import to_bool, to_number, to_string

_VERB: Final = re.compile(r"%(?:%|([-+ 0#]*)(\d+)?(?:\.(\d+))?(?:\[(\d+)\])?([a-zA-Z]))")
_WIDEST: Final = 10_000
_WIDE: Final = Context(prec=20_000)
_MAX_TEXT: Final = 16 * 1024 * 1024


def _format(format: str, *arguments: Value) -> str:
    pieces: list[str] = []
    at = next_one = used = 0
    for match in _VERB.finditer(format):
        between = format[at : match.start()]
        _check_plain(between)
        pieces.append(between)
        at = match.end()
        if match.group() == "%%":
            pieces.append("%")
            continue
        flags, width, precision, index, verb = match.groups()
        number = int(index) - 1 if index else next_one
        next_one = number + 1
        used = max(used, next_one)
        if not 0 <= number < len(arguments):
            raise FunctionError(f"there is no argument for {match.group()}", 0)
        pieces.append(_formatted(arguments[number], flags, width, precision, verb, number + 1))
    _check_plain(format[at:])
    if used < len(arguments):
        raise FunctionError(f"there are {len(arguments)} arguments for {used} verbs", used + 1)
    text = "".join((*pieces, format[at:]))
    if len(text) > _MAX_TEXT:
        raise FunctionError(f"the result has more than {_MAX_TEXT} characters")
    return text


def _check_plain(text: str) -> None:
    if "%" in text:
        raise FunctionError("a % needs a verb; write %% for a percent sign", 0)


def _formatted(
    value: Value,
    flags: str,
    width: str | None,
    precision: str | None,
    verb: str,
    argument: int,
) -> str:
    if value is None and verb != "v":
        raise FunctionError(f"%{verb}: null cannot be formatted; %v writes it as null", argument)
    if int(width or 0) > _WIDEST or int(precision or 0) > _WIDEST:
        raise FunctionError(f"a width is at most {_WIDEST}", 0)
    try:
        text = _text(value, flags, precision, verb)
    except ConversionError as error:
        raise FunctionError(f"%{verb}: {error.message}", argument) from None
    size = int(width or 0)
    if "-" in flags:
        return text.ljust(size)
    if "0" in flags:
        sign = text[0] if text[:1] in ("+", "-") else ""
        return sign + text[len(sign) :].rjust(size - len(sign), "0")
    return text.rjust(size)


def _text(value: Value, flags: str, precision: str | None, verb: str) -> str:
    if verb == "v":
        verb = "j" if "#" in flags else _natural(value)
    match verb:
        case "s":
            text = to_string(value)
            return text if precision is None else text[: int(precision)]
        case "q":
            return jsonencode(to_string(value))
        case "t":
            return "true" if to_bool(value) else "false"
        case "j":
            return jsonencode(value)
        case "d" | "b" | "o" | "x" | "X":
            return _whole(to_number(value), flags, verb)
        case "e" | "E" | "f" | "F" | "g" | "G":
            return _real(to_number(value), flags, precision, verb)
    raise FunctionError(f"%{verb} is not a verb: there are v, s, q, t, d, b, o, x, e, f and g", 0)


def _natural(value: Value) -> str:
    if isinstance(value, bool):
        return "t"
    if isinstance(value, str):
        return "s"
    return "g" if isinstance(value, int | Decimal) else "j"


_PREFIXES: Final = {"b": "0b", "o": "0", "x": "0x", "X": "0X"}


def _whole(number: int | Decimal, flags: str, verb: str) -> str:
    if not isinstance(number, int):
        raise ConversionError("a whole number is required")
    prefix = _PREFIXES.get(verb, "") if "#" in flags else ""
    return _signed(prefix + format(abs(number), verb), flags, negative=number < 0)


_SHORTEST: Final = 6
"""Digits before the point from which Go's %v and %g write an exponent, as in 1e+06."""


def _real(number: int | Decimal, flags: str, precision: str | None, verb: str) -> str:
    size, lower = Decimal(number).copy_abs(), verb.lower()
    if lower == "f":
        text = format(size, f".{precision or 6}f")
    elif lower == "e":
        text = _scientific(size, int(precision or 6))
    else:
        text = _general(size, None if precision is None else max(int(precision), 1))
    return _signed(text.upper() if verb.isupper() else text, flags, negative=number < 0)


def _general(size: Decimal, digits: int | None) -> str:
    """So many digits, or all that there are; with an exponent where it is far from zero."""
    if digits is not None and size:
        size = Context(prec=digits).plus(size)
    exponent = size.adjusted() if size else 0
    if -5 < exponent < (_SHORTEST if digits is None else digits):  # noqa: PLR2004  as in C
        return to_string(size)
    return _scientific(size, len(size.normalize(_WIDE).as_tuple().digits) - 1)


def _scientific(size: Decimal, places: int) -> str:
    """One digit, so many behind the point, and an exponent of at least two."""
    size = Context(prec=places + 1).plus(size)
    exponent = size.adjusted() if size else 0
    mantissa = format(size.scaleb(-exponent, _WIDE), f".{places}f")
    return f"{mantissa}e{'-' if exponent < 0 else '+'}{abs(exponent):02}"


def _signed(text: str, flags: str, *, negative: bool) -> str:
    if negative:
        return f"-{text}"
    return f"+{text}" if "+" in flags else f" {text}" if " " in flags else text


def _formatlist(format: str, *arguments: Value) -> tuple[str, ...]:
    """One text for each element; what is no list stands in all of them."""
    lists = [one for one in arguments if isinstance(one, tuple)]
    lengths = {len(one) for one in lists}
    if len(lengths) > 1:
        raise FunctionError("the lists have different lengths", 1)
    count = next(iter(lengths), 1)
    return tuple(_format(format, *_row(arguments, index)) for index in range(count))


def _row(arguments: Sequence[Value], index: int) -> list[Value]:
    return [one[index] if isinstance(one, tuple) else one for one in arguments]


FUNCTIONS: Final = (
    Function(
        "format(format: string, values...: any) -> string",
        "Text with values in it: %s %d %t %q %v %x %f and widths, as in Go.",
        'format("%s-%03d", "a", 7)',
        '"a-007"',
        _format,
    ),
    Function(
        "formatlist(format: string, values...: any) -> list",
        "As format, for each element of the lists among the values.",
        'formatlist("%s!", ["a", "b"])',
        '["a!", "b!"]',
        _formatlist,
    ),
)
