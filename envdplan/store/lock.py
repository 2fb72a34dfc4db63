"""The lock of a state: the kernel's, so that a dead process holds nothing, with a note by whom."""

import getpass
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from envdplan.ground import jsontext
from envdplan.ground.diagnostics import Conflict, EnvdplanError
from envdplan.ground.files_on_disk import Lock, explained, reason, telling


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
        lock = Lock.on(path)
    with lock:
        with telling(_no_locks):
            is_held = lock.wait(timeout)
        if not is_held:
            raise _busy(path, _read(lock), timeout)
        lock.sign(_note(operation))
        yield
        lock.sign(b"")


def holder(path: Path) -> Holder | None:
    """Who holds the lock `path`, by its note; None when nobody does."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise EnvdplanError("Cannot read the lock", f"{path}: {error.strerror}.") from error
    with Lock(descriptor) as lock, telling(_no_locks):
        return None if lock.take() else _read(lock)


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


def _busy(path: Path, found: Holder, timeout: float) -> Conflict:
    waited = f" and still was after {timeout:g} s" if timeout else ""
    return Conflict(
        "State is locked",
        f"{path} is held for {found}{waited}. Wait for it (--lock-timeout SECONDS). If that "
        f"process is surely gone, `envdplan force-unlock {found.id}`.",
    )


def _no_locks(error: OSError) -> EnvdplanError:
    detail = f"{reason(error)}. Keep the state on a file system that has locks."
    return EnvdplanError("File system has no locks", detail)


def _note(operation: str) -> bytes:
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = str(os.getuid())
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    note = Holder(str(uuid4()), operation, f"{user}@{socket.gethostname()}", os.getpid(), now)
    return json.dumps(asdict(note)).encode()


def _read(lock: Lock) -> Holder:
    try:
        found = jsontext.loads(lock.note())
        words = {name: _clean(str(found[name])) for name in ("id", "operation", "who", "created")}
        return Holder(**words, pid=int(found["pid"]))
    except (ValueError, KeyError, TypeError):
        return Holder("unknown", "an operation", "somebody", 0, "an unknown time")


def _clean(text: str) -> str:
    return "".join(char for char in text if char.isprintable())[:200]
