import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdplan.clients.docker.frames import STDERR, STDOUT, Demultiplexer

FRAMES = st.lists(st.tuples(st.sampled_from([STDOUT, STDERR]), st.binary(max_size=40)))


def frame(stream: int, data: bytes) -> bytes:
    return struct.pack(">B3xI", stream, len(data)) + data


def split(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in pairwise(at)]


@given(FRAMES, st.lists(st.integers(min_value=0)))
def test_any_chunking_gives_the_same_streams(
    frames: list[tuple[int, bytes]], cuts: list[int]
) -> None:
    wire = b"".join(frame(stream, data) for stream, data in frames)
    parser = Demultiplexer()
    found = {STDOUT: b"", STDERR: b""}
    for chunk in split(wire, cuts):
        for stream, piece in parser.feed(chunk):
            assert piece
            found[stream] += piece
    for wanted, data in found.items():
        assert data == b"".join(data for stream, data in frames if stream == wanted)


def test_a_piece_is_given_before_its_frame_is_complete() -> None:
    ((stream, piece),) = Demultiplexer().feed(frame(STDOUT, b"abcdef")[:11])
    assert (stream, bytes(piece)) == (STDOUT, b"abc")


@pytest.mark.parametrize("wire", [b"HTTP/1.1", b"\x03\0\0\0\0\0\0\1x", b"\1\0\0\1\0\0\0\1x"])
def test_what_is_no_frame_is_an_error(wire: bytes) -> None:
    with pytest.raises(ConnectionError, match="not a frame"):
        list(Demultiplexer().feed(wire))
