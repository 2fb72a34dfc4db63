"""Builders of type nerdctl-container: as docker-container, through the nerdctl command.

envd has the type too, but never connects (1.3.6: the way to nerdctl is not linked in).
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, cast

from envdplan.addresses import Kind
from envdplan.attributes import Attribute, Compared
from envdplan.drivers.base import Driver
from envdplan.drivers.container_schema import ATTRIBUTES, consequence, derive, named, problems
from envdplan.drivers.docker_container import DIAL, DockerContainer
from envdplan.schema import ResourceType
from envdplan.values import Attributes

if TYPE_CHECKING:
    from envdplan.buildkit.client import BuildKit
    from envdplan.dockerengine.engine import Engine
    from envdplan.drivers.command_engine import CommandEngine

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
        from envdplan.drivers.command_engine import CommandEngine

        program = str(attributes.get("program") or "nerdctl")
        return CommandEngine(program, self._surroundings.environment)

    def _client(self, attributes: Attributes, timeout: float) -> "BuildKit":
        from envdplan.buildkit.client import BuildKit
        from envdplan.buildkit.commandsocket import CommandSocket
        from envdplan.buildkit.dial import SocketDialer

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
