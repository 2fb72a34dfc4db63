"""An exclusive lock between processes (and threads) of envdplan, which says who holds it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from envdplan.clients.envd.oserrors import translated
from envdplan.ground.diagnostics import Conflict
from envdplan.ground.files_on_disk import Lock

_TIME = "%Y-%m-%d %H:%M:%S"
_HOLDER_BYTES = 200


@contextmanager
def exclusive(path: Path, *, timeout: float) -> Iterator[None]:
    """Hold the lock file `path`, waiting up to `timeout` seconds for it.

    The file stays: removing it would let two processes lock two files of one name. The kernel
    lets go of the lock when a process dies. Raises Conflict, naming the holder, when the time is
    over, and EnvdplanError when the file cannot be made.
    """
    with translated(path, "lock"):
        lock = Lock.on(path, 0o644)
    with lock:
        with translated(path, "lock"):
            is_held = lock.wait(timeout)
        if not is_held:
            raise _busy(path, timeout, lock.note())
        lock.sign(f"process {os.getpid()} since {datetime.now(UTC):{_TIME}} UTC".encode())
        yield


def _busy(path: Path, timeout: float, note: bytes) -> Conflict:
    return Conflict(
        "Another process is changing envd's contexts",
        f"{path} has been locked by {_holder(note)} for {timeout:g} s. Try again when it is done, "
        "or end that process.",
    )


def _holder(note: bytes) -> str:
    text = note[:_HOLDER_BYTES].decode("utf-8", "replace")
    return "".join(char for char in text if char.isprintable()) or "an unknown process"
