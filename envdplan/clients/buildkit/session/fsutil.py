"""fsutil's packets by hand (tonistiigi/fsutil/types): one for each file makes every byte count."""

import os
import stat
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

STAT: Final = 0
REQ: Final = 1
DATA: Final = 2
FIN: Final = 3
ERR: Final = 4

_GO_BITS: Final = (
    (stat.S_ISUID, 1 << 23),
    (stat.S_ISGID, 1 << 22),
    (stat.S_ISVTX, 1 << 20),
)
_GO_TYPES: Final = {
    stat.S_IFDIR: 1 << 31,
    stat.S_IFLNK: 1 << 27,
    stat.S_IFIFO: 1 << 25,
    stat.S_IFBLK: 1 << 26,
    stat.S_IFCHR: (1 << 26) | (1 << 21),
    stat.S_IFREG: 0,
}
"""Go's os.FileMode is not the system's st_mode."""


@dataclass(frozen=True, slots=True)
class Stat:
    """What fsutil says of one file. `mode` is Go's; times are in nanoseconds."""

    path: bytes
    mode: int
    size: int = 0
    mtime: int = 0
    link: bytes = b""
    device: tuple[int, int] = (0, 0)
    xattrs: tuple[tuple[bytes, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Packet:
    """One message of the stream, decoded."""

    type: int
    id: int = 0
    data: bytes = field(default=b"", repr=False)
    stat: Stat | None = None


class BadPacket(Exception):
    """Bytes that are no packet."""


@lru_cache(maxsize=512)
def go_mode(mode: int) -> int:
    """The system's mode in Go's bits."""
    made = mode & 0o777 | _GO_TYPES.get(stat.S_IFMT(mode), 0)
    for bit, go_bit in _GO_BITS:
        if mode & bit:
            made |= go_bit
    return made


@lru_cache(maxsize=4096)
def varint(value: int) -> bytes:
    """A number as protobuf writes it; negative ones as 64 bits."""
    value &= (1 << 64) - 1
    made = bytearray()
    while value >= 0x80:  # noqa: PLR2004  seven bits a byte
        made.append(value & 0x7F | 0x80)
        value >>= 7
    made.append(value)
    return bytes(made)


def stat_packet(one: Stat) -> bytes:
    """A STAT packet."""
    return _stat(one.path, one.mode, one.size, one.mtime, one.link, one.device, one.xattrs)


def file_packet(
    path: str,
    found: os.stat_result,
    mtime: int,
    link: bytes,
    xattrs: tuple[tuple[bytes, bytes], ...],
) -> bytes:
    """A STAT packet of what the system says; owners are left out, as buildx does."""
    mode = found.st_mode
    device, size = _NO_DEVICE, 0
    if stat.S_ISREG(mode):
        size = 0 if link else found.st_size
    elif stat.S_ISLNK(mode):
        size = found.st_size
    elif stat.S_ISBLK(mode) or stat.S_ISCHR(mode):
        device = (os.major(found.st_rdev), os.minor(found.st_rdev))
    return _stat(os.fsencode(path), go_mode(mode), size, mtime, link, device, xattrs)


def telling_time(mtime: int, digest: str) -> int:
    """`mtime` (ns) with a part below a second that is made of the content's `digest` (hex digits).

    A builder takes equal size and time for equal content, and has nothing else to go by: archives
    and checkouts with fixed times would give it an old file for a new one. Layers hold whole
    seconds, and BuildKit's keys no times at all, so that this is seen by nobody else.
    """
    return mtime // _SECOND * _SECOND + int(digest[:15], 16) % _SECOND


_SECOND: Final = 1_000_000_000
_NO_DEVICE: Final = (0, 0)


def _stat(
    path: bytes,
    mode: int,
    size: int,
    mtime: int,
    link: bytes,
    device: tuple[int, int],
    xattrs: tuple[tuple[bytes, bytes], ...],
) -> bytes:
    body = b"\x0a" + varint(len(path)) + path + b"\x10" + varint(mode)
    if size:
        body += b"\x28" + varint(size)
    if mtime:
        body += b"\x30" + varint(mtime)
    if link:
        body += b"\x3a" + varint(len(link)) + link
    if device != _NO_DEVICE:
        body += b"\x40" + varint(device[0]) + b"\x48" + varint(device[1])
    for name, value in xattrs:
        pair = b"\x0a" + varint(len(name)) + name + b"\x12" + varint(len(value)) + value
        body += b"\x52" + varint(len(pair)) + pair
    return b"\x12" + varint(len(body)) + body


END_OF_STATS: Final = b""
"""A packet without any field ends the list of files."""


def data_packet(id: int, data: bytes) -> bytes:
    """A DATA packet; one without data ends its file."""
    made = b"\x08\x02"
    if id:
        made += b"\x18" + varint(id)
    return made + b"\x22" + varint(len(data)) + data if data else made


def request_packet(id: int) -> bytes:
    """A REQ packet: asks for the content of a file."""
    return b"\x08\x01\x18" + varint(id) if id else b"\x08\x01"


FIN_PACKET: Final = b"\x08\x03"


def error_packet(message: str) -> bytes:
    """An ERR packet."""
    data = message.encode("utf-8", "replace")
    return b"\x08\x04\x22" + varint(len(data)) + data


def decode_packet(message: bytes) -> Packet:
    """A packet. Raises BadPacket."""
    type = id = 0
    data = b""
    found: Stat | None = None
    for number, value in _fields(message):
        match number, value:
            case 1, int():
                type = value
            case 2, bytes():
                found = _decode_stat(value)
            case 3, int():
                id = value
            case 4, bytes():
                data = value
            case _:
                pass
    return Packet(type, id, data, found)


def _decode_stat(message: bytes) -> Stat:
    path = link = b""
    numbers = dict.fromkeys((2, 5, 6, 8, 9), 0)
    xattrs: list[tuple[bytes, bytes]] = []
    for number, value in _fields(message):
        match number, value:
            case 1, bytes():
                path = value
            case 7, bytes():
                link = value
            case 10, bytes():
                pair = dict(_fields(value))
                name, content = pair.get(1, b""), pair.get(2, b"")
                if isinstance(name, bytes) and isinstance(content, bytes):
                    xattrs.append((name, content))
            case (2 | 5 | 6 | 8 | 9) as known, int():
                numbers[known] = value
            case _:
                pass
    return Stat(
        path,
        numbers[2],
        _signed(numbers[5]),
        _signed(numbers[6]),
        link,
        (numbers[8], numbers[9]),
        tuple(xattrs),
    )


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value


def _fields(message: bytes) -> list[tuple[int, int | bytes]]:
    """The fields of a message: numbers, and length-delimited bytes."""
    found: list[tuple[int, int | bytes]] = []
    at, end = 0, len(message)
    while at < end:
        key, at = _read_varint(message, at)
        number, kind = key >> 3, key & 7
        if kind == 0:
            value, at = _read_varint(message, at)
            found.append((number, value))
        elif kind == 2:  # noqa: PLR2004  length-delimited
            length, at = _read_varint(message, at)
            if at + length > end:
                raise BadPacket("it breaks off")
            found.append((number, message[at : at + length]))
            at += length
        elif kind in (1, 5):
            at += 8 if kind == 1 else 4
        else:
            raise BadPacket(f"it has a field of kind {kind}")
    if at != end:
        raise BadPacket("it breaks off")
    return found


def _read_varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while shift < 70:  # noqa: PLR2004  ten bytes of seven bits
        if at >= len(message):
            raise BadPacket("it breaks off")
        byte = message[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if not byte & 0x80:
            return value & (1 << 64) - 1, at
        shift += 7
    raise BadPacket("a number is too long")
