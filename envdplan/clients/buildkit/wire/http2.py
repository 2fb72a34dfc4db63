"""The server side of one HTTP/2 connection, over any transport: frames in, calls out."""

import threading
from collections.abc import Callable, Iterable
from contextlib import suppress

import hpack

from envdplan.clients.buildkit.session.services import Abort
from envdplan.clients.buildkit.wire import frames
from envdplan.clients.buildkit.wire.call import CANCELLED, Call
from envdplan.clients.buildkit.wire.flow import DEFAULT_WINDOW, SendWindows
from envdplan.clients.buildkit.wire.frames import Code, ConnectionFault, Setting, Type
from envdplan.clients.buildkit.wire.inbox import WINDOW
from envdplan.clients.buildkit.wire.transport import Part, Transport
from envdplan.clients.buildkit.wire.writer import Writer

MAX_CALLS = 256
MAX_HEADERS = 1024 * 1024
"""Bytes of a call's metadata; the exclude-patterns of a long .dockerignore travel in it."""
_GRACE = 1.0
"""Seconds for the last frames of a connection that we end."""


class Connection:
    """Reads until the peer or `close` ends it; `accept` gets every new call and must not block.

    Implements `call.Link`. The reader never waits for the writer: a peer that does not read
    still gets its calls cancelled, and a flood ends with the connection.
    """

    def __init__(self, transport: Transport, accept: Callable[[Call, str], None]) -> None:
        self.windows = SendWindows()
        self._transport = transport
        self._accept = accept
        self._writer = Writer(transport)
        self._decoder = hpack.Decoder(max_header_list_size=MAX_HEADERS)
        self._calls: dict[int, Call] = {}
        self._lock = threading.Lock()
        self._last = 0
        self._refund = 0
        self._block: tuple[int, int, bytearray] | None = None
        """Stream, flags and bytes of a header block that CONTINUATION goes on with."""

    def write(self, parts: Iterable[Part]) -> None:
        """See Link."""
        self._writer.write(list(parts))

    def later(self, frame: bytes) -> None:
        """See Link."""
        self._writer.later(frame)

    def run(self) -> None:
        """Serve until the connection ends; what the peer did wrong is told to it alone."""
        self._writer.start()
        farewell = frames.goaway(0, Code.NO_ERROR)
        try:
            self._greet()
            self._read()
        except ConnectionFault as fault:
            farewell = frames.goaway(self._last, fault.code, str(fault))
        except OSError:
            pass  # the connection broke: nobody is left to be told
        finally:
            self._end(farewell)

    def close(self) -> None:
        """End the connection from any thread; calls that run raise Abort at their next step."""
        self._writer.close(0)
        self._transport.close()

    def forget(self, call: Call) -> None:
        """The call has ended on our side."""
        self.windows.end(call.id)
        with self._lock:
            self._calls.pop(call.id, None)

    def _greet(self) -> None:
        ours = frames.settings(
            (
                (Setting.MAX_CONCURRENT_STREAMS, MAX_CALLS),
                (Setting.INITIAL_WINDOW_SIZE, WINDOW),
                (Setting.MAX_HEADER_LIST_SIZE, MAX_HEADERS),
            )
        )
        self.later(ours + frames.window_update(0, WINDOW - DEFAULT_WINDOW))

    def _read(self) -> None:
        buffer = bytearray()
        while len(buffer) < len(frames.PREFACE):
            if not self._more(buffer):
                return
        if not buffer.startswith(frames.PREFACE):
            raise ConnectionFault(Code.PROTOCOL_ERROR, "not an HTTP/2 client")
        del buffer[: len(frames.PREFACE)]
        self._consume(buffer)
        while self._more(buffer):
            self._consume(buffer)

    def _more(self, buffer: bytearray) -> bool:
        received = self._transport.receive()
        buffer += received
        return bool(received)

    def _consume(self, buffer: bytearray) -> None:
        """Handle all whole frames of the buffer, and leave the rest in it."""
        view = bytes(buffer)
        start = 0
        while len(view) - start >= frames.HEAD_SIZE:
            length = int.from_bytes(view[start : start + 3], "big")
            if length > frames.MAX_FRAME:
                raise ConnectionFault(Code.FRAME_SIZE_ERROR, f"a frame of {length} bytes")
            body = start + frames.HEAD_SIZE
            if len(view) < body + length:
                break
            stream = int.from_bytes(view[start + 5 : body], "big") & frames.MAX_WINDOW
            self._frame(view[start + 3], view[start + 4], stream, view[body : body + length])
            start = body + length
        del buffer[:start]

    def _frame(self, type: int, flags: int, stream: int, payload: bytes) -> None:
        if self._block is not None and type != Type.CONTINUATION:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a header block was interrupted")
        match type:
            case Type.DATA:
                self._data(flags, stream, payload)
            case Type.HEADERS:
                self._headers(flags, stream, payload)
            case Type.CONTINUATION:
                self._continuation(flags, stream, payload)
            case Type.RST_STREAM:
                self._reset(stream, payload)
            case Type.WINDOW_UPDATE:
                self._window_update(stream, payload)
            case Type.SETTINGS:
                self._settings(flags, stream, payload)
            case Type.PING:
                self._ping(flags, stream, payload)
            case Type.PUSH_PROMISE:
                raise ConnectionFault(Code.PROTOCOL_ERROR, "a client must not push")
            case _:
                pass  # PRIORITY and GOAWAY need nothing; unknown types must be ignored

    def _data(self, flags: int, stream: int, payload: bytes) -> None:
        self._credit(len(payload))
        call = self._calls.get(stream)
        if call is None or call.remote_done:
            self._known(stream)
            return
        refund = call.inbox.feed(frames.unpadded(flags, payload), len(payload))
        if flags & frames.END_STREAM:
            self._half_close(call)
        elif refund:
            self.later(frames.window_update(stream, refund))

    def _credit(self, size: int) -> None:
        """The connection's window is given back on arrival: no call may starve another."""
        self._refund += size
        if self._refund * 2 >= WINDOW:
            self.later(frames.window_update(0, self._refund))
            self._refund = 0

    def _known(self, stream: int) -> None:
        """Frames of a call that has ended may still be on their way; of a coming one never."""
        if stream == 0 or stream > self._last:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a frame on an idle stream")

    def _half_close(self, call: Call) -> None:
        call.remote_done = True
        call.inbox.finish()

    def _headers(self, flags: int, stream: int, payload: bytes) -> None:
        if stream % 2 == 0:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "a client's streams are odd")
        payload = frames.unpadded(flags, payload)
        if flags & frames.PRIORITY_FLAG:
            payload = payload[5:]  # a stream, and its weight
        self._gather(flags, stream, flags, bytearray(payload))

    def _continuation(self, flags: int, stream: int, payload: bytes) -> None:
        if self._block is None or self._block[0] != stream:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "CONTINUATION of no header block")
        _, first, block = self._block
        block += payload
        self._gather(flags, stream, first, block)

    def _gather(self, flags: int, stream: int, first: int, block: bytearray) -> None:
        if len(block) > MAX_HEADERS:
            raise ConnectionFault(Code.ENHANCE_YOUR_CALM, "a header block is too long")
        if not flags & frames.END_HEADERS:
            self._block = (stream, first, block)
            return
        self._block = None
        self._open(stream, self._decode(bytes(block)), end=bool(first & frames.END_STREAM))

    def _decode(self, block: bytes) -> list[tuple[str, str]]:
        """Header fields. Every block must be decoded: the next ones build on its state."""
        try:
            fields = self._decoder.decode(block, raw=True)
        except hpack.HPACKError as error:
            raise ConnectionFault(Code.COMPRESSION_ERROR, str(error)) from error
        return [(name.decode("latin-1"), value.decode("latin-1")) for name, value, *_ in fields]

    def _open(self, stream: int, fields: list[tuple[str, str]], *, end: bool) -> None:
        if stream <= self._last:
            self._trailers(stream, end=end)
            return
        self._last = stream
        if len(self._calls) >= MAX_CALLS:
            self.later(frames.reset(stream, Code.REFUSED_STREAM))
            return
        call = Call(self, stream, (one for one in fields if not one[0].startswith(":")))
        self.windows.open(stream)
        with self._lock:
            self._calls[stream] = call
        if end:
            self._half_close(call)
        self._accept(call, dict(fields).get(":path", ""))

    def _trailers(self, stream: int, *, end: bool) -> None:
        """A second header block ends the client's side."""
        if not end:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "trailers that do not end the stream")
        if call := self._calls.get(stream):
            self._half_close(call)

    def _reset(self, stream: int, payload: bytes) -> None:
        frames.unsigned(payload, "RST_STREAM")
        self._known(stream)
        if call := self._calls.get(stream):
            self._cancel(call, "the builder cancelled the call")

    def _cancel(self, call: Call, reason: str) -> None:
        call.remote_done = call.cancelled = True
        call.inbox.fail(Abort(CANCELLED, reason))
        self.windows.end(call.id)

    def _window_update(self, stream: int, payload: bytes) -> None:
        increment = frames.unsigned(payload, "WINDOW_UPDATE") & frames.MAX_WINDOW
        if increment == 0:
            raise ConnectionFault(Code.PROTOCOL_ERROR, "WINDOW_UPDATE of nothing")
        if stream:
            self._known(stream)
        self.windows.grant(stream, increment)

    def _settings(self, flags: int, stream: int, payload: bytes) -> None:
        if stream or (flags & frames.ACK and payload):
            raise ConnectionFault(Code.PROTOCOL_ERROR, "SETTINGS out of place")
        if flags & frames.ACK:
            return
        stated = dict(frames.parse_settings(payload))  # the last of a name counts
        size = stated.get(Setting.INITIAL_WINDOW_SIZE)
        before, after = (None, None) if size is None else self.windows.resize(size)
        self._writer.later(frames.SETTINGS_ACK, before, after)

    def _ping(self, flags: int, stream: int, payload: bytes) -> None:
        if stream or len(payload) != 8:  # noqa: PLR2004  RFC 9113, 6.7
            raise ConnectionFault(Code.FRAME_SIZE_ERROR, "PING of a broken length")
        if not flags & frames.ACK:
            self.later(frames.ping_ack(payload))

    def _end(self, farewell: bytes) -> None:
        self.windows.close()
        with self._lock:
            calls = list(self._calls.values())
        for call in calls:
            self._cancel(call, "the connection to the builder ended")
        with suppress(ConnectionFault):  # the flood that ended the connection
            self.later(farewell)
        self._writer.close(_GRACE)
        self._transport.close()
