"""Text in other forms and back: base64, JSON, YAML, CSV, URLs."""

import base64
import codecs
import json
import sys
from collections.abc import Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from envdplan.ground import jsontext
from envdplan.ground.values import SetValue, Value
from envdplan.language.evaluation.context import Function
from envdplan.language.evaluation.problems import FunctionError
from envdplan.language.syntax.digits import NumberError, bounded, exact
from envdplan.language.types.numbers import number_text

if TYPE_CHECKING:
    from yaml import SafeDumper, ScalarNode

MAX_TEXT: Final = 16 * 1024 * 1024
_DEEPEST: Final = 100


def text_of(data: bytes, what: str) -> str:
    """UTF-8 text. Raises FunctionError."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise FunctionError(f"{what} is not UTF-8 text") from None


def _base64decode(text: str) -> str:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise FunctionError("this is not base64", 0) from None
    return text_of(data, "what is in the base64")


def _base64gzip(text: str) -> str:
    import gzip

    return base64.b64encode(gzip.compress(text.encode(), mtime=0)).decode()


def _base64gunzip(text: str) -> str:
    import zlib

    try:
        data = base64.b64decode(text, validate=True)
        reader = zlib.decompressobj(wbits=31)  # a header of gzip
        plain = reader.decompress(data, MAX_TEXT)
    except (ValueError, zlib.error):
        raise FunctionError("this is not base64 of gzip", 0) from None
    if reader.unconsumed_tail:
        raise FunctionError(f"the text has more than {MAX_TEXT} bytes", 0)
    if not reader.eof:
        raise FunctionError("the end of the gzip is missing", 0)
    return text_of(plain, "what is in the gzip")


def _textencode(text: str, encoding: str) -> str:
    try:
        data = text.encode(_big_endian(encoding))
    except (LookupError, UnicodeError):
        raise FunctionError(f'the text cannot be written as "{encoding}"', 1) from None
    mark = codecs.BOM_UTF16_BE if _is_utf16(encoding) else b""
    return base64.b64encode(mark + data).decode()


def _textdecode(text: str, encoding: str) -> str:
    try:
        data = base64.b64decode(text, validate=True)
        marked = data.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE))
        return data.decode(encoding if marked else _big_endian(encoding))
    except (LookupError, ValueError):
        raise FunctionError(f'this is not base64 of "{encoding}" text', 0) from None


def _is_utf16(encoding: str) -> bool:
    return encoding.lower().replace("_", "-") in ("utf-16", "utf16")


def _big_endian(encoding: str) -> str:
    """UTF-16 without a mark, which Python takes for the order of this machine."""
    return "utf-16-be" if _is_utf16(encoding) else encoding


def jsonencode(value: Value) -> str:
    """As Go writes JSON: no blanks, keys sorted, <, > and & escaped."""
    pieces: list[str] = []
    _write_json(value, pieces, 0)
    return "".join(pieces)


def _write_json(value: Value, pieces: list[str], depth: int) -> None:
    if depth > _DEEPEST:
        raise FunctionError(f"the value is nested more than {_DEEPEST} levels deep", 0)
    if value is None or isinstance(value, bool | str):
        pieces.append(_json_text(value))
    elif isinstance(value, int | Decimal):
        pieces.append(number_text(value))
    elif isinstance(value, Mapping):
        _write_items(
            [(_json_text(key) + ":", one) for key, one in value.items()],
            "{}",
            pieces,
            depth,
        )
    elif isinstance(value, tuple):
        _write_items([("", one) for one in value], "[]", pieces, depth)
    else:
        raise FunctionError("a whole resource cannot be encoded; name one of its attributes", 0)


_ESCAPED: Final = str.maketrans({one: f"\\u{ord(one):04x}" for one in "<>&\u2028\u2029"})


def _json_text(value: str | bool | None) -> str:
    return json.dumps(value, ensure_ascii=False).translate(_ESCAPED)


def _write_items(
    items: list[tuple[str, Value]], brackets: str, pieces: list[str], depth: int
) -> None:
    pieces.append(brackets[0])
    for index, (key, one) in enumerate(items):
        pieces.append(("," if index else "") + key)
        _write_json(one, pieces, depth + 1)
    pieces.append(brackets[1])


def _jsondecode(text: str) -> Value:
    try:
        value = jsontext.loads(
            text, parse_float=exact, parse_int=exact, parse_constant=_no_constant
        )
    except NumberError:
        raise
    except ValueError as error:
        raise FunctionError(f"this is not JSON: {error}", 0) from None
    return from_plain(value)


def _no_constant(name: str) -> Value:
    raise ValueError(f"{name} is not a number")


def from_plain(value: object, depth: int = 0) -> Value:
    """Python's JSON types as values of the language. Raises FunctionError."""
    if depth > _DEEPEST:
        raise FunctionError(f"it is nested more than {_DEEPEST} levels deep", 0)
    if isinstance(value, dict):
        return {str(key): from_plain(value[key], depth + 1) for key in sorted(value, key=str)}
    if isinstance(value, list | tuple):
        return tuple(from_plain(one, depth + 1) for one in value)
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int | Decimal):
        return bounded(value)
    if isinstance(value, float):
        return bounded(Decimal(repr(value)))
    return str(value)


