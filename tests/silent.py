"""Servers that accept and say nothing, or a byte now and then: what hangs real commands."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Silent:
    """Listens on loopback; whoever connects waits for ever."""

    def __init__(self, drip: bytes = b"", every: float = 0.05) -> None:
        self._drip, self._every = drip, every
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.asked = threading.Semaphore(0)
        """Released for each connection that has sent something."""
        self.connections = 0
        self._ended = threading.Event()
        self._threads: list[threading.Thread] = []
        self._start(self._accept)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def wait(self) -> None:
        """Until somebody has asked something."""
        assert self.asked.acquire(timeout=60), "nobody asked"

    def close(self) -> None:
        """End all connections."""
        self._ended.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for one in self._threads:
            one.join()

    def _start(self, work: object, *arguments: object) -> None:
        assert callable(work)
        thread = threading.Thread(target=work, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self.connections += 1
                self._start(self._serve, connection)

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(120)
            if connection.recv(65536):
                self.asked.release()
            while not self._ended.wait(self._every):
                if self._drip:
                    connection.sendall(self._drip)


@contextmanager
def silent(drip: bytes = b"") -> Iterator[Silent]:
    """A server that ends with the block."""
    server = Silent(drip)
    try:
        yield server
    finally:
        server.close()
