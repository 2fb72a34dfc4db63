"""Ways to a BuildKit: a target that grpcio dials itself, or sockets that others hijacked."""

import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from envdplan.clients.buildkit.control import Control, Metadata
from envdplan.clients.buildkit.wire.tls import Tls
from envdplan.clients.buildkit.wire.transport import SocketLike, SocketTransport, Transport
from envdplan.ground.diagnostics import Refused
from envdplan.ground.loading import load

if TYPE_CHECKING:
    import ssl

    import grpc

_TIMEOUT = 10.0
"""Seconds for a connection."""

_OPTIONS: tuple[tuple[str, int], ...] = (
    ("grpc.enable_http_proxy", 0),  # buildctl does not use one for its builder either
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_metadata_size", 4 * 1024 * 1024),  # error details carry stacks and sources
    ("grpc.initial_reconnect_backoff_ms", 100),
    # How long one attempt may take, for all that its name says: commands in containers and pods
    # take longer than the pause between two.
    ("grpc.min_reconnect_backoff_ms", 10_000),
    ("grpc.max_reconnect_backoff_ms", 1000),
)


class Dialer(Protocol):
    """How one BuildKit is reached. Made without connecting; closed by the client."""

    @property
    def address(self) -> str:
        """How messages call it."""

    def channel(self) -> "grpc.Channel":
        """A new channel for the Control API; connects when it is used."""

    def session(self, control: Control, metadata: Metadata) -> Transport:
        """The bytes of a new session; `metadata` has lower-case keys. Raises Unreachable."""

    def connect(self) -> SocketLike:
        """A raw connection that speaks the Control API, for whoever passes it on.

        Raises OSError or EnvdplanError.
        """

    def reason(self) -> Exception | None:
        """Why the last connection failed, where grpcio cannot know."""

    def close(self) -> None:
        """Free what the channels of this dialer used; they are closed already."""


@dataclass(frozen=True, slots=True)
class TcpDialer:
    """A buildkitd that listens on tcp without TLS."""

    host: str
    port: int

    @property
    def address(self) -> str:
        """See Dialer."""
        return f"tcp://{_target(self.host, self.port)}"

    def channel(self) -> "grpc.Channel":
        """See Dialer."""
        return _channel(_target(self.host, self.port))

    def session(self, control: Control, metadata: Metadata) -> Transport:
        """See Dialer."""
        return control.session(metadata)

    def connect(self) -> SocketLike:
        """See Dialer."""
        connection = socket.create_connection((self.host, self.port), _TIMEOUT)
        connection.settimeout(None)
        return connection

    def reason(self) -> Exception | None:
        """See Dialer."""
        return None

    def close(self) -> None:
        """See Dialer."""


@dataclass(frozen=True, slots=True)
class UnixDialer:
    """A buildkitd that listens on a unix socket; `path` is absolute."""

    path: str

    @property
    def address(self) -> str:
        """See Dialer."""
        return f"unix://{self.path}"

    def channel(self) -> "grpc.Channel":
        """See Dialer."""
        return _channel(f"unix:{self.path}")

    def session(self, control: Control, metadata: Metadata) -> Transport:
        """See Dialer."""
        return control.session(metadata)

    def connect(self) -> SocketLike:
        """See Dialer."""
        connection = socket.socket(socket.AF_UNIX)
        try:
            connection.connect(self.path)
        except OSError:
            connection.close()
            raise
        return connection

    def reason(self) -> Exception | None:
        """See Dialer."""
        return None

    def close(self) -> None:
        """See Dialer."""


class SocketDialer:
    """A BuildKit behind sockets that others open: Docker's /grpc, or `buildctl dial-stdio`.

    `connect` returns what speaks the Control API; `hijack_session`, where the
    session does not run within it, one that Docker's /session was upgraded to, given the
    headers that it has to send. Both may raise EnvdplanError.
    """

    def __init__(
        self,
        address: str,
        connect: Callable[[], SocketLike],
        hijack_session: "Callable[[Metadata], socket.socket] | None" = None,
    ) -> None:
        from envdplan.clients.buildkit.wire.bridge import Bridge

        self._address = address
        self._connect = connect
        self._hijack_session = hijack_session
        self._bridge = Bridge(connect)

    @property
    def address(self) -> str:
        """See Dialer."""
        return self._address

    def channel(self) -> "grpc.Channel":
        """See Dialer."""
        return _channel(f"unix:{self._bridge.open()}")

    def session(self, control: Control, metadata: Metadata) -> Transport:
        """See Dialer."""
        if self._hijack_session is None:
            return control.session(metadata)
        return SocketTransport(self._hijack_session(metadata))

    def connect(self) -> SocketLike:
        """See Dialer. A session that does not run within the connection cannot be passed on."""
        if self._hijack_session is not None:
            raise Refused(
                "Builder has no socket to forward",
                f"{self._address} is a Docker Engine's own BuildKit, which has no socket of its "
                "own. Set DOCKER_HOST to the engine where you need it.",
            )
        return self._connect()

    def reason(self) -> Exception | None:
        """See Dialer: grpcio only sees a connection that was closed at once."""
        return self._bridge.failure

    def close(self) -> None:
        """See Dialer."""
        self._bridge.close()


def tls_dialer(
    host: str, port: int, tls: Tls, context: "ssl.SSLContext | None" = None
) -> SocketDialer:
    """A buildkitd that listens on tcp with TLS; without `context` its files are read by dialing."""
    from envdplan.clients.buildkit.wire.tls import connect

    return SocketDialer(f"tcp://{_target(host, port)}", lambda: connect(host, port, tls, context))


def _target(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _channel(target: str) -> "grpc.Channel":
    # grpcio writes its own words about failed connections to stderr; we raise ours.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    load("grpc")
    load("envdplan.clients.buildkit.proto.control_pb2")
    import grpc

    return grpc.insecure_channel(target, _OPTIONS)
