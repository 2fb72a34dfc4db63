"""An exclusive lock between processes (and threads) of envdplan, which says who holds it."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from envdplan.diagnostics import Conflict
from envdplan.envd.oserrors import translated

_PAUSE = 0.02
_HOLDER_BYTES = 200


@contextmanager
def exclusive(path: Path, *, timeout: float) -> Iterator[None]:
    """Hold the lock file `path`, waiting up to `timeout` seconds for it.

    The file stays: removing it would let two processes lock two files of one name. The kernel
    lets go of the lock when a process dies. Raises Conflict, naming the holder, when the time is
    over, and EnvdplanError when the file cannot be made.
    """
    with translated(path, "lock"):
        descriptor = _open(path)
    try:
        _wait(descriptor, path, timeout)
        _sign(descriptor)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    flags = os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags | os.O_RDWR, 0o644)
    except PermissionError:
        return os.open(path, flags | os.O_RDONLY, 0o644)  # enough to lock another user's file


def _wait(descriptor: int, path: Path, timeout: float) -> None:
    until = time.monotonic() + timeout
    while not _try_lock(descriptor, path):
        if time.monotonic() >= until:
            raise Conflict(
                "Another process is changing envd's contexts",
                f"{path} has been locked by {_holder(descriptor)} for {timeout:g} s. Try again "
                "when it is done, or end that process.",
            )
        time.sleep(_PAUSE)


def _try_lock(descriptor: int, path: Path) -> bool:
    with translated(path, "lock"):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def _sign(descriptor: int) -> None:
    note = f"process {os.getpid()} since {datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC"
    with suppress(OSError):  # a full disk or another user's file: the lock holds without the note
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, note.encode(), 0)


def _holder(descriptor: int) -> str:
    note = os.pread(descriptor, _HOLDER_BYTES, 0).decode("utf-8", "replace")
    return "".join(char for char in note if char.isprintable()) or "an unknown process"
