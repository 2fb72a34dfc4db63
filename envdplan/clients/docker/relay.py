"""A plain socket in front of a connection whose bytes need translating (TLS, Docker's frames).

Consumers such as grpcio's bridge read and write from two threads and half-close; TLS objects can
do neither. So one thread translates between the far socket and one end of a socket pair.
"""

import select
import socket
import threading
import time
from collections.abc import Callable
from typing import Final, Protocol

_CHUNK: Final = 256 * 1024
_BROKEN: Final = select.POLLHUP | select.POLLERR
_GRACE: Final = 2.0
"""Seconds in which the far side may take what was sent before the near side closed."""


class Codec(Protocol):
    """Translates the two directions of a connection; used by one thread only."""

    def outgoing(self, data: bytes) -> bytes:
        """What goes to the far side for `data` of the near side."""

    def end(self) -> bytes:
        """What goes to the far side when the near side has sent its last."""

    def incoming(self, data: bytes) -> bytes:
        """What the near side sees of `data` from the far side. Raises OSError when it is bad."""

    def replies(self) -> bytes:
        """What the protocol itself owes the far side after `incoming`."""


Finished = Callable[[OSError | None], None]
"""Called once, before the near side sees the end; with the error that broke the connection, which
is ConnectionAbortedError when the near side was closed."""


def relay(far: socket.socket, codec: Codec, finished: Finished, name: str) -> socket.socket:
    """The near end of `far` seen through `codec`. Takes over `far`.

    Half-closing the near end is passed on; closing it closes `far`; the end of `far` ends the near
    end. Nothing is read from a side before the other has taken what came before.
    """
    near, inner = socket.socketpair()
    pump = _Pump(inner, far, codec, finished)
    threading.Thread(target=pump.run, name=name, daemon=True).start()
    return near


class _Pump:
    """The thread's state: one piece in flight for each direction."""

    def __init__(
        self, near: socket.socket, far: socket.socket, codec: Codec, finished: Finished
    ) -> None:
        near.setblocking(False)
        far.setblocking(False)
        self._near, self._far = near, far
        self._codec, self._finished = codec, finished
        self._to_near = memoryview(b"")
        self._to_far = memoryview(b"")
        self._near_reads = True
        self._far_reads = True
        self._shut = False
        self._deadline: float | None = None

    def run(self) -> None:
        error: OSError | None = None
        try:
            while self._more():
                self._step()
            if self._deadline is not None:
                error = ConnectionAbortedError("closed on this side")
        except OSError as broken:
            error = broken
        finally:
            try:
                self._finished(error)
            finally:
                self._close()

    def _more(self) -> bool:
        if self._deadline is not None:
            return bool(self._to_far) and time.monotonic() < self._deadline
        return self._far_reads or bool(self._to_near)

    def _step(self) -> None:
        """One wait. The near end is always watched, for its close; the far one where it is due."""
        poll = select.poll()
        if self._deadline is None:
            poll.register(self._near, _events(self._near_reads and not self._to_far, self._to_near))
        if wanted := _events(self._far_reads and not self._to_near, self._to_far):
            poll.register(self._far, wanted)
        ready = dict(poll.poll(None if self._deadline is None else _GRACE * 1000))
        self._serve_near(ready.get(self._near.fileno(), 0))
        self._serve_far(ready.get(self._far.fileno(), 0))

    def _serve_near(self, events: int) -> None:
        if events & _BROKEN:
            self._near_gone()
        elif events & select.POLLIN:
            self._read_near()
        if events & select.POLLOUT and self._deadline is None:
            self._to_near = _send(self._near, self._to_near)

    def _serve_far(self, events: int) -> None:
        if events & select.POLLOUT:
            self._flush_far()
        if events & (select.POLLIN | _BROKEN) and self._far_reads and not self._to_near:
            self._read_far()

    def _read_near(self) -> None:
        data = _receive(self._near)
        if data is None:
            return
        if data:
            self._push_far(self._codec.outgoing(data))
            return
        self._near_reads = False
        self._push_far(self._codec.end())

    def _near_gone(self) -> None:
        """The near end is closed: what it sent still goes out, nothing comes in any more."""
        while self._near_reads:
            self._read_near()
        self._to_near = memoryview(b"")
        self._far_reads = False
        self._deadline = time.monotonic() + _GRACE

    def _push_far(self, data: bytes) -> None:
        if data:
            self._to_far = memoryview(bytes(self._to_far) + data if self._to_far else data)
        self._flush_far()

    def _flush_far(self) -> None:
        """A far side that takes no more may still have something to say: keep reading it."""
        try:
            self._to_far = _send(self._far, self._to_far)
            if not self._near_reads and not self._to_far and not self._shut:
                self._shut = True
                self._far.shutdown(socket.SHUT_WR)
        except OSError:
            self._near_reads, self._shut = False, True
            self._to_far = memoryview(b"")

    def _read_far(self) -> None:
        data = _receive(self._far)
        if data is None:
            return
        if not data:
            self._far_reads = False
            return
        self._to_near = memoryview(self._codec.incoming(data))
        if owed := self._codec.replies():
            self._push_far(owed)
        if self._deadline is None:
            self._to_near = _send(self._near, self._to_near)

    def _close(self) -> None:
        """Unread bytes would make the near end see a reset in place of the end: read them."""
        try:
            self._near.shutdown(socket.SHUT_RDWR)
            while _receive(self._near):
                pass
        except OSError:
            pass
        self._near.close()
        self._far.close()


def _events(reads: object, pending: object) -> int:
    """What to wait for: anything true stands for yes."""
    return (select.POLLIN if reads else 0) | (select.POLLOUT if pending else 0)


def _receive(sock: socket.socket) -> bytes | None:
    """The bytes there are; none at the end of the stream; None when there are none yet."""
    try:
        return sock.recv(_CHUNK)
    except (BlockingIOError, InterruptedError):
        return None


def _send(sock: socket.socket, data: memoryview) -> memoryview:
    """What is left of `data` after sending what the socket takes now."""
    while data:
        try:
            data = data[sock.send(data) :]
        except (BlockingIOError, InterruptedError):
            break
    return data
