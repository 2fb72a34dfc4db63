"""Builders of type tcp and unix: a buildkitd that runs already, anywhere or on this machine."""

import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from envdplan.ground.addresses import Kind
from envdplan.ground.attributes import Attribute, Compared, JsonSchema
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.files_on_disk import scratch
from envdplan.ground.schema import ResourceType
from envdplan.ground.values import Attributes, Value, reveal
from envdplan.resources.builders.attached import Attached, always
from envdplan.resources.builders.base import Driver, Surroundings, Undeclared
from envdplan.resources.builders.buildkitd_config import PEM
from envdplan.resources.builders.common import COMPUTED, NAME, RETRIES, TIMEOUT, without_scheme

if TYPE_CHECKING:
    from envdplan.clients.buildkit.client import BuildKit
    from envdplan.clients.buildkit.wire.dial import Dialer

_HOST_PORT: Final = re.compile(r"(?:tcp://)?(\[[0-9A-Fa-f:.]+\]|[^\s\[\]:/@]+):(\d{1,5})")


def _pem(what: str) -> JsonSchema:
    return {
        "type": "string",
        "minLength": 1,
        "x-path": True,
        "description": f"{what}: a file, or the PEM text itself (a sensitive value)",
    }


_TLS: Final = Attribute(
    "Use TLS; with cert and key, mutual TLS",
    {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "ca": _pem("Certificates to trust (default: the system's)"),
            "cert": _pem("Our certificate"),
            "key": _pem("Private key of the client certificate"),
            "server_name": {
                "type": "string",
                "description": "Expected host name in its certificate (default: the host of "
                "the address)",
            },
        },
    },
    compared=Compared.NEVER,
    connection=True,
)


def _attributes(address: Attribute, more: Mapping[str, Attribute]) -> Mapping[str, Attribute]:
    return {
        "name": NAME,
        "address": address,
        **more,
        "timeout": TIMEOUT,
        "retries": RETRIES,
        **COMPUTED,
    }


# -- tcp


def derive_tcp(attributes: Attributes) -> Attributes:
    """The address as envd writes it: HOST:PORT, without a scheme."""
    return without_scheme(attributes, "tcp://")


class Tcp(Attached):
    """Dials HOST:PORT."""

    def __init__(self, surroundings: Surroundings) -> None:
        del surroundings

    def connect(self, attributes: Attributes) -> "BuildKit":
        """A client of it. Raises EnvdplanError for an address that makes no sense."""
        from envdplan.clients.buildkit.client import BuildKit

        host, port = _host_and_port(str(attributes["address"]))
        return BuildKit(_dialer(host, port, attributes.get("tls")), attributes.get("timeout") or 10)


def _host_and_port(address: str) -> tuple[str, int]:
    match = _HOST_PORT.fullmatch(address)
    if match is None or not 0 < int(match.group(2)) < 1 << 16:
        raise EnvdplanError("Invalid builder address", f'"{address}" is not HOST:PORT.')
    return match.group(1).strip("[]"), int(match.group(2))


def _dialer(host: str, port: int, tls: Value) -> "Dialer":
    from envdplan.clients.buildkit.wire.dial import TcpDialer, tls_dialer
    from envdplan.clients.buildkit.wire.tls import Tls, client_context

    if not tls:
        return TcpDialer(host, port)
    material = reveal(tls)
    with _files(material) as paths:
        settings = Tls(
            ca=paths.get("ca"),
            certificate=paths.get("cert"),
            key=paths.get("key"),
            server_name=material.get("server_name"),
        )
        return tls_dialer(host, port, settings, client_context(settings))


@contextmanager
def _files(material: Mapping[str, Value]) -> Iterator[dict[str, str]]:
    """PEM texts as files of this user only, for as long as they are needed."""
    with ExitStack() as stack:
        folder: Path | None = None
        found: dict[str, str] = {}
        for name in ("ca", "cert", "key"):
            value = material.get(name)
            if not value:
                continue
            if value.lstrip().startswith(PEM):
                folder = folder or stack.enter_context(scratch())
                path = folder / name
                path.touch(mode=0o600)
                path.write_text(value)
                value = str(path)
            found[name] = value
        yield found


def _tcp_from_address(address: str) -> Undeclared | None:
    match = _HOST_PORT.fullmatch(address)
    return Undeclared({"address": address.removeprefix("tcp://")}) if match else None


TCP: Final = Driver(
    ResourceType(
        Kind.BUILDER,
        "tcp",
        _attributes(
            Attribute(
                "HOST:PORT of the buildkitd",
                {"type": "string", "pattern": rf"^{_HOST_PORT.pattern}$"},
                identity=True,
                finds=True,
                connection=True,
            ),
            {"tls": _TLS},
        ),
        derive_tcp,
        borrowed=always,
        title="tcp builder",
        required=("address",),
    ),
    Tcp,
    _tcp_from_address,
)


# -- unix


def derive_unix(attributes: Attributes) -> Attributes:
    """The address as envd writes it: an absolute path."""
    return without_scheme(attributes, "unix://")


class Unix(Attached):
    """Dials a socket of this machine."""

    def __init__(self, surroundings: Surroundings) -> None:
        del surroundings

    def connect(self, attributes: Attributes) -> "BuildKit":
        """A client of it."""
        from envdplan.clients.buildkit.client import BuildKit
        from envdplan.clients.buildkit.wire.dial import UnixDialer

        return BuildKit(UnixDialer(str(attributes["address"])), attributes.get("timeout") or 10)


def _unix_from_address(address: str) -> Undeclared | None:
    path = address.removeprefix("unix://")
    return Undeclared({"address": path}) if path.startswith("/") else None


UNIX: Final = Driver(
    ResourceType(
        Kind.BUILDER,
        "unix",
        _attributes(
            Attribute(
                "Absolute path of buildkitd's socket",
                {"type": "string", "pattern": "^(unix://)?/."},
                identity=True,
                finds=True,
                connection=True,
            ),
            {},
        ),
        derive_unix,
        borrowed=always,
        title="unix builder",
        required=("address",),
    ),
    Unix,
    _unix_from_address,
)