def to_plain(value: Value, depth: int = 0) -> object:
    """Values of the language as Python's JSON types. Raises FunctionError."""
    if depth > _DEEPEST:
        raise FunctionError(f"the value is nested more than {_DEEPEST} levels deep", 0)
    if isinstance(value, Mapping):
        return {key: to_plain(one, depth + 1) for key, one in value.items()}
    if isinstance(value, SetValue | tuple):
        return [to_plain(one, depth + 1) for one in value]
    if isinstance(value, Decimal):
        return float(value)
    if value is None or isinstance(value, bool | str | int):
        return value
    raise FunctionError("a whole resource cannot be encoded; name one of its attributes", 0)


def _yamlencode(value: Value) -> str:
    """As Terraform writes YAML: strings in quotes, several lines as a block."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Does not change how others dump."""

    Dumper.add_representer(str, _yaml_text)
    plain = to_plain(value)
    text: str = yaml.dump(
        plain, Dumper=Dumper, default_flow_style=False, allow_unicode=True, width=sys.maxsize
    )
    return text


def _yaml_text(dumper: "SafeDumper", text: str) -> "ScalarNode":
    style = "|" if "\n" in text else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style)


def _yamldecode(text: str) -> Value:
    from envdplan.language.syntax.yml import plain_values

    try:
        return from_plain(plain_values(text))
    except NumberError:
        raise
    except ValueError as error:
        raise FunctionError(str(error).removesuffix("."), 0) from None


def _csvdecode(text: str) -> Value:
    import csv
    import io

    try:
        rows = [row for row in csv.reader(io.StringIO(text), strict=True) if row]
    except csv.Error as error:
        raise FunctionError(f"this is not CSV: {error}", 0) from None
    if not rows:
        raise FunctionError("the first line must name the columns", 0)
    header = rows[0]
    if len(set(header)) != len(header):
        raise FunctionError("two columns have the same name", 0)
    if any(len(row) != len(header) for row in rows[1:]):
        raise FunctionError("not all lines have as many fields as the first", 0)
    return tuple(dict(sorted(zip(header, row, strict=True))) for row in rows[1:])


def _urlencode(text: str) -> str:
    from urllib.parse import quote_plus

    return quote_plus(text, safe="-_.~")


def _urldecode(text: str) -> str:
    from urllib.parse import unquote_to_bytes

    return text_of(unquote_to_bytes(text.replace("+", " ")), "what is in the URL")


FUNCTIONS: Final = (
    Function(
        "base64encode(text: string) -> string",
        "Text as base64.",
        'base64encode("hi")',
        '"aGk="',
        lambda text: base64.b64encode(text.encode()).decode(),
    ),
    Function(
        "base64decode(text: string) -> string",
        "The text in base64.",
        'base64decode("aGk=")',
        '"hi"',
        _base64decode,
    ),
    Function(
        "base64gzip(text: string) -> string",
        "Text, compressed by gzip, as base64.",
        'startswith(base64gzip("hi"), "H4s")',
        "true",
        _base64gzip,
    ),
    Function(
        "base64gunzip(text: string) -> string",
        "The text in base64 of gzip.",
        'base64gunzip(base64gzip("hi"))',
        '"hi"',
        _base64gunzip,
    ),
    Function(
        "textencodebase64(text: string, encoding: string) -> string",
        "Text in another encoding, as base64.",
        'textencodebase64("hi", "UTF-16LE")',
        '"aABpAA=="',
        _textencode,
    ),
    Function(
        "textdecodebase64(text: string, encoding: string) -> string",
        "The text of another encoding in base64.",
        'textdecodebase64("aABpAA==", "UTF-16LE")',
        '"hi"',
        _textdecode,
    ),
    Function(
        "jsonencode(value: any?) -> string",
        "A value as JSON, on one line, keys sorted.",
        "jsonencode({ a = [1, true] })",
        '"{\\"a\\":[1,true]}"',
        jsonencode,
    ),
    Function(
        "jsondecode(text: string) -> any",
        "The value that JSON stands for.",
        'jsondecode("[1, null]")',
        "[1, null]",
        _jsondecode,
    ),
    Function(
        "yamlencode(value: any?) -> string",
        "A value as YAML.",
        "yamlencode({ a = 1 })",
        '"\\"a\\": 1\\n"',
        _yamlencode,
    ),
    Function(
        "yamldecode(text: string) -> any",
        "The value that YAML stands for.",
        'yamldecode("a: [1, x]")',
        '{ a = [1, "x"] }',
        _yamldecode,
    ),
    Function(
        "csvdecode(text: string) -> list",
        "The lines of CSV as objects; the first line names the columns.",
        'csvdecode("a,b\\n1,2")',
        '[{ a = "1", b = "2" }]',
        _csvdecode,
    ),
    Function(
        "urlencode(text: string) -> string",
        "Text for the query of a URL.",
        'urlencode("a b&c")',
        '"a+b%26c"',
        _urlencode,
    ),
    Function(
        "urldecode(text: string) -> string",
        "The text of the query of a URL.",
        'urldecode("a+b%26c")',
        '"a b&c"',
        _urldecode,
    ),
)
