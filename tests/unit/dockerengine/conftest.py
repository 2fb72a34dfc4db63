import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.dockerengine.fake_engine import Listen, Serve, accept


@pytest.fixture
def listen(tmp_path: Path) -> Iterator[Listen]:
    """Serve every connection to a new unix socket by a function; gives its URL."""
    listeners: list[socket.socket] = []

    def start(serve: Serve) -> str:
        path = tmp_path / f"engine{len(listeners)}.sock"
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        listeners.append(listener)
        threading.Thread(target=accept, args=(listener, serve), daemon=True).start()
        return f"unix://{path}"

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


@pytest.fixture(autouse=True)
def no_thread_is_left() -> Iterator[None]:
    """Each test ends the threads of what it opened; a leak fails the test that leaks."""
    yield
    deadline = time.monotonic() + 8
    while names := [one.name for one in threading.enumerate() if one.name.startswith("docker-")]:
        assert time.monotonic() < deadline, names
        time.sleep(0.005)
