"""Builders of type ssh: a buildkitd on another machine, by the user's own ssh command.

Keys, jump hosts and host names are ssh's business (~/.ssh/config); nothing is asked for.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from envdplan.addresses import Kind
from envdplan.drivers.attached import Attached, always
from envdplan.drivers.base import Driver, Surroundings, Undeclared
from envdplan.drivers.common import COMPUTED, NAME, RETRIES, TIMEOUT
from envdplan.schema import JsonSchema, ResourceType
from envdplan.values import Attributes

if TYPE_CHECKING:
    from envdplan.buildkit.client import BuildKit

_ADDRESS: Final = re.compile(r"(?:ssh://)?(?:[^\s@:/-][^\s@:/]*@)?[^\s@:/-][^\s@:/]*(?::\d{1,5})?")
"""A host must not start with a dash: ssh would take it for an option."""

SCHEMA: Final[JsonSchema] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "ssh builder",
    "type": "object",
    "required": ["address"],
    "additionalProperties": False,
    "properties": {
        "name": NAME,
        "address": {
            "type": "string",
            "pattern": rf"^{_ADDRESS.pattern}$",
            "x-connection": True,
            "description": "[USER@]HOST[:PORT], or a Host of ~/.ssh/config",
        },
        "socket": {
            "type": "string",
            "pattern": "^/.",
            "x-connection": True,
            "description": "Socket of the buildkitd there (default: buildctl's own)",
        },
        "config_file": {
            "type": "string",
            "x-path": True,
            "x-unplanned": True,
            "x-connection": True,
            "description": "ssh's configuration (default: ~/.ssh/config)",
        },
        "identity": {
            "type": "string",
            "x-path": True,
            "x-unplanned": True,
            "x-connection": True,
            "description": "File of the private key (default: ssh's own choice)",
        },
        "timeout": TIMEOUT,
        "retries": RETRIES,
        **COMPUTED,
    },
}


def derive(attributes: Attributes) -> Attributes:
    """The address without its scheme."""
    address = attributes.get("address")
    if not isinstance(address, str):
        return attributes
    return {**attributes, "address": address.removeprefix("ssh://")}


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
        from envdplan.buildkit.client import BuildKit
        from envdplan.buildkit.commandsocket import CommandSocket
        from envdplan.buildkit.dial import SocketDialer

        argv = command(attributes)
        dialer = SocketDialer(
            f"ssh://{attributes['address']}", lambda: CommandSocket(argv, self._environment)
        )
        return BuildKit(dialer, attributes.get("timeout") or 10)


def _from_address(address: str) -> Undeclared | None:
    match = _ADDRESS.fullmatch(address)
    return Undeclared({"address": address.removeprefix("ssh://")}) if match else None


DRIVER: Final = Driver(
    ResourceType(Kind.BUILDER, "ssh", SCHEMA, derive, borrowed=always), Ssh, _from_address
)
