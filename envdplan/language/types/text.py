"""Strings as users see them: what a template may hold, and characters as they are read."""

import unicodedata
from collections.abc import Iterator
from decimal import Decimal

from envdplan.ground.values import Reference, Value
from envdplan.language.evaluation.problems import Unfit
from envdplan.language.types.conversion import to_string
from envdplan.language.types.types import type_name

_JOINER = "\N{ZERO WIDTH JOINER}"
_MARKS = frozenset(("Mn", "Me", "Mc"))


def to_text(value: Value) -> str:
    """What a known value without marks adds to a template. Raises Unfit for null and lists."""
    if type(value) is str:
        return value
    if isinstance(value, int | Decimal):
        return to_string(value)
    if value is None:
        raise Unfit(
            "Null in a template",
            "A string cannot contain null. Give it a value, for example with coalesce().",
        )
    if isinstance(value, Reference):
        raise Unfit(
            "Resource in a template",
            f"{value} is a whole resource; a string can contain one of its attributes only.",
        )
    raise Unfit(
        "Wrong value in a template",
        f"A string can contain strings, numbers and bools, not a whole {type_name(value)}. "
        "Convert it, for example with join() or jsonencode().",
    )


def graphemes(text: str) -> list[str]:
    """The characters of `text` as users count them: marks and emoji sequences stay together.

    Terraform counts grapheme clusters of UAX 29; this covers combining marks, joined emoji,
    skin tones, flags and CRLF.
    """
    if text.isascii() and "\r\n" not in text:
        return list(text)
    return list(_clusters(unicodedata.normalize("NFC", text)))


def _clusters(text: str) -> Iterator[str]:
    cluster = ""
    for character in text:
        if cluster and not _joins(cluster, character):
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


def _joins(cluster: str, character: str) -> bool:
    if cluster == "\r":
        return character == "\n"
    if cluster[-1] in "\r\n":
        return False
    if character == _JOINER or unicodedata.category(character) in _MARKS:
        return True
    if "\N{EMOJI MODIFIER FITZPATRICK TYPE-1-2}" <= character <= "\U0001f3ff":
        return True
    if _is_flag(character):
        return len(cluster) == 1 and _is_flag(cluster)
    return cluster[-1] == _JOINER


def _is_flag(character: str) -> bool:
    return "\N{REGIONAL INDICATOR SYMBOL LETTER A}" <= character <= "\U0001f1ff"
