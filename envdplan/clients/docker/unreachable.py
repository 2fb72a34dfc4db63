"""What it means, in words, that a connection to an engine failed, and what to do about it."""

import socket
from typing import Final

from envdplan.clients.docker.endpoint import Endpoint
from envdplan.ground.diagnostics import Unreachable

_SELECT: Final = "To use another engine, set `host`, DOCKER_HOST or a Docker context."

_SELECT_PODMAN: Final = "To use another one, set `host` or CONTAINER_HOST."


def unreachable(endpoint: Endpoint, error: Exception) -> Unreachable:
    """The one translation of a failed or broken connection."""
    what = f"at {endpoint.url} ({endpoint.source}): {_reason(error)}."
    advice = _advice(endpoint, error)
    if endpoint.is_podman:
        detail = f"Podman's service {what} {advice} {_SELECT_PODMAN}"
        return Unreachable("Podman cannot be reached", detail)
    return Unreachable("Docker Engine cannot be reached", f"The engine {what} {advice} {_SELECT}")


_REASONS: Final[tuple[tuple[type[Exception], str], ...]] = (
    (FileNotFoundError, "there is no such socket or file"),
    (PermissionError, "this user may not open it"),
    (ConnectionRefusedError, "nothing listens there"),
    (TimeoutError, "it did not answer in time"),
    (socket.gaierror, "the host name cannot be resolved"),
)


def _reason(error: Exception) -> str:
    for kind, reason in _REASONS:
        if isinstance(error, kind):
            return reason
    return _tls_reason(error) or getattr(error, "strerror", None) or str(error) or repr(error)


def _tls_reason(error: Exception) -> str | None:
    import ssl

    match error:
        case ssl.SSLCertVerificationError():
            return f"its certificate is not trusted ({error.verify_message})"
        case ssl.SSLError():
            return f"TLS failed ({error.reason or error})"
        case _:
            return None


def _advice(endpoint: Endpoint, error: Exception) -> str:
    import ssl

    match error:
        case PermissionError():
            group = "" if endpoint.is_podman else " (usually `docker`)"
            return f"Join the group that owns the socket{group}, or run as its owner."
        case ssl.SSLError():
            return "Check the ca.pem, cert.pem and key.pem kept for this engine."
    if endpoint.is_podman:
        return "Start it: `systemctl --user start podman.socket`, or without --user as root."
    match endpoint.scheme:
        case "ssh":
            return (
                f"Check that `ssh {endpoint.host} docker version` works without asking for "
                "anything."
            )
        case "unix":
            return "Start Docker."
        case _:
            return "Start Docker there, and check that this machine can connect."
