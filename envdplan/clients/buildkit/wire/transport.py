"""Bytes in both directions under the session: a socket, or a stream within another call."""

import socket
from collections.abc import Sequence
from itertools import islice
from typing import Protocol, TypeAlias

Part: TypeAlias = bytes | memoryview

READ_SIZE = 256 * 1024
_VECTORS = 512
"""Parts of one system call; Linux and macOS take at most 1024."""


class Transport(Protocol):
    """One connection. One thread receives; sends are serialised by the caller."""

    def receive(self) -> bytes:
        """The next bytes, b"" at the end. Raises OSError when the connection breaks."""

    def send(self, parts: Sequence[Part]) -> None:
        """Send all parts in order; blocks. Raises OSError when the connection breaks."""

    def close(self) -> None:
        """End both directions; a thread in `receive` or `send` returns. May be called twice."""


class SocketLike(Protocol):
    """What copying needs of a socket; one thread receives while another sends."""

    def recv_into(self, buffer: bytearray, /) -> int:
        """Like socket.recv_into: 0 at the end. Raises OSError."""

    def sendall(self, data: memoryview, /) -> None:
        """Like socket.sendall. Raises OSError."""

    def shutdown(self, how: int, /) -> None:
        """Like socket.shutdown. Raises OSError."""

    def close(self) -> None:
        """Like socket.close."""


class SocketTransport:
    """A connected socket; closed with the transport."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._buffer = bytearray(READ_SIZE)
        self._view = memoryview(self._buffer)

    def receive(self) -> bytes:
        """See Transport."""
        return bytes(self._view[: self._socket.recv_into(self._buffer)])

    def send(self, parts: Sequence[Part]) -> None:
        """See Transport. Writes the parts where they are, without joining them."""
        rest = [memoryview(part) for part in parts]
        while rest:
            rest = _without(rest, self._socket.sendmsg(islice(rest, _VECTORS)))

    def close(self) -> None:
        """See Transport."""
        close_socket(self._socket)


def _without(parts: list[memoryview], sent: int) -> list[memoryview]:
    """What is left of `parts` after the first `sent` bytes."""
    for index, part in enumerate(parts):
        if sent < len(part):
            return [part[sent:], *parts[index + 1 :]]
        sent -= len(part)
    return []


def close_socket(connection: SocketLike) -> None:
    """Close for every thread that uses it: only shutdown wakes a blocked one."""
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the peer was first
    finally:
        connection.close()
