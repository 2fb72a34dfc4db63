"""Temporary files and folders: ours alone, and swept when the run that made them was killed."""

import fcntl
import os
import re
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PREFIX: Final = "envdplan-run-"
_NAME: Final = re.compile(PREFIX + r"[a-z0-9_]{8}")
OLD: Final = 3600.0
"""Seconds; a file beside its place lives for as long as it takes to write it. A result that a
builder sends is written to again and again."""
_swept: set[str] = set()


def beside(place: Path) -> Path:
    """A name for what is to replace the file `place`; what killed runs left there goes."""
    mark = str(place)
    if mark not in _swept:
        _swept.add(mark)
        sweep(place.parent, leftover(place.name))
    return place.with_name(f".{place.name}.{os.urandom(6).hex()}.tmp")


def leftover(name: str) -> str:
    """The pattern of what killed runs left beside a file called `name`."""
    return rf"\.{re.escape(name)}\.[0-9a-f]{{12}}\.tmp"


def sweep(folder: Path | int, pattern: str, age: float = OLD) -> None:
    """Remove files of this user that are called as `pattern` says, and are old. Raises nothing.

    `folder` is a path or an open descriptor.
    """
    named = re.compile(pattern)
    with suppress(OSError):
        for entry in os.scandir(folder):
            if named.fullmatch(entry.name):
                with suppress(OSError):
                    found = entry.stat(follow_symlinks=False)
                    old = time.time() - found.st_mtime > age
                    if old and found.st_uid == os.getuid() and stat.S_ISREG(found.st_mode):
                        at = folder if isinstance(folder, int) else None
                        os.unlink(entry.path, dir_fd=at)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder for this user only, which goes with the block. Raises OSError.

    A lock of the kernel's says that its owner lives; folders without one go at the first call.
    """
    base = Path(tempfile.gettempdir())
    if str(base) not in _swept:
        _swept.add(str(base))
        _sweep_folders(base)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))  # mode 0700
    held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(held)
        shutil.rmtree(folder, ignore_errors=True)


def _sweep_folders(base: Path) -> None:
    with suppress(OSError):
        for entry in os.scandir(base):
            if _NAME.fullmatch(entry.name):
                with suppress(OSError):
                    _sweep_folder(entry)


def _sweep_folder(entry: "os.DirEntry[str]") -> None:
    """Remove a folder of ours whose owner has gone; others in a shared folder cannot trick us
    into another place: what is held is what was looked at.
    """
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    held = os.open(entry.path, flags)
    try:
        found = os.fstat(held)
        young = time.time() - found.st_mtime < OLD  # it may not be locked yet, or be another's
        private = found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) == stat.S_IRWXU
        if young or not private:
            return
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises where its owner lives
        shutil.rmtree(entry.path, ignore_errors=True)
    finally:
        os.close(held)
