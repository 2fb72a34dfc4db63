"""Things of the world that one resource only may claim: names, tags, caches, files.

Two resources with one of them would undo each other's work at every apply.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from os.path import normpath
from pathlib import PurePosixPath
from typing import Final, TypeAlias

from envdplan.core.state.desired import Rivals
from envdplan.ground.addresses import Address
from envdplan.ground.attributes import Claims
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.imagenames import image_identity
from envdplan.ground.source import SourceRange
from envdplan.ground.values import Attributes, Value, is_known, is_sensitive, reveal
from envdplan.language.configuration.config import Config, ResourceConfig

_PATHS: Final = "a path"
_OUTPUT: Final = Claims.OUTPUTS.value
_REGISTRY: Final = "a name in a registry"
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
    """`key` is what it comes down to, `shown` is how the block writes it.

    `room` is where keys must differ: a tag and a cache may be one name in a registry.
    """

    what: str
    key: Value
    shown: str
    place: SourceRange
    room: str


_Claimed: TypeAlias = tuple[Address, _Claim]


@dataclass(slots=True)
class _Claims:
    rivals: list[Rivals] = field(default_factory=list)
    owners: dict[tuple[str, Value], _Claimed] = field(default_factory=dict)
    around: dict[str, _Claimed] = field(default_factory=dict)
    """By each folder above a path that is claimed: who claims it."""

    def add(self, claim: _Claim, address: Address) -> None:
        owner, first = self.owners.setdefault((claim.room, claim.key), (address, claim))
        if first is not claim:
            self._tell(claim, address, owner, first)
        elif claim.room == _PATHS and isinstance(claim.key, str):
            self._add_path(claim, claim.key, address)

    def _add_path(self, claim: _Claim, path: str, address: Address) -> None:
        above = [str(one) for one in PurePosixPath(path).parents]
        outer = next(
            (self.owners[_PATHS, one] for one in above if (_PATHS, one) in self.owners), None
        )
        for found in (outer, self.around.get(path)):
            if found is not None:
                self._tell(claim, address, *found)
        for one in above:
            self.around.setdefault(one, (address, claim))

    def _tell(self, claim: _Claim, address: Address, owner: Address, first: _Claim) -> None:
        if _is_harmless(claim, first, same=owner == address):
            return
        told = Diagnostics()
        detail = (
            f"{_both(address, claim, owner, first)} At every apply one would overwrite the "
            f"other: {_advice(address, owner)}"
        )
        told.error("Claimed twice", detail, claim.place, str(address))
        self.rivals.append(Rivals(owner, address, told.items[0]))


def _is_harmless(claim: _Claim, first: _Claim, *, same: bool) -> bool:
    """A tag or cache twice in one build; and two tags are told once, where they are tags."""
    if claim.what != first.what or claim.what == _OUTPUT:
        return False
    return same or claim.room == _REGISTRY


def _both(address: Address, claim: _Claim, owner: Address, first: _Claim) -> str:
    if owner != address and (claim.what, claim.shown) == (first.what, first.shown):
        return f"{address} and {owner} (at {first.place}) both have the {claim.what} {claim.shown}."
    who = f"{owner} (at {first.place}) has" if owner != address else f"at {first.place}"
    what = "" if claim.what == first.what and owner != address else f"the {first.what} "
    return (
        f"{address} has the {claim.what} {claim.shown}, and {who} {what}{first.shown}, "
        f"{_how(claim, first)}."
    )


def _how(claim: _Claim, first: _Claim) -> str:
    if claim.key == first.key:
        return "which is the same"
    inner = str(claim.key).startswith(f"{str(first.key).rstrip('/')}/")
    return "which holds it" if inner else "which is in it"


def _advice(address: Address, owner: Address) -> str:
    if address != owner and (address.kind, address.name) == (owner.kind, owner.name):
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
    """What the attributes name, in the order of `Claims`."""
    for what in Claims:
        for name, one in config.type.attributes.items():
            if one.claims is what:
                yield from _CLAIMED[what](config, name)


def _context(config: ResourceConfig, name: str) -> Iterator[_Claim]:
    yield from _claim(Claims.CONTEXT.value, config.attributes.get(name), config.place(name))


def _container(config: ResourceConfig, name: str) -> Iterator[_Claim]:
    """Two blocks may attach to one daemon, but only one may own a container."""
    parts = (config.attributes.get("host"), config.attributes.get(name))
    # Engines of different types do not share names, nor do namespaces of a cluster.
    elsewhere = (config.attributes.get(one) for one in ("namespace", "kube_context"))
    room = repr((config.type.name, *(reveal(one) for one in elsewhere)))
    yield from _claim(Claims.CONTAINER.value, parts, config.place(name), room)


def _tags(config: ResourceConfig, name: str) -> Iterator[_Claim]:
    """The tags, and the names of outputs that have their own."""
    blocks = tuple(_outputs(config))
    with_tags = [one for _, one in blocks if one.get("names") is None]
    is_pushed = any(one.get("push") is True for one in with_tags)
    for index, tag in _items(config.attributes, name):
        yield from _tag(tag, config.place(name, index), is_pushed=is_pushed)
    for index, one in blocks:
        for own in one.get("names") or () if is_known(one.get("names")) else ():
            place = config.place("output", index)
            yield from _tag(own, place, is_pushed=one.get("push") is True)


def _caches(config: ResourceConfig, name: str) -> Iterator[_Claim]:
    for index, cache in _items(config.attributes, name):
        yield from _cache(cache, config.place(name, index))


def _written(config: ResourceConfig, name: str) -> Iterator[_Claim]:
    for index, output in _outputs(config):
        place = config.place(name, index)
        yield from _claim(_OUTPUT, output.get("dest"), place, _PATHS, key=_path)


def _outputs(config: ResourceConfig) -> Iterator[tuple[int, Attributes]]:
    for index, one in _items(config.attributes, "output"):
        if isinstance(one, Mapping):
            yield index, one


_CLAIMED: Final[Mapping[Claims, Callable[[ResourceConfig, str], Iterator[_Claim]]]] = {
    Claims.CONTEXT: _context,
    Claims.CONTAINER: _container,
    Claims.TAGS: _tags,
    Claims.CACHES: _caches,
    Claims.OUTPUTS: _written,
}


def _tag(tag: Value, place: SourceRange, *, is_pushed: bool) -> Iterator[_Claim]:
    yield from _claim(Claims.TAGS.value, tag, place, key=_identity)
    if is_pushed:
        yield from _claim(Claims.TAGS.value, tag, place, _REGISTRY, key=_identity)


def _items(attributes: Attributes, name: str) -> Iterator[tuple[int, Value]]:
    given = attributes.get(name)
    yield from enumerate(given if isinstance(given, tuple) else ())


def _cache(cache: Value, place: SourceRange) -> Iterator[_Claim]:
    what = Claims.CACHES.value
    names = _PARTS.get(str(cache.get("type")), ()) if isinstance(cache, Mapping) else ()
    if names == ("ref",):
        yield from _claim(what, cache.get("ref"), place, key=_identity)
        yield from _claim(what, cache.get("ref"), place, _REGISTRY, key=_identity)
    elif names == ("dest",):
        at = partial(_path, folder=place.file.directory)
        yield from _claim(what, cache.get("dest"), place, _PATHS, key=at)
    elif names:
        yield from _claim(what, tuple(cache.get(name) for name in names), place)


def _claim(
    what: str,
    value: Value,
    place: SourceRange,
    room: str = "",
    *,
    key: Callable[[Value], Value] = lambda value: value,
) -> Iterator[_Claim]:
    """Nothing is claimed by what is not set, or not known yet."""
    if value is None or not is_known(value):
        return
    plain = reveal(value)
    shown = "(sensitive)" if is_sensitive(value) else _said(plain)
    yield _Claim(what, key(plain), shown, place, room or what)


def _identity(name: Value) -> Value:
    return image_identity(name) if isinstance(name, str) else name


def _path(path: Value, folder: str = "") -> Value:
    return normpath(PurePosixPath(folder, path)) if isinstance(path, str) else path


def _said(value: Value) -> str:
    return value if isinstance(value, str) else ", ".join(str(one) for one in value if one)
