"""Messages of one call on their way in: cut out of DATA frames, kept until they are taken."""

import threading
from collections import deque

from envdplan.clients.buildkit.session.services import Abort
from envdplan.clients.buildkit.wire.frames import Code, ConnectionFault

WINDOW = 8 * 1024 * 1024
"""Bytes that the peer may send on a stream before the handler takes any."""
MAX_MESSAGE = 64 * 1024 * 1024
"""BuildKit sends at most 16 MiB; a longer length is an attack or a broken stream."""
PREFIX = 5
"""A gRPC message starts with a compression flag and a 32-bit length."""

UNIMPLEMENTED = 12
RESOURCE_EXHAUSTED = 8


class Inbox:
    """The reader feeds it, one handler at a time takes from it.

    Bytes of complete messages count against the window until they are taken; those of an
    incomplete one do not, so that a message may be longer than the window.
    """

    def __init__(self) -> None:
        self._ready = threading.Condition()
        self._messages: deque[bytes] = deque()
        self._partial = bytearray()
        self._queued = 0
        self._owed = 0
        self._done = False
        self._failure: Abort | None = None

    def feed(self, payload: bytes, size: int) -> int:
        """Add the payload of a DATA frame that used `size` bytes of the window.

        Returns the bytes to give back to the peer now, 0 for none yet. Raises
        ConnectionFault when the peer sent more than it may.
        """
        with self._ready:
            self._owed += size
            if self._owed > WINDOW:
                raise ConnectionFault(Code.FLOW_CONTROL_ERROR, "more data than the window allows")
            if self._failure is None:
                self._add(payload)
            return self._refund()

    def finish(self) -> None:
        """The peer has sent its last message."""
        with self._ready:
            self._done = True
            self._ready.notify_all()

    def fail(self, failure: Abort) -> None:
        """Whoever takes next gets this exception instead."""
        with self._ready:
            self._failure = self._failure or failure
            self._ready.notify_all()

    def take(self) -> tuple[deque[bytes], int]:
        """All messages that are there, waiting for the first, and the bytes to give back.

        No messages mean that the peer has sent its last. Raises the Abort of `fail`.
        """
        with self._ready:
            while not self._messages and not self._done and self._failure is None:
                self._ready.wait()
            if self._failure is not None:
                raise self._failure
            taken, self._messages = self._messages, deque()
            self._queued = 0
            return taken, self._refund()

    def _refund(self) -> int:
        """Half a window at a time: a frame of ours for each of theirs would be slow."""
        free = self._owed - self._queued
        if free * 2 < WINDOW:
            return 0
        self._owed -= free
        return free

    def _add(self, payload: bytes) -> None:
        if self._partial or not _is_one_message(payload):
            self._partial += payload
            self._split()
        else:
            self._put(payload[PREFIX:])

    def _put(self, message: bytes) -> None:
        self._messages.append(message)
        self._queued += PREFIX + len(message)
        self._ready.notify()

    def _split(self) -> None:
        while len(self._partial) >= PREFIX and self._failure is None:
            end = PREFIX + int.from_bytes(self._partial[1:PREFIX], "big")
            self._failure = _refusal(self._partial[0], end - PREFIX)
            if self._failure is not None:
                self._ready.notify_all()
                self._partial.clear()
            elif len(self._partial) < end:
                return
            else:
                with memoryview(self._partial) as view:
                    message = bytes(view[PREFIX:end])
                del self._partial[:end]
                self._put(message)


def _is_one_message(payload: bytes) -> bool:
    """Whether it is exactly one uncompressed message: nearly always so, and worth a fast path."""
    if len(payload) < PREFIX or payload[0]:
        return False
    return int.from_bytes(payload[1:PREFIX], "big") == len(payload) - PREFIX


def _refusal(flag: int, length: int) -> Abort | None:
    if flag:
        return Abort(UNIMPLEMENTED, "compressed messages are not supported")
    if length > MAX_MESSAGE:
        return Abort(RESOURCE_EXHAUSTED, f"a message of {length} bytes is too long")
    return None
