"""The only writer of a connection. Data blocks its sender; control frames never do."""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from envdplan.clients.buildkit.wire.frames import Code, ConnectionFault
from envdplan.clients.buildkit.wire.transport import Part, Transport

MAX_PENDING = 10_000
"""Control frames that may wait; a peer that makes us owe more does not read."""

_Step: TypeAlias = Callable[[], None] | None
_Later: TypeAlias = tuple[bytes, _Step, _Step]


class Writer:
    """Serialises writes to a transport.

    The reader answers (PING, SETTINGS, WINDOW_UPDATE) through `later`, which a thread of its
    own writes: so a peer that does not read can stop the senders, but never our reader.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._lock = threading.Lock()
        self._pending: deque[_Later] = deque()
        self._wake = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="session-control", daemon=True)

    def start(self) -> None:
        """Start writing control frames."""
        self._thread.start()

    def write(self, parts: Sequence[Part]) -> None:
        """Write now, in one go; raises OSError when the connection is gone."""
        with self._lock:
            self._transport.send(parts)

    def later(self, frame: bytes, before: _Step = None, after: _Step = None) -> None:
        """Write soon, and call `before` and `after` around that; never blocks.

        Raises ConnectionFault when the peer makes us owe too much.
        """
        with self._wake:
            if len(self._pending) >= MAX_PENDING:
                raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "too many frames to answer")
            self._pending.append((frame, before, after))
            self._wake.notify()

    def close(self, timeout: float) -> None:
        """Write what is pending, for at most `timeout` seconds, and stop."""
        with self._wake:
            self._closed = True
            self._wake.notify()
        if self._thread.is_alive():  # one that begins later finds that it is closed
            self._thread.join(timeout)

    def _run(self) -> None:
        while pending := self._next():
            _call(before for _, before, _ in pending)
            try:
                self.write([frame for frame, _, _ in pending])
            except OSError:
                return  # the reader sees the same end
            _call(after for _, _, after in pending)

    def _next(self) -> list[_Later]:
        with self._wake:
            while not self._pending and not self._closed:
                self._wake.wait()
            pending = list(self._pending)
            self._pending.clear()
            return pending


def _call(steps: Iterable[_Step]) -> None:
    for step in steps:
        if step is not None:
            step()
