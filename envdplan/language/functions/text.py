"""Functions on strings."""

from collections.abc import Sequence
from typing import Final

from envdplan.language.evaluation.context import Function
from envdplan.language.evaluation.problems import FunctionError
from envdplan.language.types.numbers import Number
from envdplan.language.types.text import graphemes

_SPACE: Final = " \t\n\v\f\r\u0085\u00a0\u2028\u2029\u3000\u1680\u205f\u202f" + "".join(
    map(chr, range(0x2000, 0x200B))
)
_MAX_TEXT: Final = 16 * 1024 * 1024
_MAX_INDENT: Final = 1000


def _chomp(text: str) -> str:
    return text.rstrip("\r\n")


def _indent(spaces: Number, text: str) -> str:
    if not isinstance(spaces, int) or not 0 <= spaces <= _MAX_INDENT:
        raise FunctionError(f"the number of spaces is a whole number from 0 to {_MAX_INDENT}", 0)
    _check_length(len(text) + text.count("\n") * spaces)
    return text.replace("\n", "\n" + " " * spaces)


def _join(separator: str, *lists: Sequence[str | None]) -> str:
    pieces: list[str] = []
    for number, one in enumerate(lists, 1):
        for index, item in enumerate(one):
            if item is None:
                raise FunctionError(f"element {index} is null, and null is not text", number)
            pieces.append(item)
    _check_length(sum(map(len, pieces)) + len(separator) * len(pieces))
    return separator.join(pieces)


def _check_length(length: int) -> None:
    if length > _MAX_TEXT:
        raise FunctionError(f"the result has more than {_MAX_TEXT} characters")


def _upper(text: str) -> str:
    # Go maps one character to one character: "ß" has no single upper case
    return "".join(up if len(up := one.upper()) == 1 else one for one in text)


def _lower(text: str) -> str:
    return "".join(low if len(low := one.lower()) == 1 else one for one in text)


def _title(text: str) -> str:
    """Capitals after everything but letters, digits and underscores; the rest stays, as in Go."""
    made: list[str] = []
    inside = False
    for one in text:
        made.append(one if inside else _upper(one))
        inside = one.isalnum() or one == "_"
        # Go also takes symbols beyond ASCII as parts of words, but not spaces
        inside = inside or (not one.isascii() and not one.isspace())
    return "".join(made)


def _split(separator: str, text: str) -> tuple[str, ...]:
    return tuple(text.split(separator)) if separator else tuple(graphemes(text))


def _strrev(text: str) -> str:
    return "".join(reversed(graphemes(text)))


def _strlen(text: str) -> int:
    return len(graphemes(text))


def _substr(text: str, offset: Number, length: Number) -> str:
    if not isinstance(offset, int) or not isinstance(length, int):
        raise FunctionError("offset and length are whole numbers", 1)
    characters = graphemes(text)
    start = max(offset + len(characters), 0) if offset < 0 else offset
    end = len(characters) if length < 0 else start + length
    return "".join(characters[start:end])


def _trim(text: str, characters: str) -> str:
    return text.strip(characters) if characters else text


def _byteslen(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def _bytesslice(text: str, offset: Number, length: Number) -> str:
    raw = text.encode("utf-8", "surrogatepass")
    if not isinstance(offset, int) or not isinstance(length, int) or min(offset, length) < 0:
        raise FunctionError("offset and length are whole numbers from 0", 1)
    if offset + length > len(raw):
        raise FunctionError(f"the string has only {len(raw)} bytes", 1)
    return raw[offset : offset + length].decode("utf-8", "replace")


def _sanitize(text: str) -> str:
    return "".join(one if one.isascii() and (one.isalnum() or one in "_-") else "_" for one in text)


FUNCTIONS: Final = (
    Function(
        "chomp(text: string) -> string",
        "Removes line breaks from the end.",
        r'chomp("hello\n\n")',
        '"hello"',
        _chomp,
    ),
    Function(
        "endswith(text: string, suffix: string) -> bool",
        "Whether the string ends with the suffix.",
        'endswith("hello", "llo")',
        "true",
        str.endswith,
    ),
    Function(
        "indent(spaces: number, text: string) -> string",
        "Puts the given number of spaces before every line but the first.",
        r'indent(2, "a\nb")',
        r'"a\n  b"',
        _indent,
    ),
    Function(
        "join(separator: string, list: list(string), lists...: list(string)) -> string",
        "The elements of one or more lists with the separator between them.",
        'join("-", ["a", "b", 3])',
        '"a-b-3"',
        _join,
    ),
    Function(
        "lower(text: string) -> string",
        "All letters in lower case.",
        'lower("HeLLo")',
        '"hello"',
        _lower,
    ),
    Function(
        "sanitize(text: string) -> string",
        "Letters, digits, _ and - stay; every other character becomes _.",
        'sanitize("a.b/c:d")',
        '"a_b_c_d"',
        _sanitize,
    ),
    Function(
        "split(separator: string, text: string) -> list",
        "The pieces of the string between the separators.",
        'split(",", "a,b,")',
        '["a", "b", ""]',
        _split,
    ),
    Function(
        "startswith(text: string, prefix: string) -> bool",
        "Whether the string starts with the prefix.",
        'startswith("hello", "he")',
        "true",
        str.startswith,
    ),
    Function(
        "strcontains(text: string, part: string) -> bool",
        "Whether the part occurs in the string.",
        'strcontains("hello", "ell")',
        "true",
        str.__contains__,
    ),
    Function(
        "strlen(text: string) -> number",
        "The number of characters, as a reader counts them.",
        'strlen("h\u00e9llo")',
        "5",
        _strlen,
    ),
    Function(
        "strrev(text: string) -> string",
        "The characters in reverse order.",
        'strrev("hello")',
        '"olleh"',
        _strrev,
    ),
    Function(
        "substr(text: string, offset: number, length: number) -> string",
        "The given number of characters from the offset; a negative offset counts from the "
        "end, and a negative length means up to the end.",
        'substr("hello", -3, 2)',
        '"ll"',
        _substr,
    ),
    Function(
        "title(text: string) -> string",
        "The first letter of every word as a capital.",
        'title("hello big-world")',
        '"Hello Big-World"',
        _title,
    ),
    Function(
        "trim(text: string, characters: string) -> string",
        "Removes any of the characters from both ends.",
        'trim("?!hello?!", "!?")',
        '"hello"',
        _trim,
    ),
    Function(
        "trimprefix(text: string, prefix: string) -> string",
        "Removes the prefix, if the string starts with it.",
        'trimprefix("v1.2", "v")',
        '"1.2"',
        str.removeprefix,
    ),
    Function(
        "trimspace(text: string) -> string",
        "Removes spaces, tabs and line breaks from both ends.",
        r'trimspace("  hello\n")',
        '"hello"',
        lambda text: text.strip(_SPACE),
    ),
    Function(
        "trimsuffix(text: string, suffix: string) -> string",
        "Removes the suffix, if the string ends with it.",
        'trimsuffix("app.tar", ".tar")',
        '"app"',
        str.removesuffix,
    ),
    Function(
        "upper(text: string) -> string",
        "All letters in upper case.",
        'upper("hello")',
        '"HELLO"',
        _upper,
    ),
    Function(
        "byteslen(text: string) -> number",
        "The number of bytes in UTF-8.",
        'byteslen("h\u00e9llo")',
        "6",
        _byteslen,
    ),
    Function(
        "bytesslice(text: string, offset: number, length: number) -> string",
        "The given number of bytes of the UTF-8 form from the offset.",
        'bytesslice("hello", 1, 2)',
        '"el"',
        _bytesslice,
    ),
)
