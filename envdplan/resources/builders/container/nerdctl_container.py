"""Builders of type nerdctl-container: as docker-container, through the nerdctl command.

envd has the type too, but never connects (1.3.6: the way to nerdctl is not linked in).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

from envdplan.ground.addresses import Kind
from envdplan.ground.attributes import Attribute, Compared
from envdplan.ground.schema import ResourceType
from envdplan.ground.values import Attributes
from envdplan.resources.builders.base import Driver
from envdplan.resources.builders.container.container_schema import (
    ATTRIBUTES,
    consequence,
    derive,
    named,
    problems,
)
from envdplan.resources.builders.container.docker_container import DIAL, DockerContainer

if TYPE_CHECKING:
    from envdplan.clients.buildkit.client import BuildKit
    from envdplan.clients.docker.engine import Engine
    from envdplan.resources.builders.container.command_engine import CommandEngine

_PROGRAM: Final = Attribute(
    "The command, such as nerdctl.lima",
    {
        "type": "string",
        "minLength": 1,
        "default": "nerdctl",
    },
    compared=Compared.NEVER,
    connection=True,
)
_ATTRIBUTES: Final[Mapping[str, Attribute]] = {
    **{name: one for name, one in ATTRIBUTES.items() if name != "host"},
    "program": _PROGRAM,
}


class NerdctlContainer(DockerContainer):
    """The lifecycle."""

    scheme = "nerdctl-container"

    def _engine(self, attributes: Attributes) -> "Engine":
        # It has those parts of an engine that the lifecycle of containers uses.
        return cast("Engine", self._command(attributes))

    def _command(self, attributes: Attributes) -> "CommandEngine":
        from envdplan.resources.builders.container.command_engine import CommandEngine

        program = str(attributes.get("program") or "nerdctl")
        return CommandEngine(program, self._surroundings.environment)

    def _client(self, attributes: Attributes, timeout: float) -> "BuildKit":
        from envdplan.clients.buildkit.client import BuildKit
        from envdplan.clients.buildkit.wire.commandsocket import CommandSocket
        from envdplan.clients.buildkit.wire.dial import SocketDialer

        engine, name = self._command(attributes), str(attributes["name"])
        argv = [engine.program, "exec", "-i", name, *DIAL]
        dialer = SocketDialer(
            f"{self.scheme}://{name}", lambda: CommandSocket(argv, engine.environment)
        )
        return BuildKit(dialer, timeout)


TYPE: Final = ResourceType(
    Kind.BUILDER,
    "nerdctl-container",
    _ATTRIBUTES,
    derive,
    problems,
    consequence,
    title="nerdctl-container builder",
)
DRIVER: Final = Driver(
    TYPE, NerdctlContainer, lambda address: named(address, NerdctlContainer.scheme)
)
