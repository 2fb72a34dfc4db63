"""The session server against grpcio as its client: an HTTP/2 of other people."""

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import grpc
import pytest

from envdplan.clients.buildkit.session.services import Abort, Services, Stream
from envdplan.clients.buildkit.session.session import Session
from envdplan.clients.buildkit.wire.transport import SocketTransport
from envdplan.ground.diagnostics import Refused


class Client:
    """Calls of plain bytes on a channel."""

    def __init__(self, channel: grpc.Channel) -> None:
        self.channel = channel

    def unary(
        self, path: str, request: bytes = b"", metadata: tuple[tuple[str, str], ...] = ()
    ) -> bytes:
        call = self.channel.unary_unary(path, bytes, bytes)
        return bytes(call(request, metadata=metadata, timeout=30))

    def stream(self, path: str, requests: Iterable[bytes] = ()) -> "grpc.CallIterator[bytes]":
        return self.channel.stream_stream(path, bytes, bytes)(iter(requests), timeout=60)


Connect = Callable[[Services], Client]


def collect(stream: Stream) -> list[bytes]:
    return list(iter(stream.receive, None))


def echo(stream: Stream) -> None:
    while (message := stream.receive()) is not None:
        stream.send((message,))


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    """Serves on a unix socket and gives a channel to it; everything ends with the test."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    listener.listen()
    listener.settimeout(20)
    ending: list[Callable[[], None]] = [listener.close]

    def start(services: Services) -> Client:
        def accept() -> None:
            connection, _ = listener.accept()
            session = Session(SocketTransport(connection), services)
            ending.append(session.close)
            session.start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        ending.append(accepting.join)
        options = [("grpc.max_receive_message_length", -1)]
        channel = grpc.insecure_channel(f"unix:{tmp_path / 's'}", options)
        ending.append(channel.close)
        return Client(channel)

    yield start
    for end in reversed(ending):
        end()


def test_health_is_served_without_being_asked_for(connect: Connect) -> None:
    client = connect({})
    assert client.unary("/grpc.health.v1.Health/Check", b"") == b"\x08\x01"


def test_an_unknown_method_is_unimplemented(connect: Connect) -> None:
    client = connect({})
    with pytest.raises(grpc.RpcError) as caught:
        client.unary("/a.B/C", b"x")
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "/a.B/C" in str(caught.value.details())


def test_messages_larger_than_every_window_pass_both_ways(connect: Connect) -> None:
    client = connect({"/t.T/Echo": echo})
    sent = [bytes((n,)) * size for n, size in enumerate((0, 1, 16383, 20_000_000, 5))]
    assert list(client.stream("/t.T/Echo", sent)) == sent


def test_thousands_of_messages_keep_their_order(connect: Connect) -> None:
    client = connect({"/t.T/Echo": echo})
    sent = [b"%d" % n for n in range(2_000)]
    assert list(client.stream("/t.T/Echo", sent)) == sent


def test_many_small_messages_are_packed(connect: Connect) -> None:
    count = 5_000

    def many(stream: Stream) -> None:
        stream.send(b"%d" % n for n in range(count))

    client = connect({"/t.T/Many": many})
    got = list(client.stream("/t.T/Many"))
    assert got == [b"%d" % n for n in range(count)]


def test_an_abort_ends_the_call_with_its_code_and_message(connect: Connect) -> None:
    def refuse(stream: Stream) -> None:
        raise Abort(5, "no such secret: grün 100%\n")

    client = connect({"/t.T/No": refuse})
    with pytest.raises(grpc.RpcError) as caught:
        client.unary("/t.T/No", b"")
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND
    assert caught.value.details() == "no such secret: grün 100%\n"


def test_a_failing_handler_tells_only_its_type(connect: Connect) -> None:
    def crash(stream: Stream) -> None:
        raise ValueError("password=hunter2")

    client = connect({"/t.T/Crash": crash})
    with pytest.raises(grpc.RpcError) as caught:
        client.unary("/t.T/Crash", b"")
    assert caught.value.code() is grpc.StatusCode.INTERNAL
    assert "ValueError" in str(caught.value.details())
    assert "hunter2" not in str(caught.value.details())


def test_a_problem_of_ours_reaches_the_builder_in_words(connect: Connect) -> None:
    def refuse(stream: Stream) -> None:
        raise Refused("path leaves the directory", "../x")

    client = connect({"/t.T/No": refuse})
    with pytest.raises(grpc.RpcError) as caught:
        client.unary("/t.T/No", b"")
    assert caught.value.details() == "path leaves the directory\n../x"


def test_metadata_reaches_the_handler_decoded_where_it_says_so(connect: Connect) -> None:
    seen: list[tuple[str, ...]] = []

    def look(stream: Stream) -> None:
        seen.append(stream.values("include-patterns"))
        seen.append(stream.values("dir-name"))
        seen.append((stream.metadata["dir-name"],))
        seen.append(stream.values("absent"))
        stream.send((b"",))

    client = connect({"/t.T/Look": look})
    metadata = (
        ("include-patterns", "gr%C3%BCn+x"),
        ("include-patterns", "b"),
        ("include-patterns-encoded", "1"),
        ("dir-name", "a%20b"),
        ("dir-name", "second"),
    )
    client.unary("/t.T/Look", metadata=metadata)
    assert seen == [("grün x", "b"), ("a%20b", "second"), ("a%20b",), ()]


def test_metadata_longer_than_a_frame_arrives_whole(connect: Connect) -> None:
    seen: list[str] = []

    def look(stream: Stream) -> None:
        seen.extend(stream.values("exclude-patterns"))
        stream.send((b"",))

    client = connect({"/t.T/Look": look})
    metadata = tuple(("exclude-patterns", f"dir{n}/" + "x" * 60) for n in range(2000))
    client.unary("/t.T/Look", metadata=metadata)
    assert seen == [value for _, value in metadata]


def test_a_cancelled_call_ends_its_handler_and_no_other(connect: Connect) -> None:
    ended = threading.Event()
    codes: list[int] = []

    def wait(stream: Stream) -> None:
        try:
            stream.receive()
            stream.receive()
        except Abort as abort:
            codes.append(abort.code)
            raise
        finally:
            ended.set()

    client = connect({"/t.T/Wait": wait, "/t.T/Echo": echo})
    release = threading.Event()

    def first_then_wait() -> Iterator[bytes]:
        yield b"x"
        release.wait(20)

    call = client.stream("/t.T/Wait", first_then_wait())
    assert client.unary("/t.T/Echo", b"1") == b"1"
    call.cancel()  # type: ignore[no-untyped-call]  # the stubs forgot its result
    assert ended.wait(10)
    release.set()
    assert codes == [1]
    assert client.unary("/t.T/Echo", b"2") == b"2"


def test_a_sender_without_a_reader_stops_and_ends_with_the_cancel(connect: Connect) -> None:
    """The client stops reading: flow control blocks the sender, the cancel frees it."""
    ended = threading.Event()

    def flood(stream: Stream) -> None:
        try:
            stream.send(b"x" * 65536 for _ in range(100_000))
        finally:
            ended.set()

    client = connect({"/t.T/Flood": flood, "/t.T/Echo": echo})
    call = client.stream("/t.T/Flood")
    assert next(iter(call)) == b"x" * 65536
    assert client.unary("/t.T/Echo", b"alive") == b"alive"
    assert not ended.is_set()
    call.cancel()  # type: ignore[no-untyped-call]  # the stubs forgot its result
    assert ended.wait(10)


def test_two_threads_may_send_on_one_call(connect: Connect) -> None:
    def both(stream: Stream) -> None:
        threads = [
            threading.Thread(target=stream.send, args=([mark * 30_000] * 200,))
            for mark in (b"a", b"b")
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    client = connect({"/t.T/Both": both})
    got = list(client.stream("/t.T/Both"))
    assert sorted(got) == [b"a" * 30_000] * 200 + [b"b" * 30_000] * 200
