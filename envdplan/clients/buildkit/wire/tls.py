"""TLS to a buildkitd, by our own hand.

grpcio refuses a server that negotiates no ALPN protocol, which buildkitd does only since 0.17
(moby/buildkit#5413); and its words about certificates are hard to understand.
"""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envdplan.clients.buildkit.wire.transport import READ_SIZE, close_socket
from envdplan.ground.diagnostics import Unreachable

if TYPE_CHECKING:
    import ssl

_TIMEOUT = 10.0
"""Seconds for connecting, and for each step of the handshake."""


@dataclass(frozen=True, slots=True)
class Tls:
    """Files (PEM): the CA to trust (the system's without), a client certificate and its key.

    `server_name` is what the server's certificate is for, when not the host that is dialed.
    """

    ca: str | None = None
    certificate: str | None = None
    key: str | None = None
    server_name: str | None = None


def connect(host: str, port: int, tls: Tls, context: "ssl.SSLContext | None" = None) -> "TlsStream":
    """A connection with a finished handshake; `context` saves reading the files of `tls` again.

    Raises Unreachable when the files or certificates are wrong, OSError when nobody answers.
    """
    import ssl

    context = context or client_context(tls)
    where = f"{host}:{port}"
    connection = socket.create_connection((host, port), _TIMEOUT)
    try:
        stream = TlsStream(connection, context, tls.server_name or host, where)
    except ssl.SSLError as error:
        connection.close()
        raise _refused(error, where) from error
    except OSError:
        connection.close()
        raise
    connection.settimeout(None)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return stream


def client_context(tls: Tls) -> "ssl.SSLContext":
    """What `connect` needs, read from the files of `tls`. Raises Unreachable."""
    import ssl

    try:
        context = ssl.create_default_context(cafile=tls.ca)
        if tls.certificate:
            context.load_cert_chain(tls.certificate, tls.key)
    except OSError as error:
        files = ", ".join(one for one in (tls.ca, tls.certificate, tls.key) if one)
        detail = f"{files}: {error.strerror or error}. They are needed to reach the builder."
        raise Unreachable("TLS files of the builder cannot be used", detail) from error
    # Python 3.13 asks more of a CA than Go's clients, which everybody makes theirs for.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.set_alpn_protocols(["h2"])
    return context


def _refused(error: "ssl.SSLError", where: str) -> Unreachable:
    reason = getattr(error, "verify_message", "") or error.reason or str(error)
    detail = f"{where}: {reason}. Check its CA, certificate, key and server name."
    return Unreachable("No TLS connection to the builder", detail)


class TlsStream:
    """The part of a socket that copying needs. One thread reads while another writes, which
    Python's own SSLSocket does not promise to survive.
    """

    def __init__(
        self, connection: socket.socket, context: "ssl.SSLContext", name: str, where: str
    ) -> None:
        import ssl

        self._where = where
        self._socket = connection
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._using = threading.Lock()
        self._sending = threading.Lock()
        self._want = ssl.SSLWantReadError
        self._shake_hands()

    def _shake_hands(self) -> None:
        while True:
            try:
                self._tls.do_handshake()
            except self._want:
                self._flush()
                self._fill()
            else:
                self._flush()
                return

    def _fill(self) -> None:
        received = self._socket.recv(READ_SIZE)
        if received:
            self._incoming.write(received)
        else:
            self._incoming.write_eof()

    def _flush(self) -> None:
        """Send what TLS wants to send; in order, without holding up the reader."""
        with self._sending:
            with self._using:
                data = self._outgoing.read()
            if data:
                self._socket.sendall(data)

    def recv_into(self, buffer: bytearray, /) -> int:
        """Like socket.recv_into. The end need not be announced: HTTP/2 knows its own.

        Raises Unreachable when the other side ends it for a reason of TLS: in TLS 1.3 it
        reads the client's certificate after the handshake.
        """
        import ssl

        while True:
            try:
                return self._decrypt(buffer)
            except self._want:
                self._flush()
                self._fill()
            except (ssl.SSLEOFError, ssl.SSLZeroReturnError):
                return 0
            except ssl.SSLError as error:
                raise _refused(error, self._where) from error

    def _decrypt(self, buffer: bytearray) -> int:
        with self._using:
            return self._tls.read(len(buffer), buffer)  # type: ignore[return-value]  # a count

    def sendall(self, data: memoryview, /) -> None:
        """Like socket.sendall."""
        with self._sending:
            with self._using:
                self._tls.write(data)
                encrypted = self._outgoing.read()
            self._socket.sendall(encrypted)

    def shutdown(self, how: int, /) -> None:
        """Like socket.shutdown; announces the end to the other side first."""
        import ssl

        if how != socket.SHUT_RD:
            with self._using, suppress(ssl.SSLError):
                self._tls.unwrap()
            self._flush()
        self._socket.shutdown(how)

    def close(self) -> None:
        """Like socket.close."""
        close_socket(self._socket)
