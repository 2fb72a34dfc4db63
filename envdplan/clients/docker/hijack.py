"""HTTP connections of an engine that turn into streams of another protocol."""

import socket
from typing import Final

from envdplan.clients.docker.endpoint import Endpoint
from envdplan.clients.docker.http1 import Head, Headers, read_body, read_head, request
from envdplan.clients.docker.transport import CONNECT_TIMEOUT, connect
from envdplan.clients.docker.unreachable import unreachable
from envdplan.ground import jsontext
from envdplan.ground.diagnostics import EnvdplanError, Refused
from envdplan.ground.logs import Log, url

_LOG: Final = Log("clients.docker")
_SWITCHING_PROTOCOLS: Final = 101
_REPLY_TIMEOUT: Final = 60.0
"""Seconds. An engine answers at once, but it may be busy with a build."""


def hijack(
    endpoint: Endpoint,
    path: str,
    headers: Headers = (),
    *,
    body: bytes = b"",
    protocol: str = "h2c",
    timeout: float = CONNECT_TIMEOUT,
) -> socket.socket:
    """POST `path` and ask to go on in `protocol`; the socket stands right behind the 101 reply.

    `/grpc` leads to the engine's BuildKit and `/session` to a session with it (Docker Engine API,
    "Initialize interactive session"); nothing may be sent before the 101 has come.
    Raises Unreachable, and Refused when the engine answers anything else.
    """
    upgrade = [("Connection", "Upgrade"), ("Upgrade", protocol), *headers]
    message = request("POST", path, upgrade, body)
    with _LOG.call("POST", f"{endpoint.url} {url(path)}") as call:
        sock = _upgraded(endpoint, path, message, timeout)
        call.status = _SWITCHING_PROTOCOLS
    return sock


def _upgraded(endpoint: Endpoint, path: str, message: bytes, timeout: float) -> socket.socket:
    sock = connect(endpoint, timeout)
    try:
        sock.settimeout(_REPLY_TIMEOUT)
        sock.sendall(message)
        head = read_head(sock)
        if head.status != _SWITCHING_PROTOCOLS:
            raise _refused(endpoint, path, head, read_body(sock, head))
    except OSError as error:
        sock.close()
        raise unreachable(endpoint, error) from error
    except EnvdplanError:
        sock.close()
        raise
    sock.settimeout(None)
    return sock


def _refused(endpoint: Endpoint, path: str, head: Head, body: bytes) -> Refused:
    said = _message(body)
    reply = f"HTTP status {head.status}" + (f": {said}" if said else "")
    return Refused(
        "Docker Engine refuses the connection",
        f"The engine at {endpoint} answered {path} with {reply}. "
        "A Docker Engine of version 20.10 or later is needed (Podman has no BuildKit inside).",
    )


def _message(body: bytes) -> str:
    try:
        document = jsontext.loads(body)
    except ValueError:
        return " ".join(body.decode("utf-8", "replace").split())[:500]
    return str(document.get("message", "")) if isinstance(document, dict) else ""
