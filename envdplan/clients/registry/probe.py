"""Whether a host of this machine speaks TLS: what dockerd finds out for 127.0.0.0/8."""

import hashlib
import socket
import ssl
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from envdplan.clients.registry.failures import socket_failure
from envdplan.ground.diagnostics import Unreachable
from envdplan.ground.logs import Log

_LOG: Final = Log("clients.registry")


@dataclass(frozen=True, slots=True)
class Probe:
    """`fingerprint`: SHA-256 of the host's certificate, where it showed one."""

    tls: bool
    fingerprint: str | None = None


def probe(host: str, timeout: float) -> Probe:
    """Try a TLS handshake with `host` (host:port). Raises Unreachable when nobody listens.

    The certificate is not checked, only remembered: later connections must show the same one.
    That is more than dockerd asks of a registry on loopback, which may be plain http as well.
    """
    address = urlsplit(f"//{host}")
    name, port = address.hostname or "", address.port or 443
    try:
        with _LOG.call("CONNECT", host):
            connection = socket.create_connection((name, port), timeout)
    except OSError as error:
        if address.port is None:
            return Probe(tls=False)  # nobody on 443, but plain http has a port of its own
        raise Unreachable(*socket_failure(host, error)) from None
    with connection:
        return _handshake(connection, name)


def _handshake(connection: socket.socket, name: str) -> Probe:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # without authorities, which take 20 ms
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with context.wrap_socket(connection, server_hostname=name) as secured:
            shown = secured.getpeercert(binary_form=True)
    except ssl.SSLError as error:
        return Probe(tls="ALERT" in (error.reason or ""))
    except OSError:
        return Probe(tls=False)
    return Probe(tls=True, fingerprint=hashlib.sha256(shown or b"").hexdigest())
