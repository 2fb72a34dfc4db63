import select
import socket
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from envdplan.clients.docker.relay import relay

Pair = Callable[[], tuple[socket.socket, socket.socket]]


class Upper:
    """Turns what comes in into capitals; refuses an exclamation mark."""

    def __init__(self) -> None:
        self.owed = b""

    def outgoing(self, data: bytes) -> bytes:
        return data

    def end(self) -> bytes:
        return b"<end>"

    def incoming(self, data: bytes) -> bytes:
        if b"!" in data:
            raise ConnectionError("damaged")
        if b"?" in data:
            self.owed = b"answer"
        return data.upper()

    def replies(self) -> bytes:
        owed, self.owed = self.owed, b""
        return owed


@pytest.fixture
def errors() -> list[OSError | None]:
    return []


@pytest.fixture
def pair(errors: list[OSError | None]) -> Iterator[Pair]:
    """A relay's near end, and the other end of what it talks to."""
    opened: list[socket.socket] = []

    def make() -> tuple[socket.socket, socket.socket]:
        far, other = socket.socketpair()
        near = relay(far, Upper(), errors.append, "docker-test")
        for one in (near, other):
            one.settimeout(5)
        opened.extend((near, other))
        return near, other

    yield make
    for one in opened:
        one.close()


def receive_all(sock: socket.socket) -> bytes:
    whole = b""
    while data := sock.recv(65536):
        whole += data
    return whole


def test_both_directions_go_through_the_codec(pair: Pair) -> None:
    near, other = pair()
    near.sendall(b"out")
    assert other.recv(10) == b"out"
    other.sendall(b"in")
    assert near.recv(10) == b"IN"


def test_what_the_protocol_owes_is_sent(pair: Pair) -> None:
    near, other = pair()
    other.sendall(b"well?")
    assert other.recv(10) == b"answer"
    assert near.recv(10) == b"WELL?"


def test_a_half_close_is_passed_on_and_answers_still_come(pair: Pair) -> None:
    near, other = pair()
    near.sendall(b"all")
    near.shutdown(socket.SHUT_WR)
    assert receive_all(other) == b"all<end>"
    other.sendall(b"late")
    other.close()
    assert receive_all(near) == b"LATE"


def test_what_was_sent_before_a_close_arrives(pair: Pair) -> None:
    near, other = pair()
    near.sendall(b"x" * 100_000)
    near.close()
    assert receive_all(other) == b"x" * 100_000 + b"<end>"


def test_the_far_end_s_last_bytes_arrive_though_it_takes_none(
    pair: Pair, errors: list[OSError | None]
) -> None:
    near, other = pair()
    near.sendall(b"unread")
    other.recv(1)
    other.sendall(b"bye")
    other.close()
    assert receive_all(near) == b"BYE"
    with pytest.raises(OSError, match="pipe"):
        near.sendall(b"more")


def test_damage_is_reported_before_the_near_end_sees_the_end(
    pair: Pair, errors: list[OSError | None]
) -> None:
    near, other = pair()
    other.sendall(b"!")
    assert receive_all(near) == b""
    assert [str(error) for error in errors] == ["damaged"]


def test_a_far_side_that_takes_nothing_holds_the_near_side_back(pair: Pair) -> None:
    near, other = pair()
    near.setblocking(False)
    sent = 0
    while select.select([], [near], [], 0.2)[1]:
        sent += near.send(b"x" * 65536)
        assert sent < 8_000_000
    other.recv(100)


def test_a_near_side_that_takes_nothing_holds_the_far_side_back(pair: Pair) -> None:
    _, other = pair()
    other.setblocking(False)
    sent = 0
    while select.select([], [other], [], 0.2)[1]:
        sent += other.send(b"x" * 65536)
        assert sent < 8_000_000


def test_a_close_ends_the_thread_though_the_far_side_stays(
    pair: Pair, errors: list[OSError | None]
) -> None:
    near, other = pair()
    near.close()
    assert receive_all(other) == b"<end>"
    while not errors:
        time.sleep(0.001)
    assert [type(error) for error in errors] == [ConnectionAbortedError]


def test_waiting_costs_no_processor_time(pair: Pair) -> None:
    near, other = pair()
    near.shutdown(socket.SHUT_WR)
    receive_all(other)
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.1


def test_a_slow_reader_of_an_ended_stream_costs_no_processor_time(pair: Pair) -> None:
    near, other = pair()

    def write() -> None:
        other.sendall(b"x" * 1_000_000)
        other.close()

    writer = threading.Thread(target=write)
    writer.start()
    near.recv(500_000)
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.1
    receive_all(near)
    writer.join()
