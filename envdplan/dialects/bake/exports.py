"""Outputs, caches and attestations of a target in our words."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from envdplan.dialects.bake import paths
from envdplan.dialects.bake.outside import to_bool
from envdplan.dialects.bake.placed import Items, Placed
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.values import Value

_CACHES: Final = ("registry", "local", "inline")

_Options = Mapping[str, Callable[[str], Value]]

_OPTIONS: Final[_Options] = {
    "push": to_bool,
    "compression": str,
    "compression-level": int,
    "force-compression": to_bool,
    "oci-mediatypes": to_bool,
    "rewrite-timestamp": to_bool,
    "tar": to_bool,
}
"""Options of outputs that there are here, with `_` for `-`."""

_ATTESTED: Final[_Options] = {"reproducible": to_bool, "inline-only": to_bool}
"""Options of attestations that are no strings."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """The outputs, and the names that all of them give the image."""

    entries: Items
    names: Items


def outputs(given: Items, directory: str, diagnostics: Diagnostics, *, named: bool) -> Outputs:
    """Outputs with absolute paths; options that there are not here are mistakes.

    Their names count where the target is not `named`, as in bake; different ones stay apart.
    """
    made = [(dict(_output(one, directory, diagnostics)), one) for one in given]
    lists = [[] if named else _names(one) for one in given]
    several = len({tuple(names) for names in lists if names}) > 1
    if several:
        for (output, _), names in zip(made, lists, strict=True):
            if names:
                output["names"] = tuple(names)
    shared = (Placed(n, one.range) for names, one in zip(lists, given, strict=True) for n in names)
    entries = tuple(Placed(output, one.range) for output, one in made)
    return Outputs(entries, () if several else tuple({one.value: one for one in shared}.values()))


def _names(one: Placed) -> list[str]:
    name = one.value.get("name")
    return str(name).split(",") if name else []


def _output(one: Placed, directory: str, diagnostics: Diagnostics) -> Iterator[tuple[str, Value]]:
    yield "type", one.value["type"]
    for key, value in one.value.items():
        if key == "dest" and value:
            yield key, _destination(value, directory, one, diagnostics)
        elif key in _OPTIONS:
            yield from _option(key, value, _OPTIONS, one, diagnostics)
        elif key not in ("type", "dest", "name"):
            detail = f'An output has no option "{key}" here. Remove it, or build with bake.'
            diagnostics.error("Not supported by envdplan", detail, one.range)


def _destination(value: str, directory: str, one: Placed, diagnostics: Diagnostics) -> str:
    if value == "-":
        detail = "A build here cannot write to the standard output; name a file."
        diagnostics.error("Not supported by envdplan", detail, one.range)
    return paths.absolute(value, directory)


def attestation(one: Placed, diagnostics: Diagnostics) -> Placed:
    """An attestation; whether its options are good is for the schema to say."""
    made: dict[str, Value] = {}
    for key, value in one.value.items():
        if key != "disabled":
            made.update(_option(key, value, _ATTESTED, one, diagnostics))
    return Placed(made, one.range)


def _option(
    key: str, value: str, options: _Options, one: Placed, diagnostics: Diagnostics
) -> Iterator[tuple[str, Value]]:
    try:
        yield key.replace("-", "_"), options.get(key, str)(value)
    except ValueError:
        detail = f'The option "{key}" cannot be "{value}".'
        diagnostics.error("Invalid entry", detail, one.range)


def caches(given: Items, directory: str, diagnostics: Diagnostics) -> Iterator[Placed]:
    """Caches with absolute paths. Other kinds only save time: they are left out with a warning."""
    for one in given:
        if one.value["type"] in _CACHES:
            yield Placed(_cache(one.value, directory), one.range)
            continue
        detail = (
            f"A cache of type {one.value['type']} cannot be used here; the build runs without it."
        )
        diagnostics.warn("Cache left out", detail, one.range)


def _cache(value: Mapping[str, str], directory: str) -> dict[str, Value]:
    local = value["type"] == "local"
    return {
        key: paths.absolute(one, directory) if local and key in ("src", "dest") else one
        for key, one in value.items()
    }
