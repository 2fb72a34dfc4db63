"""The session server frame by frame: h2 as the well-behaved peer, raw bytes as the hostile one."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress

import h2.config
import h2.connection
import h2.events
import pytest
from h2.errors import ErrorCodes
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from envdplan.clients.buildkit.session.services import Handler, Services, Stream
from envdplan.clients.buildkit.session.session import HEALTH_CHECK, Session
from envdplan.clients.buildkit.wire import frames, inbox
from envdplan.clients.buildkit.wire.frames import Code, Type
from envdplan.clients.buildkit.wire.http2 import Connection
from envdplan.clients.buildkit.wire.transport import SocketTransport

REQUEST = [
    (":method", "POST"),
    (":scheme", "http"),
    (":authority", "x"),
    ("content-type", "application/grpc"),
    ("te", "trailers"),
]


def hold(release: threading.Event) -> Handler:
    """A handler that works until it is released."""

    def wait(stream: Stream) -> None:
        release.wait(10)

    return wait


def take_one(stream: Stream) -> None:
    stream.receive()


def message(data: bytes) -> bytes:
    return b"\0" + len(data).to_bytes(4, "big") + data


class Peer:
    """An HTTP/2 client by the h2 library over a socket; it grants no window by itself."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        self.events: list[h2.events.Event] = []
        self.h2 = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding="utf-8"))
        self.h2.initiate_connection()
        self.flush()

    def flush(self) -> None:
        self.socket.sendall(self.h2.data_to_send())

    def open(self, path: str, *, end: bool = False) -> int:
        stream = self.h2.get_next_available_stream_id()
        self.h2.send_headers(stream, [(":path", path), *REQUEST], end_stream=end)
        self.flush()
        return stream

    def until(self, type: type[h2.events.Event], stream: int | None = None) -> h2.events.Event:
        """Read until such an event has come."""
        while True:
            for event in self.events:
                if isinstance(event, type) and stream in (None, getattr(event, "stream_id", None)):
                    return event
            received = self.socket.recv(65536)
            assert received, f"the connection ended before {type.__name__}"
            self.events += self.h2.receive_data(received)
            self.flush()

    def data(self, stream: int) -> bytes:
        return b"".join(
            event.data or b""
            for event in self.events
            if isinstance(event, h2.events.DataReceived) and event.stream_id == stream
        )

    def trailers(self, stream: int) -> dict[str, str]:
        event = self.until(h2.events.StreamEnded, stream)
        del event
        found: dict[str, str] = {}
        for one in self.events:
            if isinstance(one, h2.events.TrailersReceived | h2.events.ResponseReceived):
                found.update({str(k): str(v) for k, v in one.headers or []})
        return found


