"""printf-like formatting, with the verbs of Terraform."""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from envdplan.config.context import Function
from envdplan.config.conversion import to_bool, to_number, to_string
from envdplan.config.functions.encoding import jsonencode
from envdplan.config.problems import ConversionError, FunctionError
from envdplan.values import Value

_VERB: Final = re.compile(r"%(?:%|([-+ 0#]*)(\d+)?(?:\.(\d+))?(?:\[(\d+)\])?([a-zA-Z]))")
_WIDEST: Final = 10_000
_MAX_TEXT: Final = 16 * 1024 * 1024


def _format(format: str, *arguments: Value) -> str:
    pieces: list[str] = []
    at = used = 0
    for match in _VERB.finditer(format):
        between = format[at : match.start()]
        _check_plain(between)
        pieces.append(between)
        at = match.end()
        if match.group() == "%%":
            pieces.append("%")
            continue
        flags, width, precision, index, verb = match.groups()
        number = int(index) - 1 if index else used
        used = number + 1
        if not 0 <= number < len(arguments):
            raise FunctionError(f"there is no argument for {match.group()}", 0)
        pieces.append(_formatted(arguments[number], flags, width, precision, verb, number + 1))
    _check_plain(format[at:])
    if used < len(arguments) and "[" not in format:
        raise FunctionError(f"there are {len(arguments)} arguments for {used} verbs", used + 1)
    text = "".join((*pieces, format[at:]))
    if len(text) > _MAX_TEXT:
        raise FunctionError(f"the result has more than {_MAX_TEXT} characters")
    return text


def _check_plain(text: str) -> None:
    if "%" in text:
        raise FunctionError("a % stands alone; write %% for a percent sign", 0)


def _formatted(
    value: Value,
    flags: str,
    width: str | None,
    precision: str | None,
    verb: str,
    argument: int,
) -> str:
    if int(width or 0) > _WIDEST or int(precision or 0) > _WIDEST:
        raise FunctionError(f"a width is at most {_WIDEST}", 0)
    try:
        text = _text(value, flags, precision, verb)
    except ConversionError as error:
        raise FunctionError(f"%{verb}: {error.message}", argument) from None
    size = int(width or 0)
    if "-" in flags:
        return text.ljust(size)
    if "0" in flags and verb not in "sqv":
        sign = text[0] if text[:1] in ("+", "-") else ""
        return sign + text[len(sign) :].rjust(size - len(sign), "0")
    return text.rjust(size)


def _text(value: Value, flags: str, precision: str | None, verb: str) -> str:
    if verb == "v":
        verb = _natural(value)
    match verb:
        case "s":
            text = to_string(value) if value is not None else "null"
            return text if precision is None else text[: int(precision)]
        case "q":
            return jsonencode(to_string(value))
        case "t":
            return "true" if to_bool(value) else "false"
        case "j":
            return jsonencode(value)
        case "d" | "b" | "o" | "x" | "X":
            number = to_number(value)
            if not isinstance(number, int):
                raise ConversionError("a whole number is required")
            return _signed(format(abs(number), verb), flags, negative=number < 0)
        case "e" | "E" | "f" | "g" | "G":
            return _real(to_number(value), flags, precision, verb)
    raise FunctionError(f"%{verb} is no verb: there are v, s, q, t, d, b, o, x, e, f and g", 0)


def _natural(value: Value) -> str:
    if isinstance(value, bool):
        return "t"
    if isinstance(value, str):
        return "s"
    if isinstance(value, int | Decimal):
        return "d" if isinstance(value, int) else "g"
    return "j"


def _real(number: int | Decimal, flags: str, precision: str | None, verb: str) -> str:
    places = "" if precision is None and verb in "gG" else f".{precision or 6}"
    if verb in "gG" and precision is None:
        return _signed(to_string(abs(Decimal(number))), flags, negative=number < 0)
    return _signed(format(abs(Decimal(number)), f"{places}{verb}"), flags, negative=number < 0)


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
