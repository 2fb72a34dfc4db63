"""How much may be sent: HTTP/2's windows of a connection and its streams (RFC 9113, 5.2)."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from envdplan.clients.buildkit.wire.frames import MAX_WINDOW, Code, ConnectionFault

DEFAULT_WINDOW = 65535


class Gone(Exception):
    """The stream or the connection ended while a sender waited."""


class SendWindows:
    """Credits of the peer, in bytes. Stream 0 is the connection; a window may be negative."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._connection = DEFAULT_WINDOW
        self._initial = self._announced = DEFAULT_WINDOW
        """What new streams start with, and what the peer said last."""
        self._streams: dict[int, int] = {}
        self._closed = False
        self._unsent: set[object] = set()
        """One token for each credit that was taken, and whose bytes are not written yet."""

    def open(self, stream: int) -> None:
        """A new stream starts with the peer's initial window."""
        with self._changed:
            self._streams[stream] = self._initial

    def end(self, stream: int) -> None:
        """Forget a stream; its waiting senders raise Gone."""
        with self._changed:
            self._streams.pop(stream, None)
            self._changed.notify_all()

    def close(self) -> None:
        """All waiting and coming senders raise Gone."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    @contextmanager
    def taken(self, stream: int, wanted: int) -> Iterator[int]:
        """Wait for credit and use up to `wanted` bytes of it, which are written inside.

        Raises Gone.
        """
        token = object()
        granted = self._take(stream, wanted, token)
        try:
            yield granted
        finally:
            with self._changed:
                self._unsent.discard(token)
                self._changed.notify_all()

    def _take(self, stream: int, wanted: int, token: object) -> int:
        with self._changed:
            while (free := self._free(stream)) <= 0:
                self._changed.wait()
            granted = min(free, wanted)
            self._connection -= granted
            self._streams[stream] -= granted
            self._unsent.add(token)
            return granted

    def _unsent_now(self) -> Callable[[], None]:
        """What waits until everything is written whose credit is taken by now."""
        tokens = frozenset(self._unsent)

        def wait() -> None:
            with self._changed:
                while not self._closed and tokens & self._unsent:
                    self._changed.wait()

        return wait

    def _free(self, stream: int) -> int:
        if self._closed or stream not in self._streams:
            raise Gone
        return min(self._connection, self._streams[stream])

    def grant(self, stream: int, increment: int) -> None:
        """The peer's WINDOW_UPDATE; raises ConnectionFault on overflow."""
        with self._changed:
            if stream == 0:
                self._connection = _checked(self._connection + increment)
            elif stream in self._streams:
                self._streams[stream] = _checked(self._streams[stream] + increment)
            self._changed.notify_all()

    def resize(self, initial: int) -> tuple[Callable[[], None], Callable[[], None]]:
        """The peer's SETTINGS_INITIAL_WINDOW_SIZE: moves the window of every stream.

        It holds from its acknowledgement on (RFC 9113, 6.9.2): bytes of larger former windows go
        before that, bytes of larger new ones behind it. So the result is what has to be called
        before the acknowledgement is written, and what after it.
        """
        with self._changed:
            change = _checked(initial) - self._announced
            self._announced = initial
            for window in self._streams.values():
                _checked(window + change)
            if change >= 0:
                return _nothing, lambda: self._shift(change)
            self._shift(change)
            return self._unsent_now(), _nothing

    def _shift(self, change: int) -> None:
        with self._changed:
            self._initial += change
            for stream in self._streams:
                self._streams[stream] += change
            self._changed.notify_all()


def _nothing() -> None:
    """What there is to do where order does not matter."""


def _checked(window: int) -> int:
    if window > MAX_WINDOW:
        raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "a window beyond 2^31-1")
    return window