Serve = Callable[[Services], socket.socket]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Starts a session on a socket pair and gives the other end."""
    ending: list[Callable[[], None]] = []

    def start(services: Services) -> socket.socket:
        near, far = socket.socketpair()
        far.settimeout(10)
        session = Session(SocketTransport(near), services)
        session.start()
        ending.extend((session.close, far.close))
        return far

    yield start
    for end in reversed(ending):
        end()


def goaway_code(connection: socket.socket) -> int:
    """The code that the server ends the connection with; it must end it."""
    received = b""
    with suppress(ConnectionResetError):
        while part := connection.recv(65536):
            received += part
    start = 0
    while start < len(received):
        length = int.from_bytes(received[start : start + 3], "big")
        body = received[start + 9 : start + 9 + length]
        if received[start + 3] == Type.GOAWAY:
            return int.from_bytes(body[4:8], "big")
        start += 9 + length
    pytest.fail("no GOAWAY")


def test_a_call_is_answered_in_headers_data_and_trailers(serve: Serve) -> None:
    peer = Peer(serve({"/t.T/Up": lambda s: s.send((s.receive() or b"").upper().split())}))
    stream = peer.open("/t.T/Up")
    peer.h2.send_data(stream, message(b"a bc"), end_stream=True)
    peer.flush()
    trailers = peer.trailers(stream)
    assert peer.data(stream) == message(b"A") + message(b"BC")
    assert (trailers[":status"], trailers["content-type"]) == ("200", "application/grpc")
    assert trailers["grpc-status"] == "0"


def test_a_message_may_come_byte_by_byte(serve: Serve) -> None:
    got: list[bytes | None] = []
    peer = Peer(serve({"/t.T/Take": lambda s: got.extend((s.receive(), s.receive(), s.receive()))}))
    stream = peer.open("/t.T/Take")
    for byte in message(b"one") + message(b""):
        peer.h2.send_data(stream, bytes((byte,)))
        peer.flush()
    peer.h2.end_stream(stream)
    peer.flush()
    peer.trailers(stream)
    assert got == [b"one", b"", None]


def test_padding_is_not_content(serve: Serve) -> None:
    got: list[bytes | None] = []
    peer = Peer(serve({"/t.T/Take": lambda s: got.append(s.receive())}))
    stream = peer.open("/t.T/Take")
    peer.h2.send_data(stream, message(b"one"), end_stream=True, pad_length=20)
    peer.flush()
    peer.trailers(stream)
    assert got == [b"one"]


def test_a_ping_is_answered_while_a_handler_works(serve: Serve) -> None:
    release = threading.Event()
    peer = Peer(serve({"/t.T/Work": hold(release)}))
    peer.open("/t.T/Work", end=True)
    peer.h2.ping(b"12345678")
    peer.flush()
    event = peer.until(h2.events.PingAckReceived)
    assert isinstance(event, h2.events.PingAckReceived)
    assert event.ping_data == b"12345678"
    release.set()


def test_nothing_is_sent_beyond_the_peers_windows(serve: Serve) -> None:
    """h2 raises on more than it granted; the last byte needs the second grant."""
    peer = Peer(serve({"/t.T/Big": lambda s: s.send([b"x" * 100_000])}))
    stream = peer.open("/t.T/Big", end=True)
    while len(peer.data(stream)) < 65535:
        peer.until(h2.events.DataReceived)
        peer.events += peer.h2.receive_data(peer.socket.recv(65536))
    peer.until(h2.events.SettingsAcknowledged)  # which another thread sends, perhaps later
    time.sleep(0.05)
    peer.socket.setblocking(False)
    with pytest.raises(BlockingIOError):
        peer.socket.recv(1)
    peer.socket.settimeout(10)
    peer.h2.increment_flow_control_window(50_000, stream)
    peer.h2.increment_flow_control_window(50_000)
    peer.flush()
    peer.trailers(stream)
    assert peer.data(stream) == message(b"x" * 100_000)


def test_a_blocked_call_does_not_block_another(serve: Serve) -> None:
    peer = Peer(serve({"/t.T/Big": lambda s: s.send([b"x" * 1_000_000])}))
    peer.h2.increment_flow_control_window(2**20)  # the connection's, but not the stream's
    peer.open("/t.T/Big", end=True)
    health = peer.open(HEALTH_CHECK)
    peer.h2.send_data(health, message(b""), end_stream=True)
    peer.flush()
    peer.trailers(health)
    assert peer.data(health) == message(b"\x08\x01")


def test_a_shrunk_initial_window_makes_senders_wait(serve: Serve) -> None:
    go = threading.Event()

    def late(stream: Stream) -> None:
        go.wait(10)
        stream.send([b"y" * 50])

    peer = Peer(serve({"/t.T/Late": late}))
    stream = peer.open("/t.T/Late", end=True)
    peer.until(h2.events.SettingsAcknowledged)  # the first ones
    peer.events.clear()
    peer.h2.update_settings({h2.settings.SettingCodes.INITIAL_WINDOW_SIZE: 10})
    peer.flush()
    peer.until(h2.events.SettingsAcknowledged)
    go.set()
    peer.until(h2.events.DataReceived, stream)
    assert peer.data(stream) == message(b"y" * 50)[:10]
    peer.h2.increment_flow_control_window(1000, stream)
    peer.flush()
    peer.trailers(stream)
    assert peer.data(stream) == message(b"y" * 50)


def test_a_reset_ends_one_call_only(serve: Serve) -> None:
    ended = threading.Event()

    def wait(stream: Stream) -> None:
        try:
            stream.receive()
        finally:
            ended.set()

    peer = Peer(serve({"/t.T/Wait": wait}))
    stream = peer.open("/t.T/Wait")
    peer.h2.reset_stream(stream, ErrorCodes.CANCEL)
    peer.flush()
    assert ended.wait(5)
    health = peer.open(HEALTH_CHECK, end=True)
    assert peer.trailers(health)["grpc-status"] == "0"


def test_the_end_of_the_connection_ends_all_calls(serve: Serve) -> None:
    ended = threading.Barrier(3)

    def wait(stream: Stream) -> None:
        try:
            stream.receive()
        finally:
            ended.wait(5)

    peer = Peer(serve({"/t.T/Wait": wait}))
    peer.open("/t.T/Wait")
    peer.open("/t.T/Wait")
    peer.until(h2.events.RemoteSettingsChanged)
    time.sleep(0.05)
    peer.socket.close()
    ended.wait(5)


def test_a_refused_method_leaves_the_connection_usable(serve: Serve) -> None:
    peer = Peer(serve({}))
    stream = peer.open("/t.T/None")
    assert peer.trailers(stream)["grpc-status"] == "12"
    health = peer.open(HEALTH_CHECK, end=True)
    assert peer.trailers(health)["grpc-status"] == "0"


def test_calls_beyond_the_limit_are_refused_and_not_queued(serve: Serve) -> None:
    release = threading.Event()
    peer = Peer(serve({"/t.T/Wait": hold(release)}))
    last = 0
    for _ in range(257):
        last = peer.open("/t.T/Wait", end=True)
    event = peer.until(h2.events.StreamReset, last)
    assert isinstance(event, h2.events.StreamReset)
    assert event.error_code == ErrorCodes.REFUSED_STREAM
    release.set()


def test_a_handler_that_takes_nothing_stops_the_sender_at_the_window(serve: Serve) -> None:
    """8 MiB, then no more; taking the messages opens the window again."""
    take = threading.Event()
    got: list[int] = []

    def late(stream: Stream) -> None:
        take.wait(10)
        got.extend(len(one) for one in iter(stream.receive, None))

    peer = Peer(serve({"/t.T/Late": late}))
    peer.until(h2.events.RemoteSettingsChanged)
    stream = peer.open("/t.T/Late")
    chunk = message(b"z" * 16_000)
    sent = 0
    while peer.h2.local_flow_control_window(stream) >= len(chunk):
        peer.h2.send_data(stream, chunk)
        peer.flush()
        sent += 1
        peer.socket.setblocking(False)
        with suppress(BlockingIOError):
            peer.h2.receive_data(peer.socket.recv(65536))
        peer.socket.settimeout(10)
    assert sent == inbox.WINDOW // len(chunk)
    take.set()
    peer.until(h2.events.WindowUpdated, stream)
    peer.h2.end_stream(stream)
    peer.flush()
    peer.trailers(stream)
    assert got == [16_000] * sent


PREFACE = frames.PREFACE + frames.settings(())


def opening(path: bytes) -> bytes:
    return frames.headers(1, frames.literals(((b":method", b"POST"), (b":path", path))), end=False)


OPEN = opening(b"/t.T/Wait")


@pytest.mark.parametrize(
    ("hostile", "code"),
    [
        (b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n", Code.PROTOCOL_ERROR),
        (PREFACE + frames.head(16385, Type.DATA, 0, 1), Code.FRAME_SIZE_ERROR),
        (PREFACE + frames.head(1, Type.DATA, 0, 5) + b"x", Code.PROTOCOL_ERROR),
        (PREFACE + frames.head(1, Type.DATA, 0, 0) + b"x", Code.PROTOCOL_ERROR),
        (PREFACE + OPEN.replace(b"\0\0\0\1", b"\0\0\0\2", 1), Code.PROTOCOL_ERROR),
        (
            PREFACE + frames.headers(1, b"\xff\xff\xff\xff\xff\xff", end=True),
            Code.COMPRESSION_ERROR,
        ),
        (PREFACE + frames.head(5, Type.SETTINGS, 0, 0) + b"12345", Code.FRAME_SIZE_ERROR),
        (PREFACE + frames.head(6, Type.SETTINGS, 1, 0) + b"123456", Code.PROTOCOL_ERROR),
        (
            PREFACE + frames.settings(((frames.Setting.INITIAL_WINDOW_SIZE, 2**31),)),
            Code.FLOW_CONTROL_ERROR,
        ),
        (PREFACE + frames.head(7, Type.PING, 0, 0) + b"1234567", Code.FRAME_SIZE_ERROR),
        (PREFACE + frames.window_update(0, 0), Code.PROTOCOL_ERROR),
        (PREFACE + frames.window_update(0, 2**31 - 1), Code.FLOW_CONTROL_ERROR),
        (PREFACE + frames.window_update(9, 1), Code.PROTOCOL_ERROR),
        (PREFACE + frames.reset(9, Code.CANCEL), Code.PROTOCOL_ERROR),
        (PREFACE + frames.head(3, Type.RST_STREAM, 0, 1) + b"123", Code.FRAME_SIZE_ERROR),
        (PREFACE + frames.head(0, Type.PUSH_PROMISE, 0, 1), Code.PROTOCOL_ERROR),
        (PREFACE + frames.head(0, Type.CONTINUATION, 4, 1), Code.PROTOCOL_ERROR),
        (
            PREFACE + frames.head(1, Type.HEADERS, 0, 1) + b"\x83" + frames.ping_ack(b"12345678"),
            Code.PROTOCOL_ERROR,
        ),
        (PREFACE + OPEN + OPEN, Code.PROTOCOL_ERROR),
        (PREFACE + frames.head(3, Type.HEADERS, 0xC, 1) + b"\x09ab", Code.PROTOCOL_ERROR),
        (
            PREFACE
            + frames.head(0, Type.HEADERS, 0, 1)
            + (frames.head(16384, Type.CONTINUATION, 0, 1) + b"\0" * 16384) * 65,
            Code.ENHANCE_YOUR_CALM,
        ),
        (
            PREFACE + OPEN + (frames.head(16384, Type.DATA, 0, 1) + message(b"x" * 16379)) * 513,
            Code.FLOW_CONTROL_ERROR,
        ),
    ],
)
def test_what_breaks_the_protocol_ends_the_connection(
    serve: Serve, hostile: bytes, code: Code
) -> None:
    release = threading.Event()
    far = serve({"/t.T/Wait": hold(release)})
    with suppress(BrokenPipeError, ConnectionResetError):
        far.sendall(hostile)
    assert goaway_code(far) == code
    release.set()


@pytest.mark.parametrize(
    ("hostile", "status"),
    [
        (b"\1\0\0\0\1x", "12"),  # compressed
        (b"\0\xff\xff\xff\xffx", "8"),  # 4 GiB
    ],
)
def test_a_message_that_cannot_be_taken_ends_its_call(
    serve: Serve, hostile: bytes, status: str
) -> None:
    peer = Peer(serve({"/t.T/Take": take_one}))
    stream = peer.open("/t.T/Take")
    peer.h2.send_data(stream, hostile)
    peer.flush()
    assert peer.trailers(stream)["grpc-status"] == status


def test_a_flood_of_pings_from_a_peer_that_reads_nothing_ends_the_connection() -> None:
    near, far = socket.socketpair()
    near.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    session = Session(SocketTransport(near), {})
    session.start()
    far.settimeout(10)
    far.sendall(PREFACE)
    ping = frames.head(8, Type.PING, 0, 0) + b"12345678"
    with suppress(BrokenPipeError, ConnectionResetError):
        for _ in range(200):
            far.sendall(ping * 1000)
    assert session.wait(5)
    far.close()


def test_close_frees_a_writer_whose_peer_does_not_read() -> None:
    near, far = socket.socketpair()
    blocked = threading.Event()

    def flood(stream: Stream) -> None:
        blocked.set()
        stream.send([b"x" * 10_000_000])

    session = Session(SocketTransport(near), {"/t.T/Flood": flood})
    session.start()
    huge = frames.settings(((frames.Setting.INITIAL_WINDOW_SIZE, 2**31 - 1),))
    far.sendall(frames.PREFACE + huge + frames.window_update(0, 2**31 - 1 - 65535))
    far.sendall(opening(b"/t.T/Flood"))
    assert blocked.wait(5)
    time.sleep(0.1)
    start = time.monotonic()
    session.close()
    assert time.monotonic() - start < 4
    assert session.wait(0)
    far.close()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 12), st.integers(0, 255), st.sampled_from([0, 1, 2, 3]), st.binary()
        ),
        max_size=12,
    )
)
def test_no_sequence_of_frames_hangs_or_crashes_the_server(
    sequence: list[tuple[int, int, int, bytes]],
) -> None:
    """After any frames the connection either ended or still answers a PING."""
    near, far = socket.socketpair()
    far.settimeout(10)
    session = Session(SocketTransport(near), {"/t.T/Wait": take_one})
    session.start()
    hostile = b"".join(
        len(body).to_bytes(3, "big") + bytes((kind, flags)) + stream.to_bytes(4, "big") + body
        for kind, flags, stream, body in sequence
    )
    ping = frames.head(8, Type.PING, 0, 0) + b"the-ping"
    with suppress(BrokenPipeError, ConnectionResetError):
        far.sendall(PREFACE + OPEN + hostile + ping)
    received = b""
    with suppress(ConnectionResetError):
        while b"the-ping" not in received and (part := far.recv(65536)):
            received += part
    far.close()
    assert session.wait(5)
    session.close()


@given(st.lists(st.binary(max_size=400), max_size=30), st.data())
def test_an_inbox_gives_the_messages_however_they_were_cut(
    messages: list[bytes], data: st.DataObject
) -> None:
    wire = b"".join(map(message, messages))
    box = inbox.Inbox()
    while wire:
        size = data.draw(st.integers(1, len(wire)))
        box.feed(wire[:size], size)
        wire = wire[size:]
    box.finish()
    taken, _ = box.take()
    assert list(taken) == messages


@given(st.lists(st.tuples(st.binary(max_size=300), st.binary(max_size=300)), max_size=5))
def test_header_blocks_are_read_as_they_were_written(fields: list[tuple[bytes, bytes]]) -> None:
    import hpack

    decoded = hpack.Decoder().decode(frames.literals(fields), raw=True)
    assert [(name, value) for name, value, *_ in decoded] == fields


def test_a_connection_may_be_closed_before_it_has_begun() -> None:
    ours, theirs = socket.socketpair()
    connection = Connection(SocketTransport(ours), lambda *_: None)
    connection.close()
    connection.run()
    assert theirs.recv(1) == b""
    theirs.close()
