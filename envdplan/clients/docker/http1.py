"""The little of HTTP/1.1 that precedes a hijacked connection, read without a byte too many."""

import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

_HEAD_LIMIT: Final = 64 * 1024
_BODY_LIMIT: Final = 64 * 1024

Headers = Iterable[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Head:
    """Status line and headers of a reply; names of headers are in lower case."""

    status: int
    headers: dict[str, str]


def request(method: str, path: str, headers: Headers = (), body: bytes = b"") -> bytes:
    """One request as bytes. The Host is arbitrary: engines ignore it, HTTP demands it."""
    lines = [f"{method} {path} HTTP/1.1", "Host: docker", "User-Agent: envdplan"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines.append(f"Content-Length: {len(body)}")
    if any(mark in line for line in lines for mark in "\r\n\0"):
        raise ValueError("a header or path holds a line break")
    return "\r\n".join([*lines, "", ""]).encode() + body


def read_head(sock: socket.socket) -> Head:
    """Read up to the blank line, byte by byte: what follows belongs to the next protocol.

    Raises OSError: the connection ended, or it is not HTTP.
    """
    raw = bytearray()
    while not raw.endswith(b"\r\n\r\n"):
        byte = sock.recv(1)
        if not byte:
            raise ConnectionResetError("the connection was closed before a reply came")
        raw += byte
        if len(raw) > _HEAD_LIMIT:
            raise ConnectionError("the reply's headers are too long")
    return _parse(raw.decode("latin-1"))


def _parse(text: str) -> Head:
    first, *lines = text.rstrip("\r\n").split("\r\n")
    status = re.match(r"HTTP/1\.[01] ([1-5][0-9]{2})( |$)", first)
    if status is None:
        raise ConnectionError("the reply is not HTTP")
    headers = (line.partition(":") for line in lines)
    return Head(int(status[1]), {name.lower(): value.strip() for name, _, value in headers})


def read_body(sock: socket.socket, head: Head) -> bytes:
    """The body of a refusal, as far as it says its length; at most 64 KiB. Raises OSError."""
    length = head.headers.get("content-length", "")
    wanted = min(int(length[:18]), _BODY_LIMIT) if length.isascii() and length.isdecimal() else 0
    body = b""
    while len(body) < wanted and (piece := sock.recv(wanted - len(body))):
        body += piece
    return body
