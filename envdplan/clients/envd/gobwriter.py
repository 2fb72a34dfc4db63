"""Writes type definitions and struct values byte for byte as Go's gob encoder does."""

from collections.abc import Sequence

from envdplan.clients.envd.gobtypes import Slice, Struct
from envdplan.clients.envd.gobwire import int_bytes, message_bytes, string_bytes, uint_bytes


def struct_bytes(fields: Sequence[bytes | None]) -> bytes:
    """A struct value from its fields' encoded values, None for those that are zero."""
    parts: list[bytes] = []
    last = -1
    for number, value in enumerate(fields):
        if value is not None:
            parts += [uint_bytes(number - last), value]
            last = number
    return b"".join([*parts, b"\0"])


def slice_bytes(elements: Sequence[bytes]) -> bytes:
    """A slice value from its elements' encoded values."""
    return uint_bytes(len(elements)) + b"".join(elements)


def struct_definition(type_id: int, kind: Struct) -> bytes:
    """The message that defines a struct type."""
    fields = [
        struct_bytes([string_bytes(field.name), int_bytes(field.type_id)]) for field in kind.fields
    ]
    body = struct_bytes([_common(kind.name, type_id), slice_bytes(fields)])
    return message_bytes(-type_id, struct_bytes([None, None, body]))


def slice_definition(type_id: int, name: str, kind: Slice) -> bytes:
    """The message that defines a slice type."""
    body = struct_bytes([_common(name, type_id), int_bytes(kind.elem)])
    return message_bytes(-type_id, struct_bytes([None, body]))


def _common(name: str, type_id: int) -> bytes:
    return struct_bytes([string_bytes(name), int_bytes(type_id)])
