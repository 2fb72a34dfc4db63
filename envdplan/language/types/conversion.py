"""Conversion of values to types, by Terraform's rules."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from envdplan.ground.values import Sensitive, Unknown, Value
from envdplan.language.evaluation.problems import ConversionError
from envdplan.language.syntax.digits import NumberError
from envdplan.language.types.marks import lift, marked_if
from envdplan.language.types.numbers import Number, number_text, parse_number
from envdplan.language.types.ordering import make_set
from envdplan.language.types.types import (
    ANY,
    BOOL,
    NUMBER,
    STRING,
    ListType,
    MapType,
    ObjectType,
    Primitive,
    SetType,
    TupleType,
    Type,
    type_name,
    type_of,
    unify,
)

_TRUTH: Mapping[str, bool] = {"true": True, "1": True, "false": False, "0": False}
_ARTICLES = {"object": "an", "unknown value": "an"}
_QUOTED = 60


def convert(value: Value, type: Type) -> Value:
    """`value` as a `type`. Unknown values and null pass; marks stay where they are.

    Raises ConversionError, which never quotes a sensitive value.
    """
    if type is ANY or value is None or isinstance(value, Unknown):
        return value
    if isinstance(value, Sensitive):
        try:
            return marked_if(convert(value.value, type), sensitive=True)
        except ConversionError as error:
            raise error.unseen() from None
    match type:
        case Primitive():
            return _PRIMITIVES[type](value)
        case ListType(element):
            return tuple(_elements(value, element, "list"))
        case SetType(element):
            return make_set(_elements(value, element, "set"))
        case TupleType():
            return _tuple(value, type)
        case MapType(element):
            return _map(value, element)
        case ObjectType():
            return _object(value, type)


def unsuitable(wanted: str, value: Value) -> ConversionError:
    """The complaint that `value` is of the wrong kind."""
    kind = type_name(value)
    given = "this is null" if kind == "null" else f"this is {_ARTICLES.get(kind, 'a')} {kind}"
    return ConversionError(f"{wanted} is required, but {given}")


def to_string(value: Value) -> str:
    """A string, number or bool as a string. Raises ConversionError."""
    if type(value) is str:
        return value
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, int | Decimal):
        return number_text(value)
    raise unsuitable("a string", value)


def to_number(value: Value) -> Number:
    """A number, or a string in decimal notation, as a number. Raises ConversionError."""
    if isinstance(value, int | Decimal) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        try:
            number = parse_number(value)
        except NumberError as error:
            raise ConversionError(f"a number is required, but {error}") from None
        if number is not None:
            return number
        raise ConversionError(
            "a number is required, but this string is not one", seen=_quote(value)
        )
    raise unsuitable("a number", value)


def to_bool(value: Value) -> bool:
    """A bool, or one of the strings true, false, 1 and 0. Raises ConversionError."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        if value in _TRUTH:
            return _TRUTH[value]
        raise ConversionError(
            'true or false is required, but this string is neither "true" nor "false"',
            seen=_quote(value),
        )
    raise unsuitable("true or false", value)


_PRIMITIVES = {STRING: to_string, NUMBER: to_number, BOOL: to_bool}


def _quote(text: str) -> str:
    shown = text if len(text) <= _QUOTED else text[:_QUOTED] + "..."
    return f' ("{shown}")'


def unified(items: Iterable[Value]) -> list[Value]:
    """`items` converted to the one type of all. Raises ConversionError when there is none."""
    parts = list(items)
    element = unify(map(type_of, parts))
    if element is None:
        kinds = sorted({type_name(part) for part in parts})
        raise ConversionError(f"all elements must have one type, but they are {_listed(kinds)}")
    return [_at(index, part, element) for index, part in enumerate(parts)]


def _listed(words: list[str]) -> str:
    if len(words) == 1:
        return f"{words[0]}s of different types"
    return f"{', '.join(words[:-1])} and {words[-1]}"


def _at(step: str | int, value: Value, type: Type) -> Value:
    try:
        return convert(value, type)
    except ConversionError as error:
        raise error.under(step) from None


def _elements(value: Value, element: Type, wanted: str) -> list[Value]:
    if not isinstance(value, tuple | list):
        raise unsuitable(f"a {wanted}", value)
    if element is ANY:
        return unified(value)
    return [_at(index, part, element) for index, part in enumerate(value)]


def _tuple(value: Value, type: TupleType) -> Value:
    if not isinstance(value, tuple | list):
        raise unsuitable("a list", value)
    if len(value) != len(type.elements):
        raise ConversionError(
            f"{len(type.elements)} elements are required, but there are {len(value)}"
        )
    pairs = zip(value, type.elements, strict=True)
    return tuple(_at(index, part, element) for index, (part, element) in enumerate(pairs))


def _map(value: Value, element: Type) -> Value:
    if not isinstance(value, Mapping):
        raise unsuitable("a map", value)
    if element is not ANY:
        return {key: _at(key, item, element) for key, item in value.items()}
    return dict(zip(value, unified(value.values()), strict=True))


def _object(value: Value, type: ObjectType) -> Value:
    if not isinstance(value, Mapping):
        raise unsuitable("an object", value)
    missing = [n for n, a in type.attributes.items() if not a.optional and n not in value]
    if missing:
        names = ", ".join(f'"{name}"' for name in missing)
        noun = "attribute" if len(missing) == 1 else "attributes"
        raise ConversionError(f"the {noun} {names} must be set")
    return {name: _attribute(value, name, type) for name in sorted(type.attributes)}


def _attribute(value: Mapping[str, Value], name: str, type: ObjectType) -> Value:
    wanted = type.attributes[name]
    given, sensitive = lift(value.get(name))
    if given is None and wanted.optional:
        given = wanted.default
    return _at(name, marked_if(given, sensitive), wanted.type)
