"""Where results go on this machine: found before the builder is asked, and held until it has ended.

What a builder sends may hold links, and they stay on disk. So a place is opened step by step; below
the folder of the configuration no link is followed on the way to it, nor anywhere one that was not
there before the build: it may have come with another result.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final, Self

from envdplan.clients.buildkit.session.openfile import FOLDER, PATH_ONLY
from envdplan.ground.diagnostics import EnvdplanError, Refused

_ANY_FOLDER: Final = PATH_ONLY | os.O_DIRECTORY | os.O_CLOEXEC


class Destination:
    """A folder that results are written to, whether or not it is there already.

    `base` is the folder below which no link is followed. Raises Refused for a link on the way that
    must not be followed, and EnvdplanError for what is no folder. A context manager: it holds a
    descriptor.
    """

    def __init__(self, path: str, base: str | None = None) -> None:
        self.path = path
        self._held = os.open("/", _ANY_FOLDER)
        self._missing: list[str] = []
        self._base = _Base(base)
        try:
            self._find()
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of it."""
        os.close(self._held)

    def open(self) -> int:
        """A descriptor of the folder, which is made if it is missing; to be closed by the caller.

        Raises OSError, also where a link has come to stand on the way.
        """
        at = os.dup(self._held)
        try:
            for name in self._missing:
                with suppress(FileExistsError):
                    os.mkdir(name, dir_fd=at)
                at = _stepped(at, name, FOLDER)
        except BaseException:
            os.close(at)
            raise
        return at

    def _find(self) -> None:
        names = Path(os.path.normpath(self.path)).parts[1:]
        for index, name in enumerate(names):
            flags = FOLDER if self._base.reached(self._held) else _ANY_FOLDER
            try:
                self._held = _stepped(self._held, name, flags)
            except FileNotFoundError:
                self._missing = list(names[index:])
                return
            except OSError as error:
                raise self._refusal(names[: index + 1], error) from error

    def _refusal(self, names: tuple[str, ...], error: OSError) -> EnvdplanError:
        place = Path("/", *names)
        try:
            target = os.readlink(names[-1], dir_fd=self._held)
        except OSError:
            return EnvdplanError("Cannot write the result", f"{place}: {error.strerror}.")
        return Refused(
            "Output path contains a link",
            f"{place} is a link to {target}. On the way to {self.path} no link below "
            f"{self._base.path} is followed: a builder may have brought it with an earlier "
            "result. Remove the link, or use the folder that it leads to as dest.",
        )


class _Base:
    """Tells when the way has come to a folder."""

    def __init__(self, path: str | None) -> None:
        self.path = path
        self._wanted: tuple[int, int] | None = None
        if path is not None:
            with suppress(OSError):
                found = Path(path).stat()
                self._wanted = found.st_dev, found.st_ino
        self._reached = False

    def reached(self, descriptor: int) -> bool:
        """Whether `descriptor`, or a folder that was asked about before, is the one."""
        if not self._reached and self._wanted is not None:
            found = os.fstat(descriptor)
            self._reached = (found.st_dev, found.st_ino) == self._wanted
        return self._reached


def _stepped(at: int, name: str, flags: int) -> int:
    """The folder `name` in `at`, which is closed then."""
    below = os.open(name, flags, dir_fd=at)
    os.close(at)
    return below
