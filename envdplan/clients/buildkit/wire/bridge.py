"""A private unix socket before sockets of others: grpcio takes a path, but no open socket."""

import os
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path

from envdplan.clients.buildkit.wire.transport import READ_SIZE, SocketLike, close_socket
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.files_on_disk import scratch


class Bridge:
    """Every connection to its path becomes one of `connect`, with two threads copying.

    Without a path of the caller's it lies in a directory that only this user may enter.
    """

    def __init__(self, connect: Callable[[], SocketLike], path: Path | None = None) -> None:
        self.failure: Exception | None = None
        self._connect = connect
        self._given = path
        self._listener: socket.socket | None = None
        self._scratch, self._directory = ExitStack(), Path()
        self._lock = threading.Lock()
        self._open: set[SocketLike] = set()

    def open(self) -> str:
        """Listen, if it does not yet; the path."""
        with self._lock:
            if self._listener is None:
                self._listener = listener = self._listen()
                _start(lambda: self._accept(listener))
            return self._path

    def _listen(self) -> socket.socket:
        if self._given is None:
            self._directory = self._scratch.enter_context(scratch())
        listener = socket.socket(socket.AF_UNIX)
        try:
            # In a directory that others may enter they must not connect, not even for a moment.
            before = os.umask(0o177) if self._given is not None else None
            try:
                listener.bind(self._path)
            finally:
                if before is not None:
                    os.umask(before)
            listener.listen()
        except OSError:
            listener.close()
            raise
        return listener

    @property
    def _path(self) -> str:
        return str(self._given or Path(self._directory, "s"))

    def close(self) -> None:
        """End all connections, and remove the path."""
        with self._lock:
            listener, self._listener = self._listener, None
        if listener is None:
            return
        close_socket(listener)
        for one in list(self._open):
            close_socket(one)
        if self._given is None:
            self._scratch.close()
        else:
            self._given.unlink(missing_ok=True)

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # closed
            while True:
                near, _ = listener.accept()
                _start(partial(self._serve, near))

    def _serve(self, near: socket.socket) -> None:
        try:
            far = self._connect()
        except Exception as error:  # noqa: BLE001  kept for the one who waits for the answer
            self.failure = error
            near.close()
            return
        self._open |= {near, far}
        failures: list[Exception] = []
        back = _start(lambda: _copy(far, near, failures))
        _copy(near, far, failures)
        back.join()
        ours = [one for one in failures if isinstance(one, EnvdplanError)]
        self.failure = next(iter(ours + failures), None)
        self._open -= {near, far}
        close_socket(near)
        close_socket(far)


def _copy(source: SocketLike, sink: SocketLike, failures: list[Exception]) -> None:
    """Until the end of `source`; a failure of either ends both."""
    buffer = bytearray(READ_SIZE)
    view = memoryview(buffer)
    try:
        while count := source.recv_into(buffer):
            sink.sendall(view[:count])
        sink.shutdown(socket.SHUT_WR)
    except (OSError, EnvdplanError) as error:
        failures.append(error)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def _start(target: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=target, name="bridge", daemon=True)
    thread.start()
    return thread
