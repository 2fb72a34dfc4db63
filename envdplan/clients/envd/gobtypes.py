"""Types as gob streams describe them, and those that every stream may use undescribed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from types import MappingProxyType
from typing import TypeAlias

from envdplan.clients.envd.gobwire import CorruptGob

FIRST_USER_ID = 64
"""Types below are the decoder's own; a stream defines types from here on."""

WIRE_TYPE_ID = 16
"""The type of a type definition."""


class Basic(IntEnum):
    """Types without structure. The numbers are their ids."""

    BOOL = 1
    INT = 2
    UINT = 3
    FLOAT = 4
    BYTES = 5
    STRING = 6
    COMPLEX = 7
    INTERFACE = 8


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a struct."""

    name: str
    type_id: int


@dataclass(frozen=True, slots=True)
class Struct:
    """Fields, of which a value sends those that are not zero."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """Any number of elements."""

    elem: int


@dataclass(frozen=True, slots=True)
class Array:
    """`length` elements."""

    elem: int
    length: int


@dataclass(frozen=True, slots=True)
class Map:
    """Keys and elements, in any order."""

    key: int
    elem: int


@dataclass(frozen=True, slots=True)
class Opaque:
    """A type that marshals itself to bytes (GobEncoder, BinaryMarshaler, TextMarshaler)."""


WireType: TypeAlias = Basic | Struct | Slice | Array | Map | Opaque
TypeTable: TypeAlias = Mapping[int, WireType]


def _struct(name: str, **fields: int) -> Struct:
    return Struct(name, tuple(Field(key, type_id) for key, type_id in fields.items()))


BOOTSTRAP: TypeTable = MappingProxyType(
    {
        **{basic.value: basic for basic in Basic},
        WIRE_TYPE_ID: _struct(
            "wireType",
            ArrayT=17,
            SliceT=19,
            StructT=20,
            MapT=23,
            GobEncoderT=24,
            BinaryMarshalerT=24,
            TextMarshalerT=24,
        ),
        17: _struct("arrayType", CommonType=18, Elem=2, Len=2),
        18: _struct("CommonType", Name=6, Id=2),
        19: _struct("sliceType", CommonType=18, Elem=2),
        20: _struct("structType", CommonType=18, Field=22),
        21: _struct("fieldType", Name=6, Id=2),
        22: Slice(21),
        23: _struct("mapType", CommonType=18, Key=2, Elem=2),
        24: _struct("gobEncoderType", CommonType=18),
    }
)
"""What Go's decoder knows before the first byte (encoding/gob type.go)."""


def check_defined(type_id: int, types: TypeTable) -> None:
    """CorruptGob unless `type_id` and every type it is made of are defined."""
    seen: set[int] = set()
    waiting = [type_id]
    while waiting:
        one = waiting.pop()
        if one in seen:
            continue
        seen.add(one)
        if one not in types:
            raise CorruptGob(f"bad data: undefined type id {one}")
        waiting.extend(_parts(types[one]))


def _parts(kind: WireType) -> tuple[int, ...]:
    match kind:
        case Struct(fields=fields):
            return tuple(field.type_id for field in fields)
        case Slice(elem=elem) | Array(elem=elem):
            return (elem,)
        case Map(key=key, elem=elem):
            return (key, elem)
        case _:
            return ()
