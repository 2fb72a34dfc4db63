"""Values of variables that come from outside: text, read by the variable's type."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from envdplan.dialects.bake.csvtext import fields
from envdplan.ground import jsontext
from envdplan.ground.values import Value
from envdplan.language.evaluation.problems import ConversionError
from envdplan.language.syntax.digits import bounded, exact
from envdplan.language.types.conversion import convert
from envdplan.language.types.ordering import make_set
from envdplan.language.types.types import (
    ANY,
    BOOL,
    NUMBER,
    STRING,
    ListType,
    MapType,
    Primitive,
    SetType,
    TupleType,
    Type,
    type_name,
)

_TRUTH: Final[Mapping[str, bool]] = {
    **dict.fromkeys(("1", "t", "T", "true", "TRUE", "True"), True),
    **dict.fromkeys(("0", "f", "F", "false", "FALSE", "False"), False),
}
"""The words of Go's strconv.ParseBool."""

_NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")


def from_json(text: str, type: Type) -> Value:
    """The value of NAME_JSON. Raises ValueError."""
    try:
        found = jsontext.loads(text, parse_float=exact, parse_int=exact)
    except ValueError as error:
        raise ValueError(f"it is not JSON ({error})") from None
    try:
        return convert(_ours(found), type)
    except ConversionError as error:
        raise ValueError(error.message) from None


def from_text(text: str, type: Type) -> Value:
    """The value of NAME: collections of simple types are CSV. Raises ValueError."""
    match type:
        case Primitive():
            return _SIMPLE[type](text)
        case ListType(Primitive() as element):
            return tuple(_SIMPLE[element](one) for one in fields(text))
        case SetType(Primitive() as element):
            return make_set(_SIMPLE[element](one) for one in fields(text))
        case MapType(Primitive() as element):
            return dict(sorted(_member(one, element) for one in fields(text)))
        case TupleType(elements) if all(isinstance(one, Primitive) for one in elements):
            return _tuple(fields(text), elements)
    raise ValueError(f"a value of type {type} can be given as JSON only: set NAME_JSON instead")


def like(text: str, default: Value) -> Value:
    """The value of a variable without a type: of the kind of its default. Raises ValueError."""
    if isinstance(default, bool):
        return to_bool(text)
    if isinstance(default, int | Decimal):
        return to_number(text)
    if default is None or isinstance(default, str):
        return text
    kind = type_name(default)
    raise ValueError(f"its default is a {kind}: declare a type, such as list(string)")


def to_bool(text: str) -> bool:
    """As Go's strconv.ParseBool. Raises ValueError."""
    if text in _TRUTH:
        return _TRUTH[text]
    raise ValueError(f'"{text}" is neither true nor false')


def to_number(text: str) -> Value:
    """As Go's strconv.ParseFloat, without infinities. Raises ValueError."""
    if _NUMBER.fullmatch(text) is None or abs(float(text)) == float("inf"):
        raise ValueError(f'"{text}" is not a number')
    return bounded(Decimal(repr(float(text))))


_SIMPLE: Final[Mapping[Type, Callable[[str], Value]]] = {
    ANY: str,
    STRING: str,
    BOOL: to_bool,
    NUMBER: to_number,
}


def _tuple(parts: list[str], elements: tuple[Type, ...]) -> Value:
    if len(parts) != len(elements):
        raise ValueError(f"{len(elements)} elements are required, not {len(parts)}")
    return tuple(_SIMPLE[kind](one) for one, kind in zip(parts, elements, strict=True))


def _member(text: str, element: Primitive) -> tuple[str, Value]:
    parts = text.split(":")
    if len(parts) != 2:  # noqa: PLR2004  a key and a value
        raise ValueError(f'"{text}" is not KEY:VALUE')
    return parts[0].strip('"'), _SIMPLE[element](parts[1].strip('"'))


def _ours(value: object) -> Value:
    """Python's JSON data as a value of the language."""
    if isinstance(value, dict):
        return {str(key): _ours(one) for key, one in sorted(value.items())}
    if isinstance(value, list):
        return tuple(_ours(one) for one in value)
    return value
