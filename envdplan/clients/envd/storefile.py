"""Reading and replacing the store's file, so that readers see the old bytes or the new ones."""

import os
import stat
from collections.abc import Callable
from pathlib import Path

from envdplan.clients.envd.oserrors import translated
from envdplan.ground.diagnostics import CorruptFile
from envdplan.ground.files_on_disk import make_private, replace_file, write_new

_MAX_BYTES = 1 << 20
"""Far more than any store holds; keeps a wrong file from filling memory."""


def open_store(path: Path) -> int | None:
    """A descriptor to read the file `path`, or None when there is none.

    Raises CorruptFile when it is no regular file, and EnvdplanError when it cannot be opened.
    """
    with translated(path, "read"):
        try:
            # Without O_NONBLOCK a pipe of that name would keep us waiting.
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise CorruptFile(
            "envd's context store is not a file",
            f"{path} is a directory, a pipe or a device. Move it away and try again.",
        )
    return descriptor


def read_open(descriptor: int, path: Path) -> bytes:
    """All bytes of an open store. Raises CorruptFile when there are absurdly many."""
    with translated(path, "read"):
        data = os.pread(descriptor, _MAX_BYTES + 1, 0)
    if len(data) > _MAX_BYTES:
        raise CorruptFile(
            "envd's context store is too large",
            f"{path} has more than {_MAX_BYTES >> 20} MiB, which no list of contexts needs. "
            "Something else was written there: move it away and try again.",
        )
    return data


def read_store(path: Path) -> bytes | None:
    """The bytes of the file `path`, or None when there is none; errors as `open_store`."""
    descriptor = open_store(path)
    if descriptor is None:
        return None
    try:
        return read_open(descriptor, path)
    finally:
        os.close(descriptor)


def make_directories(path: Path) -> None:
    """Make the directory `path` and its parents as envd does, for their owner only."""
    with translated(path, "create the directory of"):
        make_private(path)


def replace_store(path: Path, data: bytes, *, unless: Callable[[], bool]) -> bool:
    """Put `data` in the place of the file `path`, all or nothing, keeping mode and owner.

    `unless` is asked at the last moment; when it says yes nothing is replaced, and the answer is
    False. Raises EnvdplanError when the disk is full or read-only, or access is denied.
    """
    with translated(path, "write"):
        return replace_file(path, data, like=path, unless=unless)


def copy_store(data: bytes, to: Path, *, like: Path) -> bool:
    """Write the new file `to` with the mode of `like`; False when there is one of that name."""
    with translated(to, "copy"):
        try:
            write_new(to, data, like=like)
        except FileExistsError:
            return False
    return True
