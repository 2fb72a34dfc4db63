"""Which fields an object may have, and of which type: read from the official client's models."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any, Final

from envdplan.testing.kubernetes.kinds import Kind

Object = dict[str, Any]
_SUFFIXES: Final = {
    "n": Decimal("1e-9"),
    "u": Decimal("1e-6"),
    "m": Decimal("1e-3"),
    "": Decimal(1),
    **{name: Decimal(1000) ** power for power, name in enumerate("kMGTPE", 1)},
    **{f"{name}i": Decimal(1024) ** power for power, name in enumerate("KMGTPE", 1)},
}
_LIST_KEYS: Final = {
    "containers": ("name",),
    "initContainers": ("name",),
    "ephemeralContainers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "volumeDevices": ("devicePath",),
    "ports": ("containerPort", "protocol"),
    "imagePullSecrets": ("name",),
    "hostAliases": ("ip",),
    "topologySpreadConstraints": ("topologyKey", "whenUnsatisfiable"),
    "conditions": ("type",),
    "ownerReferences": ("uid",),
    "secrets": ("name",),
}
"""x-kubernetes-list-map-keys of the lists that merge; all others are replaced as a whole."""

_ATOMIC: Final = frozenset(
    {"nodeSelector", "selector", "matchLabels", "labelSelector", "secretKeyRef", "configMapKeyRef"}
    | {"fieldRef", "resourceFieldRef", "items", "sources"}
)
"""Objects that have one owner as a whole (x-kubernetes-map-type: atomic)."""


def list_keys(field: str) -> tuple[str, ...] | None:
    """The keys by which a list merges; None when it is replaced as a whole."""
    return _LIST_KEYS.get(field)


def is_atomic(field: str) -> bool:
    """Whether an object has one owner as a whole."""
    return field in _ATOMIC


@cache
def _fields(name: str) -> dict[str, str] | None:
    """Fields of one of the client's models, with their types as it writes them."""
    from kubernetes import client

    model = getattr(client, name, None)
    if model is None or not hasattr(model, "openapi_types"):
        return None
    return {model.attribute_map[field]: one for field, one in model.openapi_types.items()}


_LIST: Final = re.compile(r"(?:list|List)\[(.*)\]")
_DICT: Final = re.compile(r"(?:dict|Dict)[(\[]str, (.*)[)\]]")


def unknown_fields(kind: Kind, body: Object) -> Iterator[tuple[str, str]]:
    """Dotted path and problem of each field that the kind does not have, or has otherwise."""
    yield from _check(body, f"V1{kind.name}", "")


def _check(value: Any, type: str, path: str, field: str = "") -> Iterator[tuple[str, str]]:
    if value is None:
        return
    if (match := _LIST.fullmatch(type)) and isinstance(value, list):
        yield from _check_items(value, match.group(1), path, field)
    elif (match := _DICT.fullmatch(type)) and isinstance(value, dict):
        for name, one in value.items():
            yield from _check(one, match.group(1), f"{path}.{name}", name)
    elif isinstance(value, dict) and (fields := _fields(type)) is not None:
        yield from _check_object(value, fields, path)
    elif type in _SCALARS and not isinstance(value, _SCALARS[type]):
        words = {"str": "string", "int": "numeric (int or float)", "bool": "boolean"}
        yield path, f"expected {words[type]}, got &value.valueUnstructured{{Value:{value}}}"


_SCALARS: Final[dict[str, type]] = {"str": str, "int": int, "bool": bool}


def _check_items(value: list[Any], item: str, path: str, field: str) -> Iterator[tuple[str, str]]:
    keys = list_keys(field) or ()
    for place, one in enumerate(value):
        named = isinstance(one, dict) and keys and keys[0] in one
        where = f'[{keys[0]}="{one[keys[0]]}"]' if named else f"[{place}]"
        yield from _check(one, item, f"{path}{where}")


def _check_object(value: Object, fields: dict[str, str], path: str) -> Iterator[tuple[str, str]]:
    for name, one in value.items():
        if name not in fields:
            yield f"{path}.{name}", "field not declared in schema"
        else:
            yield from _check(one, fields[name], f"{path}.{name}", name)


class BadValue(ValueError):
    """A quantity or secret that no server can read."""


def canonical(kind: Kind, body: Object) -> Object:
    """`body` with quantities in their shortest form. Raises BadValue."""
    if kind.plural == "secrets":
        _check_base64(body.get("data") or {})
    return dict(_quantities(body))


def _check_base64(data: Object) -> None:
    for value in data.values():
        try:
            b64decode(value, validate=True)
        except (NotBase64, ValueError, TypeError) as error:
            told = "error decoding from json: illegal base64 data at input byte 0"
            raise BadValue(told) from error


_HOLDERS: Final = frozenset({"requests", "limits", "capacity", "allocatable", "hard"})


def _quantities(value: Any, *, holder: bool = False) -> Any:
    if isinstance(value, dict):
        return {
            name: _quantity(one)
            if holder or name == "sizeLimit"
            else _quantities(one, holder=name in _HOLDERS)
            for name, one in value.items()
        }
    return [_quantities(one) for one in value] if isinstance(value, list) else value


def quantity(value: Any) -> Decimal:
    """A quantity as a number. Raises BadValue."""
    match = re.fullmatch(r"([+-]?\d+(?:\.\d+)?)([a-zA-Z]*)", str(value))
    if match is None or match.group(2) not in _SUFFIXES:
        raise BadValue(
            "quantities must match the regular expression "
            "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
        )
    return Decimal(match.group(1)) * _SUFFIXES[match.group(2)]


def _quantity(value: Any) -> str:
    return _shortest(quantity(value), binary=str(value).endswith("i"))


def _shortest(number: Decimal, *, binary: bool) -> str:
    """1024Mi is 1Gi, and 1000m is 1, as the server writes them."""
    if number != number.to_integral_value():
        return f"{int(number * 1000)}m"
    names = ("", *(f"{one}i" for one in "KMGTP")) if binary else ("", *"kMGTP")
    base = 1024 if binary else 1000
    whole, place = int(number), 0
    while whole and whole % base == 0 and place < len(names) - 1:
        whole, place = whole // base, place + 1
    return f"{whole}{names[place]}"
