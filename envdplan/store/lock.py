"""The lock of a state: the kernel's, so that a dead process holds nothing, with a note by whom."""

import fcntl
import getpass
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import uuid4

from envdplan import jsontext
from envdplan.diagnostics import Conflict, EnvdplanError
from envdplan.store.atomic import explained

_PAUSE: Final = 0.1
_NOTE_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds a lock, as the lock file says."""

    id: str
    operation: str
    who: str
    pid: int
    created: str
    """RFC 3339, UTC."""

    def __str__(self) -> str:
        return f"{self.operation} by {self.who} (process {self.pid}) since {self.created}"


@contextmanager
def locked(path: Path, operation: str, timeout: float) -> Iterator[None]:
    """Hold the lock file `path`, waiting up to `timeout` seconds.

    Raises Conflict naming the holder, and EnvdplanError when the file cannot be made.
    """
    with explained(path, "lock"):
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(path, flags, 0o600)
    try:
        _wait(descriptor, path, timeout)
        _note(descriptor, operation)
        yield
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
    finally:
        os.close(descriptor)


def holder(path: Path) -> Holder | None:
    """Who holds the lock `path`, by its note; None when nobody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EnvdplanError("Cannot read the lock", f"{path}: {error.strerror}.") from error
    try:
        return None if _take(descriptor) else _read(descriptor)
    finally:
        os.close(descriptor)


def break_lock(path: Path, id: str) -> None:
    """Put the lock file `path` away, so that the next one gets a lock of its own.

    Raises Conflict when the lock is not the one called `id`.
    """
    found = holder(path)
    if found is None:
        raise Conflict("State is not locked", f"Nobody holds {path}; nothing was done.")
    if found.id != id:
        raise Conflict(
            "Another lock holds the state",
            f"The lock of {path} is {found.id} ({found}), not {id}. Nothing was done.",
        )
    with explained(path, "remove"):
        path.unlink(missing_ok=True)


def _wait(descriptor: int, path: Path, timeout: float) -> None:
    until = time.monotonic() + timeout
    while not _take(descriptor):
        if time.monotonic() >= until:
            raise _busy(path, _read(descriptor), timeout)
        time.sleep(_PAUSE)


def _busy(path: Path, found: Holder, timeout: float) -> Conflict:
    waited = f" and still was after {timeout:g} s" if timeout else ""
    return Conflict(
        "State is locked",
        f"{path} is held for {found}{waited}. Wait for it (--lock-timeout SECONDS). If that "
        f"process is surely gone, `envdplan force-unlock {found.id}`.",
    )


def _take(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        detail = f"{error.strerror}. Keep the state on a file system that has locks."
        raise EnvdplanError("File system has no locks", detail) from error
    return True


def _note(descriptor: int, operation: str) -> None:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    note = Holder(str(uuid4()), operation, f"{user}@{socket.gethostname()}", os.getpid(), now)
    with suppress(OSError):  # a full disk: the lock holds without the note
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(asdict(note)).encode(), 0)


def _read(descriptor: int) -> Holder:
    try:
        found = jsontext.loads(os.pread(descriptor, _NOTE_BYTES, 0))
        words = {name: _clean(str(found[name])) for name in ("id", "operation", "who", "created")}
        return Holder(**words, pid=int(found["pid"]))
    except (ValueError, KeyError, TypeError):
        return Holder("unknown", "an operation", "somebody", 0, "an unknown time")


def _clean(text: str) -> str:
    return "".join(char for char in text if char.isprintable())[:200]
