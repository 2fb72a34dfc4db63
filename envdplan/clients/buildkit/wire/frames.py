"""HTTP/2 frames as bytes (RFC 9113): what the session server reads and writes.

Written here because the h2 library needs 10 us for a frame that takes 1 us by hand, and a
builder answers with one frame per file. Only header decompression is left to `hpack`.
"""

from collections.abc import Iterable, Iterator
from enum import IntEnum
from struct import Struct

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
HEAD_SIZE = 9
MAX_FRAME = 16384
"""Largest payload that every peer must take; ours, in both directions (bytes)."""
MAX_WINDOW = 2**31 - 1

END_STREAM = 0x1
ACK = 0x1
END_HEADERS = 0x4
PADDED = 0x8
PRIORITY_FLAG = 0x20

_HEAD = Struct(">HBBBI")
_SETTING = Struct(">HI")


class Type(IntEnum):
    """Frame types."""

    DATA = 0
    HEADERS = 1
    PRIORITY = 2
    RST_STREAM = 3
    SETTINGS = 4
    PUSH_PROMISE = 5
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


class Code(IntEnum):
    """Error codes of RST_STREAM and GOAWAY."""

    NO_ERROR = 0
    PROTOCOL_ERROR = 1
    INTERNAL_ERROR = 2
    FLOW_CONTROL_ERROR = 3
    STREAM_CLOSED = 5
    FRAME_SIZE_ERROR = 6
    REFUSED_STREAM = 7
    CANCEL = 8
    COMPRESSION_ERROR = 9
    ENHANCE_YOUR_CALM = 11


class Setting(IntEnum):
    """Parameters of SETTINGS."""

    MAX_CONCURRENT_STREAMS = 3
    INITIAL_WINDOW_SIZE = 4
    MAX_HEADER_LIST_SIZE = 6


class ConnectionFault(Exception):
    """The peer broke the protocol: the whole connection ends with this code."""

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(message)
        self.code = code


def head(length: int, type: Type, flags: int, stream: int) -> bytes:
    """The nine bytes before a payload of `length` bytes."""
    return _HEAD.pack(length >> 8, length & 0xFF, type, flags, stream)


def settings(values: Iterable[tuple[Setting, int]]) -> bytes:
    """A SETTINGS frame."""
    payload = b"".join(_SETTING.pack(*one) for one in values)
    return head(len(payload), Type.SETTINGS, 0, 0) + payload


SETTINGS_ACK = head(0, Type.SETTINGS, ACK, 0)


def ping_ack(payload: bytes) -> bytes:
    """The answer to a PING."""
    return head(8, Type.PING, ACK, 0) + payload


def window_update(stream: int, increment: int) -> bytes:
    """Allows `increment` more bytes on a stream, or on the connection (stream 0)."""
    return head(4, Type.WINDOW_UPDATE, 0, stream) + increment.to_bytes(4, "big")


def reset(stream: int, code: Code) -> bytes:
    """RST_STREAM: ends one stream."""
    return head(4, Type.RST_STREAM, 0, stream) + code.to_bytes(4, "big")


def goaway(last_stream: int, code: Code, message: str = "") -> bytes:
    """GOAWAY: ends the connection; `message` is for people."""
    payload = last_stream.to_bytes(4, "big") + code.to_bytes(4, "big") + message.encode()[:512]
    return head(len(payload), Type.GOAWAY, 0, 0) + payload


def headers(stream: int, block: bytes, *, end: bool) -> bytes:
    """HEADERS in one frame; `block` is at most MAX_FRAME bytes."""
    flags = END_HEADERS | (END_STREAM if end else 0)
    return head(len(block), Type.HEADERS, flags, stream) + block


def literals(fields: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A header block without compression state: any thread may encode, in any order."""
    return b"".join(b"\0" + _text(name) + _text(value) for name, value in fields)


def _text(value: bytes) -> bytes:
    """An HPACK string: its length as integer with a 7-bit prefix, then the plain bytes."""
    length = len(value)
    if length < 127:  # noqa: PLR2004  all seven bits set mean that more bytes follow
        return bytes((length,)) + value
    prefix = bytearray((127,))
    length -= 127
    while length >= 128:  # noqa: PLR2004  seven bits a byte, the eighth says that more follow
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    prefix.append(length)
    return bytes(prefix) + value


def data(stream: int, payload: bytes | memoryview) -> Iterator[bytes | memoryview]:
    """DATA frames of at most MAX_FRAME bytes, as heads and slices for one vectored write."""
    view = memoryview(payload)
    for start in range(0, len(view), MAX_FRAME):
        part = view[start : start + MAX_FRAME]
        yield head(len(part), Type.DATA, 0, stream)
        yield part


def parse_settings(payload: bytes) -> Iterator[tuple[int, int]]:
    """Pairs of a SETTINGS payload; raises ConnectionFault when it is cut off."""
    if len(payload) % _SETTING.size:
        raise ConnectionFault(Code.FRAME_SIZE_ERROR, "SETTINGS of a broken length")
    return ((name, value) for name, value in _SETTING.iter_unpack(payload))


def unpadded(flags: int, payload: bytes) -> bytes:
    """The payload of DATA or HEADERS without padding."""
    if not flags & PADDED:
        return payload
    if not payload or payload[0] >= len(payload):
        raise ConnectionFault(Code.PROTOCOL_ERROR, "padding is longer than its frame")
    return payload[1 : len(payload) - payload[0]]


def unsigned(payload: bytes, what: str) -> int:
    """The 32-bit number which is all of `payload`; raises ConnectionFault otherwise."""
    if len(payload) != 4:  # noqa: PLR2004  bytes of a 32-bit number
        raise ConnectionFault(Code.FRAME_SIZE_ERROR, f"{what} of a broken length")
    return int.from_bytes(payload, "big")
