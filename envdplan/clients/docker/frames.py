"""Docker's framing of several output streams in one (Docker Engine API, "Stream format")."""

import struct
from collections.abc import Iterator
from typing import Final

STDOUT: Final = 1
STDERR: Final = 2
_HEADER: Final = struct.Struct(">B3xI")
_STREAMS: Final = (0, STDOUT, STDERR)


class Demultiplexer:
    """Takes bytes in any chunks; gives pieces of the streams as soon as they are there."""

    def __init__(self) -> None:
        self._header = b""
        self._stream = 0
        self._left = 0

    def feed(self, data: bytes) -> Iterator[tuple[int, memoryview]]:
        """The pieces in `data`: stream and bytes, never empty. Raises ConnectionError."""
        view = memoryview(data)
        while view:
            if self._left == 0:
                view = self._read_header(view)
                continue
            piece, view = view[: self._left], view[self._left :]
            self._left -= len(piece)
            yield self._stream, piece

    def _read_header(self, view: memoryview) -> memoryview:
        missing = _HEADER.size - len(self._header)
        self._header += view[:missing]
        if len(self._header) == _HEADER.size:
            self._stream, self._left = _HEADER.unpack(self._header)
            self._check()
            self._header = b""
        return view[missing:]

    def _check(self) -> None:
        if self._stream not in _STREAMS or any(self._header[1:4]):
            raise ConnectionError("the engine sent something that is not a frame")
