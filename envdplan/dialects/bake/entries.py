"""Caches, outputs, secrets, SSH agents and attestations: a line of CSV, or an object.

Each becomes a dict in bake's own words. Functions raise ValueError for what is none.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Final

from envdplan.dialects.bake.csvtext import fields, pairs
from envdplan.dialects.bake.outside import to_bool
from envdplan.ground.values import Value
from envdplan.language.evaluation.problems import ConversionError
from envdplan.language.types.conversion import to_string

Entry = Mapping[str, Value]


def caches(value: Value) -> Iterator[Entry]:
    """`REF[,REF]`, `type=...,key=value`, or an object."""
    if isinstance(value, str) and "=" not in value:
        yield from ({"type": "registry", "ref": one} for one in fields(value))
    else:
        yield _typed(_members(value), "cache")


def outputs(value: Value) -> Iterator[Entry]:
    """A directory, `-` for a tar to the standard output, `type=...,key=value`, or an object."""
    if isinstance(value, str) and not value.startswith("type=") and fields(value) == [value]:
        kind = "tar" if value == "-" else "local"
        yield {"type": kind, "dest": value}
    else:
        yield _typed(_members(value), "output")


def secrets(value: Value) -> Iterator[Entry]:
    """`id=ID,src=FILE` or `id=ID,env=NAME`, or an object."""
    given = _members(value)
    kind = given.pop("type", "")
    if kind not in ("", "file", "env"):
        raise ValueError(f'a secret is of type file or env, not "{kind}"')
    made = {"id": given.pop("id", ""), "env": given.pop("env", "")}
    made["src"] = given.pop("source", given.pop("src", ""))
    _refuse(given, "secret", ("id", "src", "env", "type"))
    if kind == "env" and not made["env"]:
        made = {**made, "env": made["src"], "src": ""}
    yield made


def ssh(value: Value) -> Iterator[Entry]:
    """`ID` or `ID=PATH[,PATH]`, or an object of id and paths."""
    if isinstance(value, str):
        name, equals, rest = value.partition("=")
        yield {"id": name, "paths": tuple(rest.split(",")) if equals else ()}
        return
    given = dict(_mapping(value))
    name, paths = given.pop("id", None), given.pop("paths", None)
    _refuse(given, "SSH agent", ("id", "paths"))
    listed = paths if isinstance(paths, tuple) else (paths,) if paths else ()
    yield {"id": _text(name or ""), "paths": tuple(_text(one) for one in listed)}


def attests(value: Value) -> Iterator[Entry]:
    """`type=sbom|provenance,key=value`, or an object; `disabled` is a bool."""
    given: dict[str, Value] = {**_typed(_members(value), "attestation")}
    if "disabled" in given:
        given["disabled"] = to_bool(given["disabled"])
    yield given


READERS: Final[Mapping[str, Callable[[Value], Iterator[Entry]]]] = {
    "cache-from": caches,
    "cache-to": caches,
    "output": outputs,
    "secret": secrets,
    "ssh": ssh,
    "attest": attests,
}


def _typed(given: dict[str, str], what: str) -> dict[str, str]:
    if not given.get("type"):
        raise ValueError(f"its type is missing, such as type={_TYPES[what]}")
    return given


_TYPES: Final = {"cache": "registry", "output": "image", "attestation": "sbom"}


def _members(value: Value) -> dict[str, str]:
    if isinstance(value, str):
        return dict(pairs(value))
    return {key: _text(one) for key, one in _mapping(value).items() if one is not None}


def _mapping(value: Value) -> Mapping[str, Value]:
    if isinstance(value, Mapping):
        return value
    raise ValueError("it must be a string or an object")


def _text(value: Value) -> str:
    try:
        return to_string(value)
    except ConversionError as error:
        raise ValueError(error.message) from None


def _refuse(given: Mapping[str, Value], what: str, known: tuple[str, ...]) -> None:
    for key in given:
        raise ValueError(f'{what}s have no "{key}", only {", ".join(known)}')
