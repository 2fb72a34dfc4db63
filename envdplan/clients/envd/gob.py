"""Reads any gob stream by the type definitions in it: envd's files of all versions, with types in
any order and of any id.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from envdplan.clients.envd.gobtypes import (
    BOOTSTRAP,
    FIRST_USER_ID,
    WIRE_TYPE_ID,
    Array,
    Basic,
    Field,
    Map,
    Opaque,
    Slice,
    Struct,
    TypeTable,
    WireType,
)
from envdplan.clients.envd.gobwire import CorruptGob, MessageReader

_MAX_DEPTH = 64
"""Go allows 10,000 levels; Python's stack does not, and envd's files need four."""


_MARSHALERS = {"GobEncoderT", "BinaryMarshalerT", "TextMarshalerT"}


@dataclass(frozen=True, slots=True)
class GobMap:
    """A map's pairs in the order sent; keys need not be hashable in Python."""

    pairs: tuple[tuple["GobValue", "GobValue"], ...]


@dataclass(frozen=True, slots=True)
class GobInterface:
    """The value in an interface, with the name under which its type was registered."""

    name: str
    value: "GobValue"


GobStruct: TypeAlias = "dict[str, GobValue]"
"""The fields that were sent: what is missing keeps the value that the receiver had before."""

GobValue: TypeAlias = (
    "bool | int | float | complex | str | bytes | list[GobValue] | GobStruct | GobMap "
    "| GobInterface | None"
)


@dataclass(frozen=True, slots=True)
class GobStream:
    """The first value of a stream, and the types it was described with."""

    type_id: int
    types: TypeTable
    value: GobValue


TypeCheck: TypeAlias = Callable[[int, TypeTable], object]
"""Raises CorruptGob when a value of the type with this id is not what the caller reads."""


def read(data: bytes, check: TypeCheck | None = None) -> GobStream:
    """The first value of the stream `data`; what follows it is not looked at.

    Types are shown to `check` before the value is read. Raises CorruptGob, and nothing else, for
    whatever is wrong with the bytes.
    """
    return _Reader(data, partial=False).stream(check)


def read_partial(data: bytes, check: TypeCheck | None = None) -> GobStream:
    """As `read`, but a struct or slice that breaks off counts as far as it is whole.

    Raises CorruptGob when the stream breaks off or is wrong before its first value begins.
    """
    return _Reader(data, partial=True).stream(check)


