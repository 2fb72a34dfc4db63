"""TLS with an engine: the context made of Docker's files, and TLS as a codec of a relay."""

import contextlib
import socket
import ssl

from envdplan.clients.docker.endpoint import TLS

_CHUNK = 256 * 1024


def tls_context(tls: TLS) -> ssl.SSLContext:
    """A client's context. Raises OSError (ssl.SSLError is one) when a file cannot be used."""
    context = ssl.create_default_context(cafile=str(tls.ca) if tls.ca else None)
    if not tls.verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.certificate and tls.key:
        context.load_cert_chain(tls.certificate, tls.key)
    return context


class TlsCodec:
    """TLS over two memory buffers, which (unlike a TLS socket) can half-close."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._received = ssl.MemoryBIO()
        self._to_send = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._received, self._to_send, server_hostname=host)

    def handshake(self, far: socket.socket) -> None:
        """Shake hands over a blocking socket. Raises OSError."""
        while True:
            try:
                self._object.do_handshake()
            except ssl.SSLWantReadError:
                far.sendall(self._to_send.read())
                self._fill(far.recv(_CHUNK))
            else:
                far.sendall(self._to_send.read())
                return

    def _fill(self, data: bytes) -> None:
        if not data:
            raise ConnectionResetError("the engine closed the connection during the TLS handshake")
        self._received.write(data)

    def outgoing(self, data: bytes) -> bytes:
        """The records that carry `data`."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._object.write(rest) :]
        return self._to_send.read()

    def end(self) -> bytes:
        """TLS's own end of a direction, close_notify."""
        # It complains for want of the other side's close_notify, which comes when it comes.
        with contextlib.suppress(ssl.SSLError):
            self._object.unwrap()
        return self._to_send.read()

    def incoming(self, data: bytes) -> bytes:
        """What the records so far carry."""
        self._received.write(data)
        pieces = []
        try:
            while piece := self._object.read(_CHUNK):
                pieces.append(piece)
        except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
            pass
        return b"".join(pieces)

    def replies(self) -> bytes:
        """Alerts, key updates."""
        return self._to_send.read()
