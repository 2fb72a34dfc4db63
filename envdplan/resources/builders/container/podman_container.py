"""Builders of type podman-container: as docker-container, through Podman's own API service.

Podman answers Docker's API (podman-system-service(1)); envd itself knows no such builder.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from envdplan.ground.addresses import Kind
from envdplan.ground.schema import ResourceType
from envdplan.resources.builders.base import Driver
from envdplan.resources.builders.container.container_schema import (
    ATTRIBUTES,
    consequence,
    derive,
    named,
    problems,
)
from envdplan.resources.builders.container.docker_container import DockerContainer

if TYPE_CHECKING:
    from envdplan.clients.docker.endpoint import Endpoint

_HOST: Final = ATTRIBUTES["host"].but(
    "Podman's API service, such as unix:///run/podman/podman.sock (default: "
    "CONTAINER_HOST, else the user's, else the system's)",
)


class PodmanContainer(DockerContainer):
    """The lifecycle."""

    scheme = "podman-container"

    def endpoint(self, host: str | None) -> "Endpoint":
        """Where Podman listens, as podman-remote(1) looks for it."""
        from envdplan.clients.docker.endpoint import resolve

        environment, source = self._surroundings.environment, "from host"
        if host is None and (host := environment.get("CONTAINER_HOST")):
            source = "from CONTAINER_HOST"
        elif host is None:
            host, source = self._usual(), "the usual place"
        return replace(resolve(environment, host), source=source, is_podman=True)

    def _usual(self) -> str:
        runtime = self._surroundings.environment.get("XDG_RUNTIME_DIR")
        own = Path(runtime, "podman/podman.sock") if runtime else None
        if own is not None and own.exists():
            return f"unix://{own}"
        return "unix:///run/podman/podman.sock"


TYPE: Final = ResourceType(
    Kind.BUILDER,
    "podman-container",
    {**ATTRIBUTES, "host": _HOST},
    derive,
    problems,
    consequence,
    title="podman-container builder",
)
DRIVER: Final = Driver(
    TYPE, PodmanContainer, lambda address: named(address, PodmanContainer.scheme)
)
