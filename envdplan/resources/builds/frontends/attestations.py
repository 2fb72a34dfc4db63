"""`attest`: statements about an image that are pushed with it.

The wire form is buildx's: frontend attributes `attest:TYPE` with CSV (build/opt.go there).
"""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from envdplan.ground.attributes import Option
from envdplan.ground.schema import Problem
from envdplan.ground.values import Attributes, Value
from envdplan.language.evaluation.problems import suggestion
from envdplan.resources.builds.frontends.frontendschema import ATTEST
from envdplan.resources.builds.frontends.listforms import Item, as_objects, fields

_BOOLEANS: Final = {"true": True, "1": True, "false": False, "0": False}


def _options_of(type: str) -> frozenset[str]:
    """What attestations of one type have; with "" what all have."""
    return frozenset(name for name, one in ATTEST.parts.items() if one.input == Option(type))


def with_attestations(attributes: Attributes) -> dict[str, Value]:
    """`type=provenance,mode=max` as an object, and without what is disabled."""
    if "attest" not in attributes:
        return dict(attributes)
    found = as_objects(attributes["attest"], "type", _attestation)
    if isinstance(found, tuple):
        found = tuple(one for one in found if not _is_disabled(one))
    return {**attributes, "attest": found}


def _is_disabled(one: Value) -> bool:
    return isinstance(one, Mapping) and one.get("disabled") is True


def _attestation(text: str) -> Item:
    pairs = (field.partition("=") for field in fields(text))
    found = ((key.strip().lower().replace("-", "_"), value) for key, _, value in pairs)
    return {key: _plain(key, value) for key, value in found}


def _plain(key: str, value: str) -> Value:
    part = ATTEST.parts.get(key)
    is_boolean = part is not None and part.schema["type"] == "boolean"
    return _BOOLEANS.get(value.lower(), value) if is_boolean else value


def problems(attributes: Attributes) -> Iterator[Problem]:
    """Options that this type of attestation does not have."""
    attestations = attributes.get("attest")
    for index, one in enumerate(attestations if isinstance(attestations, tuple) else ()):
        if not isinstance(one, Mapping) or not _options_of(str(one.get("type"))):
            continue
        for summary, detail in (*_unknown_options(one), *_wrong_choices(one)):
            yield ("attest", index), summary, detail


def _unknown_options(one: Item) -> Iterator[tuple[str, str]]:
    known = _options_of(one["type"])
    for name in sorted(_given(one) - known - _options_of("")):
        hint = suggestion(name, known) or f" There are: {', '.join(sorted(known))}."
        detail = f'An attestation of type {one["type"]} has no option "{name}".{hint}'
        yield "Unexpected attribute", detail


def _wrong_choices(one: Item) -> Iterator[tuple[str, str]]:
    """What the schema says of objects holds for CSV too."""
    for name, part in ATTEST.parts.items():
        value, choices = one.get(name), part.schema.get("enum", ())
        if part.schema["type"] == "boolean" and isinstance(value, str):
            choices = ("true", "false")
        if choices and isinstance(value, str) and value not in choices:
            detail = f'"{name}" must be one of {", ".join(choices)}, but it is "{value}".'
            yield "Value not allowed", detail


def _given(one: Item) -> set[str]:
    return {name for name, value in one.items() if value is not None}


def options(plain: Attributes) -> Iterator[tuple[str, str]]:
    """The attributes of the frontend."""
    for one in plain.get("attest") or ():
        pairs = sorted((name, one[name]) for name in _given(one) - _options_of(""))
        yield f"attest:{one['type']}", _row(f"{n.replace('_', '-')}={_text(v)}" for n, v in pairs)


def _text(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _row(cells: Iterable[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(list(cells))
    return text.getvalue()
