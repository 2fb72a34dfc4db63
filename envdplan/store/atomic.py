"""Files that are either wholly written or not at all."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from envdplan.diagnostics import EnvdplanError
from envdplan.leftovers import beside
from envdplan.reading import refuse_replacing


def write_atomically(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Put `data` in the place of the file `path`: through links, and keeping its mode.

    A reader sees the old file or the new one, also after a loss of power. Raises EnvdplanError;
    then the old file is as it was, and nothing else is left behind.
    """
    real = Path(os.path.realpath(path))
    temporary = beside(real)
    with explained(path, "write"):
        refuse_replacing(real)
        try:
            _write(temporary, data, _mode(real, mode))
            temporary.replace(real)
            sync_directory(real.parent)
        finally:
            temporary.unlink(missing_ok=True)


@contextmanager
def explained(path: Path, verb: str) -> Iterator[None]:
    """Turn errors of the system into EnvdplanErrors about `path`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        raise EnvdplanError(
            f"Cannot {verb} a file", f"{path}: {reason}. Nothing was changed there."
        ) from error


def sync_directory(path: Path) -> None:
    """Make renames in `path` last."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # some network file systems refuse; the rename is done
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _mode(path: Path, usual: int) -> int:
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except FileNotFoundError:
        return usual


def _write(path: Path, data: bytes, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
