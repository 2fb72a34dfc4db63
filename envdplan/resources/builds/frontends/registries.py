"""Which registries a build names: a builder gets the user's logins for these, and for no other."""

from collections.abc import Iterator
from typing import Final

from envdplan.core.plan.names import all_names
from envdplan.ground.imagenames import InvalidReference, canonical_host, parse_reference
from envdplan.ground.values import Attributes, Value, reveal
from envdplan.resources.builds.frontends.base import Source
from envdplan.resources.builds.frontends.dockerfilebases import bases

_IMAGE: Final = "docker-image://"
_SCANNER: Final = "docker/buildkit-syft-scanner"
"""What BuildKit pulls for an SBOM where no generator is named."""


def named_registries(attributes: Attributes, found: Source) -> frozenset[str]:
    """Hosts in one spelling: of tags, bases, caches, contexts and frontends, and `registries`.

    Bases of a frontend that reads no Dockerfile cannot be known: of its arguments every one that
    begins with a host counts.
    """
    plain = reveal(attributes)
    given = (canonical_host(str(one)) for one in plain.get("registries") or ())
    hosts = (_host(name) for name in _names(plain, found))
    return frozenset({*given, *(one for one in hosts if one)})


def _names(plain: Attributes, found: Source) -> Iterator[str]:
    yield from all_names(plain)
    contexts = plain.get("contexts") or {}
    for value in contexts.values():
        if str(value).startswith(_IMAGE):
            yield str(value).removeprefix(_IMAGE)
    for frontend in (plain.get("syntax"), plain.get("frontend")):
        yield from str(frontend or "").split()[:1]
    yield from _cached(plain)
    for one in plain.get("attest") or ():
        if one.get("type") == "sbom":
            yield str(one.get("generator") or _SCANNER)
    args = {str(name): str(value) for name, value in (plain.get("args") or {}).items()}
    if plain.get("frontend"):
        yield from (value for value in args.values() if "/" in value)
    yield from args.get("BUILDKIT_SYNTAX", "").split()[:1]
    yield from bases(found, args) - {*contexts}


def _cached(plain: Attributes) -> Iterator[str]:
    caches: list[Value] = [*(plain.get("import_cache") or ()), *(plain.get("export_cache") or ())]
    for one in caches:
        if one.get("type") == "registry":
            yield str(one.get("ref") or "")


def _host(name: str) -> str:
    try:
        return canonical_host(parse_reference(name).host)
    except InvalidReference:
        return ""
