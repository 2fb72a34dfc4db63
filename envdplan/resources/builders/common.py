"""What all builders have in common: computed attributes, and what a BuildKit can do."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from envdplan.ground.attributes import Attribute, Compared, Computed, Hidden
from envdplan.ground.values import Attributes, Value

if TYPE_CHECKING:
    from envdplan.clients.buildkit.client import BuildKit

NAME: Final = Attribute(
    "Name of the builder (default: the label of the block)",
    {"type": "string", "minLength": 1},
    compared=Compared.NEVER,
    identity=True,
    finds=True,
    own=True,
)
TIMEOUT: Final = Attribute(
    "Seconds to wait for an answer, 1 or more",
    {
        "type": "number",
        "default": 10,
        "minimum": 1,
    },
    compared=Compared.NEVER,
    connection=True,
)
RETRIES: Final = Attribute(
    "Number of retries after a failed change, 0 or more (default: none)",
    {"type": "integer", "minimum": 0},
    compared=Compared.NEVER,
)
COMPUTED: Final[Mapping[str, Attribute]] = {
    "version": Attribute("Version of BuildKit", {"type": "string"}, computed=Computed.FOUND),
    "platforms": Attribute("Platforms it builds for", {"type": "array"}, computed=Computed.FOUND),
    "workers": Attribute("Ids of its workers", {"type": "array"}, computed=Computed.FOUND),
    "capabilities": Attribute(
        "What it can do", {"type": "object"}, computed=Computed.FOUND, hidden=Hidden.IN_PLANS
    ),
}

FULL: Final = ("image", "docker", "oci", "tar", "local", "cacheonly")
_CACHES: Final = ("registry", "local", "inline")


def capabilities(platforms: tuple[str, ...]) -> Attributes:
    """A BuildKit with all its exporters: buildkitd, and an engine with the containerd store."""
    return {
        "exporters": FULL,
        "platforms": platforms,
        "several_platforms": True,
        "several_outputs": True,
        "cache_exports": _CACHES,
    }


def graphdriver_capabilities(platforms: tuple[str, ...]) -> Attributes:
    """BuildKit inside of an engine with the old image store.

    It has the exporters moby, tar and local only (measured with Docker 20.10, 26.1 and 28);
    images are pushed and loaded by the engine.
    """
    return {
        "exporters": ("image", "docker", "tar", "local", "cacheonly"),
        "platforms": platforms,
        "several_platforms": False,
        "several_outputs": False,
        "cache_exports": ("inline",),
    }


def computed(client: "BuildKit") -> dict[str, Value]:
    """Computed attributes of a BuildKit that answers. Raises Unreachable or Refused."""
    workers = client.workers()
    platforms = tuple(dict.fromkeys(name for one in workers for name in one.platforms))
    return {
        "version": client.info() or next((one.version for one in workers), ""),
        "platforms": platforms,
        "workers": tuple(one.id for one in workers),
        "capabilities": capabilities(platforms),
    }


def without_scheme(attributes: Attributes, scheme: str) -> Attributes:
    """The attributes with the address as envd writes it: without `scheme`, such as tcp://."""
    address = attributes.get("address")
    if not isinstance(address, str):
        return attributes
    return {**attributes, "address": address.removeprefix(scheme)}