class _Reader:
    def __init__(self, data: bytes, *, partial: bool) -> None:
        self._bytes = MessageReader(data, clamp=partial)
        self._types: dict[int, WireType] = dict(BOOTSTRAP)
        self._partial = partial
        self._broken = False

    def stream(self, check: TypeCheck | None) -> GobStream:
        type_id = self._message_type()
        if type_id not in self._types:
            raise CorruptGob("unknown type id or corrupted data")
        if check is not None:
            check(type_id, self._types)
        return GobStream(type_id, self._types, self._top_level(type_id))

    def _message_type(self) -> int:
        reason = "EOF"
        while self._bytes.next_message():
            type_id = self._bytes.int()
            if type_id >= 0:
                return type_id
            self._define(-type_id)
            if self._bytes.left:
                raise CorruptGob("extra data in buffer")
            reason = "unexpected EOF"
        raise CorruptGob(reason, truncated=True)

    def _define(self, type_id: int) -> None:
        if type_id < FIRST_USER_ID or type_id in self._types:
            raise CorruptGob("duplicate type received")
        partial, self._partial = self._partial, False
        try:
            self._types[type_id] = _definition(self._value(WIRE_TYPE_ID, 0))
        finally:
            self._partial = partial

    def _top_level(self, type_id: int) -> GobValue:
        if not isinstance(self._types[type_id], Struct) and self._bytes.uint() != 0:
            raise CorruptGob("decode: corrupted data: non-zero delta for singleton")
        return self._value(type_id, 0)

    def _value(self, type_id: int, depth: int) -> GobValue:
        if depth > _MAX_DEPTH:
            raise CorruptGob(f"values nested more than {_MAX_DEPTH} deep")
        kind = self._types.get(type_id)
        match kind:
            case None:
                raise CorruptGob(f"bad data: undefined type id {type_id}")
            case Basic():
                return self._basic(kind, depth)
            case Struct():
                return self._struct(kind, depth)
            case Slice():
                return self._elements(kind.elem, self._bytes.uint(), depth)
            case Array():
                return self._array(kind, depth)
            case Map():
                return self._map(kind, depth)
            case Opaque():
                return self._bytes.counted("opaque")

    def _basic(self, kind: Basic, depth: int) -> GobValue:
        match kind:
            case Basic.BOOL:
                return self._bytes.uint() != 0
            case Basic.INT:
                return self._bytes.int()
            case Basic.UINT:
                return self._bytes.uint()
            case Basic.FLOAT:
                return self._bytes.float()
            case Basic.BYTES:
                return self._bytes.counted("[]byte")
            case Basic.STRING:
                return self._bytes.string()
            case Basic.COMPLEX:
                return complex(self._bytes.float(), self._bytes.float())
            case Basic.INTERFACE:
                return self._interface(depth)

    def _struct(self, kind: Struct, depth: int) -> GobStruct:
        values: GobStruct = {}
        try:
            self._fields(kind, values, depth)
        except CorruptGob:
            if depth or not self._partial:
                raise
        return values

    def _fields(self, kind: Struct, values: GobStruct, depth: int) -> None:
        number = -1
        while self._bytes.left and not self._broken:
            delta = self._bytes.uint()
            if delta == 0:
                return
            number += delta
            if number >= len(kind.fields):
                raise CorruptGob("bad data: field numbers out of bounds")
            field = kind.fields[number]
            values[field.name] = self._value(field.type_id, depth + 1)
        # Go takes the end of the message for the end of its structs; a cut-off file has neither.
        if self._partial:
            raise CorruptGob("unexpected EOF", truncated=True)

    def _elements(self, elem: int, count: int, depth: int) -> "list[GobValue]":
        # Every element takes a byte or more, so a count beyond them is a lie.
        if count > self._bytes.rest and not self._partial:
            raise _too_many(count)
        items: list[GobValue] = []
        while len(items) < count and not self._broken:
            try:
                self._expect_bytes(count)
                items.append(self._value(elem, depth + 1))
            except CorruptGob:
                if not self._partial:
                    raise
                self._broken = True
        return items

    def _array(self, kind: Array, depth: int) -> "list[GobValue]":
        count = self._bytes.uint()
        if count != kind.length:
            raise CorruptGob("length mismatch in decodeArray")
        return self._elements(kind.elem, count, depth)

    def _map(self, kind: Map, depth: int) -> GobMap:
        count = self._bytes.uint()
        pairs: list[tuple[GobValue, GobValue]] = []
        while len(pairs) < count:
            self._expect_bytes(count)
            key = self._value(kind.key, depth + 1)
            pairs.append((key, self._value(kind.elem, depth + 1)))
        return GobMap(tuple(pairs))

    def _expect_bytes(self, count: int) -> None:
        # A struct at the end of a message takes no byte: without this, a count alone could keep
        # the reader busy for ever.
        if not self._bytes.left:
            raise _too_many(count)

    def _interface(self, depth: int) -> GobInterface | None:
        name = self._bytes.string()
        if not name:
            return None
        type_id = self._interface_type()
        if self._bytes.uint() > self._bytes.left:
            raise CorruptGob("invalid interface value length")
        kind = self._types.get(type_id)
        if not isinstance(kind, Struct) and self._bytes.uint() != 0:
            raise CorruptGob("decode: corrupted data: non-zero delta for singleton")
        return GobInterface(name, self._value(type_id, depth + 1))

    def _interface_type(self) -> int:
        """The id of the value's type; definitions may stand before it, each ending a message."""
        while True:
            type_id = self._bytes.int()
            if type_id >= 0:
                return type_id
            self._define(-type_id)
            if self._bytes.left:
                self._bytes.uint()  # the length of what follows, as if it were a message
            elif not self._bytes.next_message():
                raise CorruptGob("unexpected EOF", truncated=True)


def _too_many(count: int) -> CorruptGob:
    return CorruptGob(f"decoding array or slice: length exceeds input size ({count} elements)")


def _definition(sent: GobValue) -> WireType:
    """The type that a wireType value defines; Go's preference where a damaged one sets several."""
    match sent:
        case {"SliceT": _, **others} if others.keys() & _MARSHALERS:
            return Opaque()
        case {"ArrayT": dict(one)}:
            return Array(_number(one, "Elem"), _number(one, "Len"))
        case {"SliceT": dict(one)}:
            return Slice(_number(one, "Elem"))
        case {"StructT": dict(one)}:
            return Struct(_type_name(one), tuple(_struct_fields(one)))
        case {"MapT": dict(one)}:
            return Map(_number(one, "Key"), _number(one, "Elem"))
        case {**others} if others.keys() & _MARSHALERS:
            return Opaque()
        case _:
            raise CorruptGob("bad data: a type definition that defines nothing")


def _number(sent: GobStruct, name: str) -> int:
    number = sent.get(name, 0)
    return number if isinstance(number, int) else 0


def _text(sent: GobStruct, name: str) -> str:
    text = sent.get(name, "")
    return text if isinstance(text, str) else ""


def _type_name(sent: GobStruct) -> str:
    common = sent.get("CommonType", {})
    return _text(common, "Name") if isinstance(common, dict) else ""


def _struct_fields(sent: GobStruct) -> Iterable[Field]:
    fields = sent.get("Field", [])
    for field in fields if isinstance(fields, list) else ():
        if isinstance(field, dict):
            yield Field(_text(field, "Name"), _number(field, "Id"))
