"""Builders of type moby-worker: the BuildKit that is part of a Docker Engine."""

from typing import TYPE_CHECKING, Final

from envdplan.ground.addresses import Kind
from envdplan.ground.attributes import Attribute, Computed
from envdplan.ground.schema import ResourceType
from envdplan.ground.values import Attributes, Value
from envdplan.resources.builders.attached import Attached, always
from envdplan.resources.builders.base import Driver, Surroundings, Undeclared
from envdplan.resources.builders.common import (
    COMPUTED,
    NAME,
    RETRIES,
    TIMEOUT,
    graphdriver_capabilities,
)

if TYPE_CHECKING:
    from envdplan.clients.buildkit.client import BuildKit
    from envdplan.clients.docker.endpoint import Endpoint

ADDRESS: Final = "envd_buildkitd"
"""What envd writes for it, and ignores."""


def derive(attributes: Attributes) -> Attributes:
    """The address that envd's store holds for it."""
    return {**attributes, "address": ADDRESS}


class MobyWorker(Attached):
    """Talks to the engine's /grpc and /session."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._environment = surroundings.environment

    def connect(self, attributes: Attributes) -> "BuildKit":
        """A client of it. Raises EnvdplanError when the endpoint makes no sense."""
        from envdplan.clients.buildkit.client import BuildKit
        from envdplan.clients.buildkit.wire.dial import SocketDialer
        from envdplan.clients.docker.hijack import hijack

        endpoint = self._endpoint(attributes)
        dialer = SocketDialer(
            endpoint.url,
            lambda: hijack(endpoint, "/grpc"),
            lambda metadata: hijack(endpoint, "/session", metadata),
        )
        return BuildKit(dialer, attributes.get("timeout") or 10)

    def answers(self, attributes: Attributes) -> dict[str, Value]:
        """What it can do depends on how the engine stores images."""
        from envdplan.clients.docker.engine import Engine

        found = super().answers(attributes)
        with Engine(self._endpoint(attributes)) as engine:
            info = engine.info()
        found["version"] = found["version"] or f"in Docker {info.version}"
        if not info.containerd_store:
            found["capabilities"] = graphdriver_capabilities(found["platforms"])
        return found

    def _endpoint(self, attributes: Attributes) -> "Endpoint":
        from envdplan.clients.docker.endpoint import resolve

        return resolve(self._environment, attributes.get("host"))


def _from_address(address: str) -> Undeclared:
    del address  # envd ignores it too
    return Undeclared({"host": None})


DRIVER: Final = Driver(
    ResourceType(
        Kind.BUILDER,
        "moby-worker",
        {
            "name": NAME,
            "host": Attribute(
                "The engine: an endpoint such as unix:///var/run/docker.sock, or the name "
                "of a Docker context (default: as docker itself, by DOCKER_HOST and so on)",
                {"type": "string", "minLength": 1},
                identity=True,
                finds=True,
                connection=True,
            ),
            "address": Attribute(
                "Address in envd's store",
                {"type": "string"},
                identity=True,
                finds=True,
                computed=Computed.FOLLOWS,
            ),
            "timeout": TIMEOUT,
            "retries": RETRIES,
            **COMPUTED,
        },
        derive,
        borrowed=always,
        title="moby-worker builder",
    ),
    MobyWorker,
    _from_address,
)
