"""What the signature of a function says about its arguments."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from re import compile as pattern
from typing import Final

from envdplan.ground.values import SetValue, Value
from envdplan.language.evaluation.context import Function
from envdplan.language.types.conversion import convert, unsuitable
from envdplan.language.types.ordering import make_set
from envdplan.language.types.types import BOOL, NUMBER, STRING, ListType, MapType, Type

_EXACT: Final[Mapping[str, Type]] = {
    "string": STRING,
    "number": NUMBER,
    "bool": BOOL,
    "list(string)": ListType(STRING),
    "list(number)": ListType(NUMBER),
    "list(bool)": ListType(BOOL),
    "map(string)": MapType(STRING),
    "map(list(string))": MapType(ListType(STRING)),
}


def _list(value: Value) -> Value:
    if isinstance(value, tuple):
        return value
    raise unsuitable("a list", value)


def _sequence(value: Value) -> Value:
    if isinstance(value, tuple) and not isinstance(value, SetValue):
        return value
    raise unsuitable("a list", value)


def _set(value: Value) -> Value:
    return make_set(_list(value))


def _map(value: Value) -> Value:
    if isinstance(value, Mapping):
        return value
    raise unsuitable("a map or object", value)


def _collection(value: Value) -> Value:
    if isinstance(value, Mapping | tuple | str):
        return value
    raise unsuitable("a string, list, set, map or object", value)


_OPAQUE: Final[Mapping[str, Callable[[Value], Value]]] = {
    "any": lambda value: value,
    "list": _list,  # a set is taken too, in its order
    "tuple": _sequence,
    "set": _set,
    "map": _map,
    "collection": _collection,
}

_PARAMETER: Final = pattern(r"([^\W\d][\w-]*)(\?|\.\.\.)?: ([a-z()]+?)(\?)?(?:, |$)")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter; `type` is a word of _EXACT or _OPAQUE."""

    name: str
    type: str
    optional: bool
    variadic: bool
    nullable: bool

    @property
    def is_any(self) -> bool:
        """Whether it takes whatever comes."""
        return self.type == "any"

    @property
    def is_opaque(self) -> bool:
        """Whether the elements of a collection are left as they are."""
        return self.type in _OPAQUE

    def fit(self, value: Value) -> Value:
        """A known value without marks, converted. Raises ConversionError."""
        if value is None:
            if self.nullable or self.is_any:
                return None
            raise unsuitable(f"a {self.type}", value)
        exact = _EXACT.get(self.type)
        return _OPAQUE[self.type](value) if exact is None else convert(value, exact)


@dataclass(frozen=True, slots=True)
class Signature:
    """The parameters of a function, and how many arguments they take."""

    text: str
    parameters: tuple[Parameter, ...]
    minimum: int
    maximum: int

    def at(self, number: int) -> Parameter:
        """The parameter of one argument; the last may take several."""
        return self.parameters[min(number, len(self.parameters) - 1)]


def signature_of(function: Function) -> Signature:
    """The signature of `function`, read once."""
    return parse_signature(function.signature)


@cache
def parse_signature(text: str) -> Signature:
    """Read the text that Function describes. ValueError when it says something else."""
    inner = text[text.index("(") + 1 : text.rindex(") ->")]
    parameters = tuple(
        Parameter(name, type, mode == "?", mode == "...", bool(null))
        for name, mode, type, null in _PARAMETER.findall(inner)
    )
    if ", ".join(_shown(one) for one in parameters) != inner:
        raise ValueError(f"not a signature: {text}")
    least = sum(not (one.optional or one.variadic) for one in parameters)
    endless = any(one.variadic for one in parameters)
    return Signature(text, parameters, least, sys.maxsize if endless else len(parameters))


def _shown(one: Parameter) -> str:
    mode = "?" if one.optional else "..." if one.variadic else ""
    return f"{one.name}{mode}: {one.type}{'?' if one.nullable else ''}"
