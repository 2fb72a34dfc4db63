"""Connections to an engine: unix socket, TCP, TLS, and ssh by the user's own ssh command."""

import socket
from typing import Final

from envdplan.clients.docker.endpoint import TLS, Endpoint
from envdplan.clients.docker.unreachable import unreachable

CONNECT_TIMEOUT: Final = 15.0
"""Seconds; enough for a distant host, and a plan does not hang on a host that is off."""


def connect(endpoint: Endpoint, timeout: float = CONNECT_TIMEOUT) -> socket.socket:
    """A connection as a plain blocking socket: two threads may use it, and it can half-close.

    `timeout` (seconds) is for connecting only. Raises Unreachable.
    """
    try:
        match endpoint.scheme:
            case "unix":
                return _unix(endpoint.path, timeout)
            case "ssh":
                return _ssh(endpoint, timeout)
            case _:
                return _tcp(endpoint, timeout)
    except OSError as error:
        raise unreachable(endpoint, error) from error


def _unix(path: str, timeout: float) -> socket.socket:
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout)
        sock.connect(path)
    except BaseException:
        sock.close()
        raise
    sock.settimeout(None)
    return sock


def _tcp(endpoint: Endpoint, timeout: float) -> socket.socket:
    sock = socket.create_connection((endpoint.host, endpoint.port or 0), timeout)
    try:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if endpoint.tls is None:
            sock.settimeout(None)
            return sock
        return _secured(sock, endpoint.tls, endpoint.host)
    except BaseException:
        sock.close()
        raise


def _secured(sock: socket.socket, tls: TLS, host: str) -> socket.socket:
    from envdplan.clients.docker.relay import relay
    from envdplan.clients.docker.tls import TlsCodec, tls_context

    codec = TlsCodec(tls_context(tls), host)
    codec.handshake(sock)
    sock.settimeout(None)
    return relay(sock, codec, lambda _error: None, name="docker-tls")


def _ssh(endpoint: Endpoint, timeout: float) -> socket.socket:
    from envdplan.clients.docker.ssh import connect_by_ssh

    return connect_by_ssh(endpoint, timeout)
