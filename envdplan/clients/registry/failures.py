"""What went wrong on the way to a registry, in words: urllib3's exceptions end here."""

import errno
import socket
from typing import TYPE_CHECKING

from envdplan.ground.diagnostics import Unreachable

if TYPE_CHECKING:
    from urllib3.exceptions import HTTPError


def unreachable(host: str, error: "HTTPError") -> Unreachable:
    """Translate an exception of urllib3's, raised while talking to `host`."""
    from urllib3 import exceptions

    match error:
        case exceptions.NameResolutionError():
            problem = _unknown_name(host)
        case exceptions.NewConnectionError():
            cause = error.__cause__
            problem = socket_failure(host, cause if isinstance(cause, OSError) else None)
        case exceptions.ConnectTimeoutError():
            problem = socket_failure(host, TimeoutError())
        case exceptions.TimeoutError():
            problem = _slow(host)
        case exceptions.SSLError():
            problem = _tls_failure(host, str(error))
        case exceptions.ProxyError():
            problem = _bad_proxy(host)
        case _:
            problem = _broken(host)
    return Unreachable(*problem)


def late(host: str) -> Unreachable:
    """`host` has had all the time that it gets."""
    return Unreachable(*_slow(host))


def is_silence(error: "HTTPError") -> bool:
    """Whether somebody was waited for in vain: asking again would cost as much time."""
    from urllib3 import exceptions

    return isinstance(error, exceptions.TimeoutError | exceptions.NameResolutionError)


def socket_failure(host: str, error: OSError | None) -> tuple[str, str]:
    """Summary and detail for a connection that could not be made."""
    if isinstance(error, socket.gaierror):
        return _unknown_name(host)
    if isinstance(error, TimeoutError):
        why = "does not answer (the connection timed out)"
    elif error is not None and error.errno == errno.ECONNREFUSED:
        why = "refuses connections: nothing listens there"
    else:
        why = f"cannot be reached: {(error and error.strerror) or 'the connection failed'}"
    todo = "Check the host's name and port, the network and the proxy (https_proxy, no_proxy)."
    return "Registry cannot be reached", f"{host} {why}. {todo}"


def _unknown_name(host: str) -> tuple[str, str]:
    return (
        "Registry name cannot be resolved",
        f"There is no address for {host}. Check its spelling, the network and the name server.",
    )


def _slow(host: str) -> tuple[str, str]:
    return (
        "Registry takes too long to answer",
        f"{host} took the request but did not answer in time. Try again later.",
    )


def _broken(host: str) -> tuple[str, str]:
    todo = "Try again; if it happens again, check that a registry, and nothing else, listens there."
    return (
        "Connection to the registry broke",
        f"{host} ended the connection without a proper answer. {todo}",
    )


def _bad_proxy(host: str) -> tuple[str, str]:
    why = "cannot be reached through the proxy of http_proxy or https_proxy"
    return (
        "Proxy does not answer",
        f"{host} {why}. Correct the variable, or name the host in no_proxy.",
    )


def _tls_failure(host: str, text: str) -> tuple[str, str]:
    if "WRONG_VERSION_NUMBER" in text or "RECORD_LAYER" in text or "HTTP_REQUEST" in text:
        why = "does not speak TLS. If it is a registry with plain http, set http = true for it"
    elif "CERTIFICATE_VERIFY_FAILED" in text or "ertificate verify failed" in text:
        why = (
            f"shows a certificate that cannot be trusted ({_reason(text)}). If the registry has "
            "its own certificate authority, set ca for it or put it at "
            f"/etc/docker/certs.d/{host}/ca.crt"
        )
    elif "ingerprint" in text:
        why = "shows another certificate than a moment ago"
    else:
        why = "does not accept the TLS connection; it may require a client certificate"
    return "No TLS connection to the registry", f"{host} {why}."


def _reason(text: str) -> str:
    """OpenSSL's reason, between "failed: " and the place in its source."""
    return text.partition("failed: ")[2].partition(" (_ssl")[0].strip(" .") or "unknown authority"
