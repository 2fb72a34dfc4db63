"""Things of the world that one resource only may claim: names, tags, caches, files.

Two resources with one of them would undo each other's work at every apply.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from envdplan.addresses import Address, Kind
from envdplan.config.config import Config, ResourceConfig
from envdplan.diagnostics import Diagnostics
from envdplan.imagenames import image_identity
from envdplan.source import SourceRange
from envdplan.states.desired import Rivals
from envdplan.values import Attributes, Value, is_known, is_sensitive, reveal

_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "registry": ("ref",),
    "local": ("dest",),
    "gha": ("url", "scope"),
    "s3": ("endpoint_url", "bucket", "region", "prefix", "name"),
    "azblob": ("account_url", "container", "prefix", "name"),
}
"""What tells the caches of each type apart."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """`key` is what it comes down to, `shown` is how the block writes it."""

    what: str
    key: Value
    shown: str
    place: SourceRange


@dataclass(slots=True)
class _Claims:
    rivals: list[Rivals] = field(default_factory=list)
    owners: dict[tuple[str, Value], tuple[Address, _Claim]] = field(default_factory=dict)

    def add(self, claim: _Claim, address: Address) -> None:
        owner, first = self.owners.setdefault((claim.what, claim.key), (address, claim))
        if owner == address:
            return
        detail = (
            f"{_both(address, claim, owner, first)} The one would undo what the other did: "
            f"{_advice(address, owner)}"
        )
        told = Diagnostics()
        told.error("Claimed twice", detail, claim.place, str(address))
        self.rivals.append(Rivals(owner, address, told.items[0]))


def _both(address: Address, claim: _Claim, owner: Address, first: _Claim) -> str:
    if claim.shown == first.shown:
        return f"{address} and {owner} (at {first.place}) both have the {claim.what} {claim.shown}."
    return (
        f"{address} has the {claim.what} {claim.shown}, and {owner} (at {first.place}) has "
        f"{first.shown}, which is the same."
    )


def _advice(address: Address, owner: Address) -> str:
    if (address.kind, address.name) == (owner.kind, owner.name):
        return "write each.key or each.value into it, so that each of them has its own."
    return "change one of them."


def rivals(config: Config) -> tuple[Rivals, ...]:
    """Whoever claims what another one claims, with the places of both."""
    claims = _Claims()
    for one in config.resources.values():
        for claim in _claimed(one):
            claims.add(claim, one.address)
    return tuple(claims.rivals)


def _claimed(config: ResourceConfig) -> Iterator[_Claim]:
    attributes = config.attributes
    match config.address.kind:
        case Kind.CONTEXT:
            yield from _claim("context name", attributes.get("name"), config.place("name"))
        case Kind.BUILDER:
            yield from _container(config)
        case Kind.BUILD:
            yield from _of_build(config)


def _container(config: ResourceConfig) -> Iterator[_Claim]:
    """Two blocks may attach to one daemon, but only one may own a container."""
    if "x-forces-replacement" in config.type.property("name"):
        parts = (config.attributes.get("host"), config.attributes.get("name"))
        yield from _claim("container", parts, config.place("name"))


def _of_build(config: ResourceConfig) -> Iterator[_Claim]:
    attributes = config.attributes
    for index, tag in _items(attributes, "tags"):
        yield from _claim("tag", tag, config.place("tags", index), image=True)
    for index, cache in _items(attributes, "export_cache"):
        yield from _cache(cache, config.place("export_cache", index))
    for index, output in _items(attributes, "output"):
        if isinstance(output, Mapping):
            yield from _claim("output path", output.get("dest"), config.place("output", index))


def _items(attributes: Attributes, name: str) -> Iterator[tuple[int, Value]]:
    given = attributes.get(name)
    yield from enumerate(given if isinstance(given, tuple) else ())


def _cache(cache: Value, place: SourceRange) -> Iterator[_Claim]:
    names = _PARTS.get(str(cache.get("type")), ()) if isinstance(cache, Mapping) else ()
    if names == ("ref",):
        yield from _claim("cache target", cache.get("ref"), place, image=True)
    elif names == ("dest",) and isinstance(dest := cache.get("dest"), str):
        yield from _claim("cache target", str(PurePosixPath(dest)), place)
    elif names:
        yield from _claim("cache target", tuple(cache.get(name) for name in names), place)


def _claim(what: str, value: Value, place: SourceRange, *, image: bool = False) -> Iterator[_Claim]:
    """Nothing is claimed by what is not set, or not known yet."""
    if value is None or not is_known(value):
        return
    plain = reveal(value)
    shown = "(sensitive)" if is_sensitive(value) else _said(plain)
    yield _Claim(
        what, image_identity(plain) if image and isinstance(plain, str) else plain, shown, place
    )


def _said(value: Value) -> str:
    return value if isinstance(value, str) else ", ".join(str(one) for one in value if one)
