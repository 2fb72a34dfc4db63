"""Opens files below a folder, step by step and without ever following a link."""

import os
from collections import OrderedDict
from typing import Final, Self

_KEPT: Final = 64
_FOLDER: Final = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Folder:
    """A folder whose files are opened by relative paths; folders on the way are kept open."""

    def __init__(self, path: str) -> None:
        self._root = os.open(path, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        self._open: OrderedDict[str, int] = OrderedDict()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in (*self._open.values(), self._root):
            os.close(descriptor)
        self._open.clear()

    def open(self, path: str) -> int | None:
        """A descriptor to read the regular file `path`; None when there is none any more.

        A link that took the place of a file or folder meanwhile counts as none.
        """
        folder, _, name = path.rpartition("/")
        try:
            return os.open(name, _FILE, dir_fd=self._folder(folder))
        except OSError:
            return None

    def _folder(self, path: str) -> int:
        if not path:
            return self._root
        known = self._open.get(path)
        if known is not None:
            self._open.move_to_end(path)
            return known
        above, _, name = path.rpartition("/")
        descriptor = os.open(name, _FOLDER, dir_fd=self._folder(above))
        self._open[path] = descriptor
        if len(self._open) > _KEPT:
            os.close(self._open.popitem(last=False)[1])
        return descriptor
