"""A builder that tells of success counts only with every result that it was asked for."""

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from envdplan.clients.buildkit.client import BuildKit
from envdplan.clients.buildkit.proto import control_pb2 as pb
from envdplan.clients.buildkit.proto import filesync_pb2
from envdplan.clients.buildkit.request import Export, SolveRequest
from envdplan.clients.buildkit.session.fsutil import (
    END_OF_STATS,
    FIN_PACKET,
    Stat,
    data_packet,
    stat_packet,
)
from envdplan.clients.buildkit.session.services import Services, Stream
from envdplan.clients.buildkit.wire import frames
from envdplan.clients.buildkit.wire.dial import UnixDialer
from envdplan.ground.diagnostics import EnvdplanError, Refused
from tests.unit.buildkit.test_client_solve import Daemon, daemon, dialer

__all__ = ["daemon", "dialer"]

PING = b"all seen"
SEND = "/moby.filesync.v1.FileSend/DiffCopy"
RESET = -1
"""Ends a stream at once, in place of a message."""


def call(number: int, exporter: str, messages: Iterable[bytes | int], path: str = SEND) -> bytes:
    """All that a builder sends in one call."""
    fields = [(b":method", b"POST"), (b":path", path.encode())]
    fields.append((b"buildkit-attachable-exporter-id", exporter.encode()))
    sent = frames.headers(number, frames.literals(fields), end=False)
    for one in messages:
        if isinstance(one, int):
            return sent + frames.reset(number, frames.Code.CANCEL)
        message = b"\0" + len(one).to_bytes(4, "big") + one
        sent += b"".join(frames.data(number, message))
    return sent + frames.head(0, frames.Type.DATA, frames.END_STREAM, number)


def content(text: bytes) -> bytes:
    return filesync_pb2.BytesMessage(data=text).SerializeToString()


WHOLE_FILE = (content(b"new"),)
WHOLE_FOLDER = (
    stat_packet(Stat(b"f", 0o644, 2)),
    END_OF_STATS,
    data_packet(0, b"hi"),
    data_packet(0, b""),
    FIN_PACKET,
)


def built(
    daemon: Daemon, dialer: UnixDialer, sent: bytes, exports: tuple[Export, ...], more: Services
) -> None:
    """A build whose builder sends `sent`, waits until it is seen, and tells of success."""
    seen = threading.Event()

    def session(received: Iterator[bytes]) -> Iterator[bytes]:
        yield frames.PREFACE + frames.settings(()) + sent
        yield frames.head(len(PING), frames.Type.PING, 0, 0) + PING
        for part in received:
            if PING in part:
                seen.set()

    def solve(_: object) -> pb.SolveResponse:
        assert seen.wait(60)
        return pb.SolveResponse()

    daemon.session, daemon.solve = session, solve
    request = SolveRequest("f", {}, exports=exports)
    with BuildKit(dialer) as buildkit:
        buildkit.solve(request, more, lambda _: None, threading.Event())


Sent = Callable[[], bytes]


@pytest.mark.parametrize(
    ("type", "sent", "arrives"),
    [
        ("tar", call(1, "0", WHOLE_FILE), True),
        ("tar", b"", False),
        ("tar", call(1, "0", ()), False),
        ("tar", call(1, "7", WHOLE_FILE), False),
        ("tar", call(1, "0", (*WHOLE_FILE, RESET)), False),
        ("tar", call(1, "0", WHOLE_FILE) + call(3, "0", (RESET,)), False),
        ("tar", call(1, "0", (b"\xff\xff",)), False),
        ("local", call(1, "0", WHOLE_FOLDER), True),
        ("local", call(1, "0", WHOLE_FOLDER) + call(3, "0", WHOLE_FOLDER), True),
        ("local", call(1, "0", WHOLE_FOLDER[:-2]), False),
        ("local", call(1, "0", WHOLE_FOLDER) + call(3, "0", WHOLE_FOLDER[:1]), False),
        ("local", call(1, "0", (stat_packet(Stat(b"../f", 0o644, 2)), END_OF_STATS)), False),
        ("local", call(1, "0", (FIN_PACKET,)), False),
        ("local", b"", False),
    ],
)
def test_success_counts_only_with_every_result(
    daemon: Daemon, dialer: UnixDialer, tmp_path: Path, type: str, sent: bytes, *, arrives: bool
) -> None:
    exports = (Export(type, destination=str(tmp_path / "out")),)
    if arrives:
        built(daemon, dialer, sent, exports, {})
        assert (tmp_path / "out").exists()
        return
    with pytest.raises(Refused):
        built(daemon, dialer, sent, exports, {})


def test_one_of_two_results_is_not_enough(
    daemon: Daemon, dialer: UnixDialer, tmp_path: Path
) -> None:
    exports = tuple(Export("tar", destination=str(tmp_path / name)) for name in ("a", "b"))
    with pytest.raises(Refused) as caught:
        built(daemon, dialer, call(1, "1", WHOLE_FILE), exports, {})
    assert f"{tmp_path / 'a'} never came" in caught.value.detail
    assert str(tmp_path / "b") not in caught.value.detail


@pytest.mark.parametrize("error", [EnvdplanError("It cannot be read", "x"), OSError("lost")])
def test_what_was_not_served_counts_though_the_builder_is_content(
    daemon: Daemon, dialer: UnixDialer, error: Exception
) -> None:
    begun = threading.Event()

    def serve(_: Stream) -> None:
        begun.set()
        raise error

    with pytest.raises(EnvdplanError) as caught:
        built(daemon, dialer, call(1, "", (), "/a.B/C") + b"", (), {"/a.B/C": serve})
    assert begun.is_set()
    assert "x" in str(caught.value) or "lost" in str(caught.value)
