"""Connections to a unix socket served by a function, and requests read off them."""

import contextlib
import socket
import threading
from collections.abc import Callable

Serve = Callable[[socket.socket], None]
Listen = Callable[[Serve], str]


def read_request(connection: socket.socket) -> bytes:
    """Head and body of one request, byte by byte: what follows stays unread."""
    raw = b""
    while not raw.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            return raw
        raw += byte
    length = int(raw.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or b"0")
    body = b""
    while len(body) < length:
        body += connection.recv(length - len(body))
    return raw + body


def accept(listener: socket.socket, serve: Serve) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=answer, args=(connection, serve), daemon=True).start()


def answer(connection: socket.socket, serve: Serve) -> None:
    with connection, contextlib.suppress(OSError):
        serve(connection)


def reply(status: str, body: bytes = b"", *headers: str) -> bytes:
    head = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(head).encode() + body
