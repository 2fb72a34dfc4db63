"""Builders of type ssh: a buildkitd on another machine, by the user's own ssh command.

Keys, jump hosts and host names are ssh's business (~/.ssh/config); nothing is asked for.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from envdplan.ground.addresses import Kind
from envdplan.ground.attributes import Attribute, Compared
from envdplan.ground.schema import ResourceType
from envdplan.ground.values import Attributes
from envdplan.resources.builders.attached import Attached, always
from envdplan.resources.builders.base import Driver, Surroundings, Undeclared
from envdplan.resources.builders.common import COMPUTED, NAME, RETRIES, TIMEOUT, without_scheme

if TYPE_CHECKING:
    from envdplan.clients.buildkit.client import BuildKit

_ADDRESS: Final = re.compile(r"(?:ssh://)?(?:[^\s@:/-][^\s@:/]*@)?[^\s@:/-][^\s@:/]*(?::\d{1,5})?")
"""A host must not start with a dash: ssh would take it for an option."""

ATTRIBUTES: Final[Mapping[str, Attribute]] = {
    "name": NAME,
    "address": Attribute(
        "[USER@]HOST[:PORT], or a Host of ~/.ssh/config",
        {"type": "string", "pattern": rf"^{_ADDRESS.pattern}$"},
        connection=True,
        identity=True,
        finds=True,
    ),
    "socket": Attribute(
        "Socket of the buildkitd there (default: buildctl's own)",
        {"type": "string", "pattern": "^/."},
        connection=True,
    ),
    "config_file": Attribute(
        "ssh's configuration (default: ~/.ssh/config)",
        {"type": "string", "x-path": True},
        compared=Compared.NEVER,
        connection=True,
    ),
    "identity": Attribute(
        "File of the private key (default: ssh's own choice)",
        {"type": "string", "x-path": True},
        compared=Compared.NEVER,
        connection=True,
    ),
    "timeout": TIMEOUT,
    "retries": RETRIES,
    **COMPUTED,
}


def derive(attributes: Attributes) -> Attributes:
    """The address without its scheme."""
    return without_scheme(attributes, "ssh://")


def command(attributes: Attributes) -> list[str]:
    """ssh's arguments (ssh(1)); BatchMode because nobody is there to answer questions."""
    parts = urlsplit(f"ssh://{str(attributes['address']).removeprefix('ssh://')}")
    found = ["ssh", "-T", "-o", "BatchMode=yes"]
    found += ["-o", f"ConnectTimeout={max(1, round(float(attributes.get('timeout') or 10)))}"]
    options = {"-F": attributes.get("config_file"), "-i": attributes.get("identity")}
    options |= {"-l": parts.username, "-p": parts.port}
    found += [part for flag, value in options.items() if value for part in (flag, str(value))]
    address = ["--addr", f"unix://{attributes['socket']}"] if attributes.get("socket") else []
    return [*found, "--", parts.hostname or "", "buildctl", *address, "dial-stdio"]


class Ssh(Attached):
    """Runs `ssh HOST buildctl dial-stdio` for each connection."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._environment: Mapping[str, str] = surroundings.environment

    def connect(self, attributes: Attributes) -> "BuildKit":
        """A client of it."""
        from envdplan.clients.buildkit.client import BuildKit
        from envdplan.clients.buildkit.wire.commandsocket import CommandSocket
        from envdplan.clients.buildkit.wire.dial import SocketDialer

        argv = command(attributes)
        dialer = SocketDialer(
            f"ssh://{attributes['address']}", lambda: CommandSocket(argv, self._environment)
        )
        return BuildKit(dialer, attributes.get("timeout") or 10)


def _from_address(address: str) -> Undeclared | None:
    match = _ADDRESS.fullmatch(address)
    return Undeclared({"address": address.removeprefix("ssh://")}) if match else None


DRIVER: Final = Driver(
    ResourceType(
        Kind.BUILDER,
        "ssh",
        ATTRIBUTES,
        derive,
        borrowed=always,
        title="ssh builder",
        required=("address",),
    ),
    Ssh,
    _from_address,
)
