"""One gRPC call of the builder: the Stream that its handler gets."""

import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from typing import Protocol

from envdplan.clients.buildkit.session.services import Abort
from envdplan.clients.buildkit.wire import frames
from envdplan.clients.buildkit.wire.flow import Gone, SendWindows
from envdplan.clients.buildkit.wire.inbox import Inbox
from envdplan.clients.buildkit.wire.transport import Part

BATCH = 256 * 1024
"""Bytes that are gathered before they are written: a system call for each message is slow."""
MAX_TRAILER = 8 * 1024

CANCELLED = 1
_GONE = "the builder ended the call"

_HEADERS = frames.literals(((b":status", b"200"), (b"content-type", b"application/grpc")))


class Link(Protocol):
    """What a call needs of its connection."""

    windows: SendWindows

    def write(self, parts: Iterable[Part]) -> None:
        """Write now; raises OSError."""

    def later(self, frame: bytes) -> None:
        """Write soon; never blocks."""


class Call:
    """Implements `services.Stream`. Any thread may send; one thread at a time may receive."""

    def __init__(self, link: Link, id: int, fields: Iterable[tuple[str, str]]) -> None:
        self.id = id
        self.inbox = Inbox()
        self.remote_done = False
        """Whether the builder has sent its last frame of this call."""
        self.cancelled = False
        """Whether it, or the connection, gave the call up: nobody reads an answer."""
        self._link = link
        self._fields = tuple(fields)
        self._received: deque[bytes] = deque()
        self._sending = threading.Lock()
        self._has_headers = False

    @property
    def metadata(self) -> Mapping[str, str]:
        """The first value of every key, as it came."""
        return dict(reversed(self._fields))

    def values(self, key: str) -> tuple[str, ...]:
        """All values of a key. BuildKit query-escapes what is not ASCII (session/filesync)."""
        found = tuple(value for name, value in self._fields if name == key)
        if self.metadata.get(f"{key}-encoded") != "1":
            return found
        from urllib.parse import unquote_plus

        return tuple(unquote_plus(one) for one in found)

    def receive(self) -> bytes | None:
        """The next message or None; raises Abort when the builder gave the call up."""
        if not self._received:
            self._received, refund = self.inbox.take()
            if refund and not self.remote_done:
                self._link.later(frames.window_update(self.id, refund))
        return self._received.popleft() if self._received else None

    def send(self, messages: Iterable[bytes]) -> None:
        """Send messages; raises Abort when the builder gave the call up."""
        with self._sending:
            for batch in _batches(messages):
                self._send(batch)

    def _send(self, batch: bytes) -> None:
        """A batch may go in several writes, when the builder's window is small."""
        view = memoryview(batch)
        try:
            while view:
                with self._link.windows.taken(self.id, len(view)) as granted:
                    self._write(frames.data(self.id, view[:granted]))
                view = view[granted:]
        except (Gone, OSError):
            raise Abort(CANCELLED, _GONE) from None

    def _write(self, parts: Iterable[Part]) -> None:
        self._link.write([*self._opening(), *parts])

    def _opening(self) -> list[bytes]:
        """The response headers, before whatever is sent first."""
        if self._has_headers:
            return []
        self._has_headers = True
        return [frames.headers(self.id, _HEADERS, end=False)]

    def finish(self, code: int, message: str) -> None:
        """End the call with a gRPC status; nothing happens when it has ended already."""
        if self.cancelled:
            return
        ending = frames.headers(self.id, status_block(code, message), end=True)
        if not self.remote_done:
            ending += frames.reset(self.id, frames.Code.NO_ERROR)
        with self._sending:
            try:
                self._write([ending])
            except OSError:
                return  # the connection has ended, and the call with it


def _batches(messages: Iterable[bytes]) -> Iterator[bytes]:
    """Messages with their prefixes, joined to about BATCH bytes."""
    parts: list[bytes] = []
    size = 0
    for message in messages:
        parts += (b"\0" + len(message).to_bytes(4, "big"), message)
        size += len(message) + 5
        if size >= BATCH:
            yield b"".join(parts)
            parts, size = [], 0
    if parts:
        yield b"".join(parts)


def status_block(code: int, message: str) -> bytes:
    """The trailers that end a call (gRPC over HTTP/2: the message is percent-encoded)."""
    from urllib.parse import quote

    text = quote(message, safe=" !\"#$&'()*+,-./:;<=>?@[]\\^_`{|}~")[:MAX_TRAILER]
    return frames.literals(((b"grpc-status", b"%d" % code), (b"grpc-message", text.encode())))


def refusal(stream: int, code: int, message: str) -> bytes:
    """The whole answer to a call that is not served: headers and trailers in one."""
    trailers = status_block(code, message)
    return frames.headers(stream, _HEADERS + trailers, end=True)
