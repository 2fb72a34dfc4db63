"""Opens files and folders below a folder, step by step and without ever following a link.

Few folders are kept open, however many there are: a process has 256 descriptors on macOS.
"""

import os
from collections import OrderedDict
from typing import Final, Self

_KEPT: Final = 8
"""So many folders are open at most; who goes through a tree in order needs its last ones."""

PATH_ONLY: Final[int] = getattr(os, "O_PATH", os.O_RDONLY)
"""Opens a folder as a place alone, where the system knows of that (Linux)."""
FOLDER: Final = PATH_ONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
"""Flags that open a folder, and no link to one."""
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Folder:
    """A folder whose files are opened by relative paths; folders on the way are kept open.

    `path` may be a link, and may be a descriptor, which is closed with it.
    """

    def __init__(self, path: str | int) -> None:
        flags = PATH_ONLY | os.O_DIRECTORY | os.O_CLOEXEC
        self.root = path if isinstance(path, int) else os.open(path, flags)
        self._open: OrderedDict[str, int] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close everything."""
        for descriptor in (*self._open.values(), self.root):
            os.close(descriptor)
        self._open.clear()

    def open(self, path: str) -> int | None:
        """A descriptor to read the regular file `path`; None when there is none any more.

        A link that took the place of a file or folder meanwhile counts as none.
        """
        folder, _, name = path.rpartition("/")
        try:
            return os.open(name, _FILE, dir_fd=self.folder(folder))
        except OSError:
            return None

    def folder(self, path: str) -> int:
        """The folder `path` below the root; it stays open until the next call at least.

        Raises OSError where there is none, and for a link.
        """
        at = self._nearest(path)
        descriptor = self._open[at] if at else self.root
        while at != path:
            name = path[len(at) :].lstrip("/").partition("/")[0]
            at = f"{at}/{name}" if at else name
            descriptor = os.open(name, FOLDER, dir_fd=descriptor)
            self._keep(at, descriptor)
        return descriptor

    def _nearest(self, path: str) -> str:
        """The deepest folder on the way to `path` that is open; empty for the root."""
        while path and path not in self._open:
            path = path.rpartition("/")[0]
        if path:
            self._open.move_to_end(path)
        return path

    def _keep(self, path: str, descriptor: int) -> None:
        self._open[path] = descriptor
        if len(self._open) > _KEPT:
            os.close(self._open.popitem(last=False)[1])
