"""The gob types of envd's context store: as envd 1.x writes them, and which others it accepts."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from envdplan.clients.envd.gobtypes import (
    Basic,
    Field,
    Slice,
    Struct,
    TypeTable,
    WireType,
    check_defined,
)
from envdplan.clients.envd.gobwire import CorruptGob
from envdplan.clients.envd.gobwriter import slice_definition, struct_definition

ENVD_CONTEXT_ID, _CONTEXT_ID, _CONTEXTS_ID = 64, 65, 66
"""Fixed, because the store is the first thing that envd encodes in its life."""

_CONTEXTS = Slice(_CONTEXT_ID)
_ENVD_CONTEXT = Struct(
    "EnvdContext", (Field("Current", Basic.STRING), Field("Contexts", _CONTEXTS_ID))
)
_FIELDS = ("Name", "Builder", "BuilderAddress", "Runner", "RunnerAddress")
_CONTEXT = Struct("Context", tuple(Field(name, Basic.STRING) for name in _FIELDS))

DEFINITIONS = b"".join(
    (
        struct_definition(ENVD_CONTEXT_ID, _ENVD_CONTEXT),
        slice_definition(_CONTEXTS_ID, "[]types.Context", _CONTEXTS),
        struct_definition(_CONTEXT_ID, _CONTEXT),
    )
)
"""The first 173 bytes of every store that envd 1.x writes."""

OLD_ADDRESS = "BuilderSocket"
"""What envd 0.2.0 to 0.2.3 called the builder's address; later ones drop it in silence."""

_Check: TypeAlias = Callable[[WireType | None], bool]


def check_types(type_id: int, types: TypeTable) -> bool:
    """Raise CorruptGob for types that envd's decoder refuses before it looks at a value.

    Returns whether they are those of envd 0.2.0: an address of the old name, and no runner.
    """
    top = _struct(types.get(type_id), "EnvdContext")
    _check_fields(top, {"Current": _is_string, "Contexts": _is_slice}, types)
    names = {field.name for field in top.fields}
    if names and not names & {"Current", "Contexts"}:
        raise CorruptGob("type mismatch: no fields matched compiling decoder for EnvdContext")
    for field in top.fields:
        kind = types.get(field.type_id)
        if field.name == "Contexts" and isinstance(kind, Slice):
            return _check_element(types.get(kind.elem), types)
    return False


def _check_element(kind: WireType | None, types: TypeTable) -> bool:
    element = _struct(kind, "Context")
    _check_fields(element, dict.fromkeys(_FIELDS, _is_string), types)
    ids = {field.name: field.type_id for field in element.fields}
    return ids.get(OLD_ADDRESS) == Basic.STRING and not ids.keys() & {"BuilderAddress", "Runner"}


def _struct(kind: WireType | None, name: str) -> Struct:
    if not isinstance(kind, Struct):
        raise CorruptGob(f"type mismatch in decoder: want struct type types.{name}; got non-struct")
    return kind


def _check_fields(kind: Struct, checks: Mapping[str, _Check], types: TypeTable) -> None:
    for field in kind.fields:
        if not field.name:
            raise CorruptGob(f"empty name for remote field of type {kind.name}")
        check = checks.get(field.name)
        if check is None:
            check_defined(field.type_id, types)
        elif not check(types.get(field.type_id)):
            raise CorruptGob(f"wrong type for received field {kind.name}.{field.name}")


def _is_string(kind: WireType | None) -> bool:
    return kind is Basic.STRING


def _is_slice(kind: WireType | None) -> bool:
    return isinstance(kind, Slice)
