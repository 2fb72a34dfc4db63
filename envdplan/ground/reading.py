"""Reads files that users name: whatever they are, it ends, and says why it did not work."""

import errno
import os
import stat
from pathlib import Path
from typing import Final

LARGEST: Final = 256 * 1024 * 1024
"""Bytes; no state, plan or configuration of Docker's comes near."""
_PIECE: Final = 1024 * 1024
_KINDS: Final = (
    (stat.S_ISDIR, "it is a directory"),
    (stat.S_ISFIFO, "it is a FIFO and no file"),
    (stat.S_ISSOCK, "it is a socket and no file"),
    (stat.S_ISCHR, "it is a device and no file"),
    (stat.S_ISBLK, "it is a device and no file"),
)


def read_regular(path: str | Path, most: int = LARGEST) -> bytes:
    """The content of a file of at most `most` bytes. Raises OSError, also for all that is no file:
    a FIFO would be waited for, and some devices have no end.
    """
    descriptor = _open(path)
    try:
        _refuse_other_kinds(os.fstat(descriptor).st_mode, path)
        return _content(descriptor, path, most)
    finally:
        os.close(descriptor)


def read_named(path: str | Path, most: int = LARGEST) -> bytes:
    """As read_regular, but for what a shell makes of `<(command)` as well: a FIFO with a writer."""
    descriptor = _open(path)
    try:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(errno.EISDIR, "it is a directory", str(path))
        first = _first(descriptor)
        if first == b"" and stat.S_ISFIFO(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is a FIFO into which nobody writes", str(path))
        os.set_blocking(descriptor, True)
        return (first or b"") + _content(descriptor, path, most) if first != b"" else b""
    finally:
        os.close(descriptor)


def refuse_replacing(path: str | bytes | Path, folder: int | None = None) -> None:
    """Raises OSError when `path` is something that is no file: a file in the place of a device,
    which its owner may put there, would break what uses the device.

    With the descriptor of its folder a link counts as itself: it gives way, and leads nowhere.
    """
    try:
        mode = os.stat(path, dir_fd=folder, follow_symlinks=folder is None).st_mode
    except FileNotFoundError:
        return
    _refuse_other_kinds(mode, os.fsdecode(path))


def is_file(path: str | Path) -> bool:
    """Whether it is a file; a name that cannot be, such as a very long one, names none."""
    return os.path.isfile(path)  # noqa: PTH113  Path.is_file raises for a long name


def is_dir(path: str | Path) -> bool:
    """Whether it is a folder; see is_file."""
    return os.path.isdir(path)  # noqa: PTH112  Path.is_dir raises for a long name


def exists(path: str | Path) -> bool:
    """Whether there is something; see is_file."""
    return os.path.exists(path)  # noqa: PTH110  Path.exists raises for a long name


def _refuse_other_kinds(mode: int, path: str | Path) -> None:
    for is_kind, why in _KINDS:
        if is_kind(mode):
            raise OSError(errno.EINVAL, why, str(path))


def _open(path: str | Path) -> int:
    """Never waits, as a FIFO without a writer else would."""
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except ValueError:
        raise OSError(errno.EINVAL, "its name holds a NUL character", str(path)) from None


def _first(descriptor: int) -> bytes | None:
    """What can be read at once; None when whoever writes has not written yet."""
    try:
        return os.read(descriptor, _PIECE)
    except BlockingIOError:
        return None


def _content(descriptor: int, path: str | Path, most: int) -> bytes:
    pieces = bytearray()
    while piece := os.read(descriptor, _PIECE):
        pieces += piece
        if len(pieces) > most:
            raise OSError(errno.EFBIG, f"it has more than {most} bytes", str(path))
    return bytes(pieces)
