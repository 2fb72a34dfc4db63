"""Registries on localhost, for builders whose localhost is not this machine's."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from envdplan.core.plan.names import pushed_names
from envdplan.ground.imagenames import InvalidReference, is_loopback, parse_reference
from envdplan.ground.values import Attributes, Sensitive, Value

_CONTAINERS: Final = frozenset({"docker-container", "podman-container", "nerdctl-container"})
_HOST: Final = "host"
_SCHEMES: Final = ("docker-image://", "oci://")
_ELSEWHERE: Final = {
    "kube-pod": (
        "The builder's pod has a localhost of its own",
        "Name the registry by an address that pods reach.",
    ),
    "ssh": (
        "The builder's machine has a localhost of its own",
        "Name the registry by an address that both machines reach.",
    ),
}
_CONTAINER: Final = "The builder's container has a network, and with it a localhost, of its own"
_CONTAINER_REMEDY: Final = (
    'Set network = "host" in the builder, or name the registry by an address that containers reach.'
)


def on_localhost(text: Value) -> str | None:
    """The host of an image's name where it is this machine, else None."""
    plain = text.value if isinstance(text, Sensitive) else text
    if not isinstance(plain, str):
        return None
    for scheme in _SCHEMES:
        plain = plain.removeprefix(scheme)
    try:
        host = parse_reference(plain).host
    except InvalidReference:
        return None
    return host if is_loopback(host) else None


def unreachable_registries(
    build: Attributes, type: str | None, builder: Attributes, bases: Iterable[str] = ()
) -> str | None:
    """Why a builder does not find the registries on localhost that a build names; None if it does.

    `bases` are the images that the build's definition names itself.
    """
    found = (on_localhost(one) for one in (*_names(build), *bases))
    hosts = tuple(dict.fromkeys(one for one in found if one))
    if not hosts or not _is_apart(type, builder):
        return None
    place, remedy = _ELSEWHERE.get(type or "", (_CONTAINER, _CONTAINER_REMEDY))
    return (
        f"{place}, where {' and '.join(hosts)} is another registry, or none. Pushes, base images "
        f'and caches there usually fail with "connection refused". {remedy}'
    )


def _is_apart(type: str | None, builder: Attributes) -> bool:
    if type == "kube-pod":
        return True
    if type == "ssh":
        return not is_loopback(str(builder.get("address")).rpartition("@")[2])
    return type in _CONTAINERS and not all(one == _HOST for one in _networks(builder))


def _networks(builder: Attributes) -> Iterator[Value]:
    """The network of each node, else the builder's; what is not known counts as its own."""
    nodes = builder.get("node") or {}
    if not nodes:
        yield builder.get("network")
    for one in nodes.values():
        yield one.get("network") or builder.get("network")


def _names(build: Attributes) -> Iterator[Value]:
    """Images that the builder itself pushes, or reads or writes as a cache or as a base."""
    yield from pushed_names(build)
    for name in ("import_cache", "export_cache"):
        for one in _items(build.get(name)):
            yield one.get("ref")
    for name in ("args", "contexts"):
        yield from _items(build.get(name))


def _items(values: Value) -> Iterable[Value]:
    """The members of a collection; nothing of what is not known yet."""
    if isinstance(values, Mapping):
        return values.values()
    return values if isinstance(values, tuple) else ()
