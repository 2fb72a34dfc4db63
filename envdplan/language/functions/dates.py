"""Moments, as RFC 3339 has them, and lengths of time."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from envdplan.ground.values import Value
from envdplan.language.evaluation.context import Context, Function
from envdplan.language.evaluation.problems import ConversionError, FunctionError
from envdplan.language.types.conversion import to_number
from envdplan.language.types.numbers import Number

_RFC3339: Final = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt](\d{2}:\d{2}:\d{2})(\.\d+)?([Zz]|[+-]\d{2}:\d{2})"
)
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(h|ms|us|µs|ns|m|s)")
_SECONDS: Final = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_SECONDS_TEXT: Final = re.compile(r"-?\d+")
_TOKEN: Final = re.compile(r"'(?:[^']|'')*'|([A-Za-z])\1*|[^A-Za-z']+")


def _parse(text: str, argument: int) -> datetime:
    if _RFC3339.fullmatch(text):
        try:
            return datetime.fromisoformat(text.upper())
        except ValueError:
            pass
    shown = text[:40]
    raise FunctionError(f'"{shown}" is not a timestamp such as 2026-01-31T12:00:00Z', argument)


def _show(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _duration(text: str) -> timedelta:
    sign = -1 if text.startswith("-") else 1
    bare = text.lstrip("+-")
    parts = _DURATION.findall(bare)
    if not parts or "".join(number + unit for number, unit in parts) != bare:
        raise FunctionError(f'"{text[:40]}" is not a duration such as 1h30m', 1)
    try:
        return timedelta(seconds=sign * sum(float(n) * _SECONDS[u] for n, u in parts))
    except OverflowError:
        raise FunctionError("the duration is too long", 1) from None


def _timeadd(moment: str, duration: str) -> str:
    try:
        return _show(_parse(moment, 0) + _duration(duration))
    except OverflowError:
        raise FunctionError("the timestamp is out of range", 1) from None


def _timecmp(one: str, other: str) -> int:
    left, right = _parse(one, 0), _parse(other, 1)
    return (left > right) - (left < right)


def _zone(moment: datetime, sign: str, zero: str) -> str:
    offset = moment.utcoffset() or timedelta()
    minutes = int(offset.total_seconds() // 60)
    if not minutes and zero:
        return zero
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}{sign}{rest:02}"


def _token(moment: datetime, token: str) -> str:
    hour12 = moment.hour % 12 or 12
    made = {
        "YYYY": f"{moment.year:04}",
        "YY": f"{moment.year % 100:02}",
        "MMMM": moment.strftime("%B"),
        "MMM": moment.strftime("%b"),
        "MM": f"{moment.month:02}",
        "M": str(moment.month),
        "DD": f"{moment.day:02}",
        "D": str(moment.day),
        "EEEE": moment.strftime("%A"),
        "EEE": moment.strftime("%a"),
        "hh": f"{moment.hour:02}",
        "h": str(moment.hour),
        "HH": f"{hour12:02}",
        "H": str(hour12),
        "AA": "AM" if moment.hour < 12 else "PM",  # noqa: PLR2004  noon
        "aa": "am" if moment.hour < 12 else "pm",  # noqa: PLR2004  noon
        "mm": f"{moment.minute:02}",
        "m": str(moment.minute),
        "ss": f"{moment.second:02}",
        "s": str(moment.second),
        "ZZZZZ": _zone(moment, ":", ""),
        "ZZZZ": _zone(moment, "", ""),
        "ZZZ": _zone(moment, "", "UTC"),
        "Z": _zone(moment, ":", "Z"),
    }
    if token not in made:
        raise FunctionError(f'"{token}" is not part of a date; quote text with apostrophes', 0)
    return made[token]


def _formatdate(format: str, moment: str) -> str:
    parsed = _parse(moment, 1)
    pieces: list[str] = []
    at = 0
    for match in _TOKEN.finditer(format):
        if match.start() != at:
            break
        at = match.end()
        text = match.group()
        if text.startswith("'"):
            pieces.append(text[1:-1].replace("''", "'") or "'")
        else:
            pieces.append(_token(parsed, text) if text[0].isalpha() else text)
    if at != len(format):
        raise FunctionError("an apostrophe is not closed", 0)
    return "".join(pieces)


def _since_1970(seconds: Number, argument: int) -> datetime:
    if not isinstance(seconds, int):
        raise FunctionError("seconds since 1970 are a whole number", argument)
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        raise FunctionError("the timestamp is out of range", argument) from None


def _formattimestamp(format: str, moment: Value) -> str:
    """Of a moment, or of seconds since 1970 as SOURCE_DATE_EPOCH has them."""
    if isinstance(moment, str) and not _SECONDS_TEXT.fullmatch(moment):
        return _formatdate(format, moment)
    try:
        seconds = to_number(moment)
    except ConversionError as error:
        raise FunctionError(error.message, 1) from None
    return _formatdate(format, _show(_since_1970(seconds, 1)))


def _unixtimestampparse(seconds: Number) -> Value:
    moment = _since_1970(seconds, 0)
    iso_year, iso_week, _ = moment.isocalendar()
    return {
        "day": moment.day,
        "hour": moment.hour,
        "iso_week": iso_week,
        "iso_year": iso_year,
        "minute": moment.minute,
        "month": moment.month,
        "month_name": moment.strftime("%B"),
        "rfc3339": _show(moment),
        "second": moment.second,
        "weekday": moment.isoweekday() % 7,
        "weekday_name": moment.strftime("%A"),
        "year": moment.year,
        "year_day": moment.timetuple().tm_yday,
    }


def _timestamp(context: Context) -> str:
    return _show(datetime.fromtimestamp(int(context.started), UTC))


FUNCTIONS: Final = (
    Function(
        "formatdate(format: string, moment: string) -> string",
        "A moment in words: YYYY MM DD hh mm ss, MMM, EEE, AA, ZZZZZ; text in apostrophes.",
        'formatdate("D MMM YYYY", "2026-01-31T12:00:00Z")',
        '"31 Jan 2026"',
        _formatdate,
    ),
    Function(
        "formattimestamp(format: string, moment: any) -> string",
        "As formatdate; the moment may also be a number of seconds since 1970.",
        'formattimestamp("YYYY-MM-DD", 1769860800)',
        '"2026-01-31"',
        _formattimestamp,
    ),
    Function(
        "unixtimestampparse(seconds: number) -> object",
        "The parts, in UTC, of a moment that is given in seconds since 1970: year, month, day, "
        "hour, ..., weekday (0 is Sunday), their names, iso_week and rfc3339.",
        "unixtimestampparse(1769860800).weekday_name",
        '"Saturday"',
        _unixtimestampparse,
    ),
    Function(
        "timeadd(moment: string, duration: string) -> string",
        "A moment some time later (or earlier, with a minus).",
        'timeadd("2026-01-31T12:00:00Z", "1h30m")',
        '"2026-01-31T13:30:00Z"',
        _timeadd,
    ),
    Function(
        "timecmp(one: string, other: string) -> number",
        "-1, 0 or 1: whether one moment is before, at or after another.",
        'timecmp("2026-01-31T12:00:00Z", "2026-01-31T13:00:00+01:00")',
        "0",
        _timecmp,
    ),
    Function(
        "timestamp() -> string",
        "When the plan was made, in UTC. It differs in every plan, and so does all that "
        "depends on it.",
        "length(timestamp())",
        "20",
        _timestamp,
        in_context=True,
        pure=False,
    ),
    Function(
        "plantimestamp() -> string",
        "The same as timestamp(): an apply sees the moment of its plan.",
        "plantimestamp() == timestamp()",
        "true",
        _timestamp,
        in_context=True,
        pure=False,
    ),
)
