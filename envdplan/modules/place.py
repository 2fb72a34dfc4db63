"""Puts files and folders in their places as a whole: at each moment the old one, or the new."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.files_on_disk import Lock, make_ignored, reason, replace_file, telling

TEMPORARY: Final = ".tmp-"
"""How names begin of what is not in its place yet."""

LOCK: Final = "lock"
"""The file that whoever installs holds."""


def folder_of_ours(path: Path) -> None:
    """Make the folder `path` in .envdplan, which git is told to ignore. Raises EnvdplanError."""
    with explained(path, "create"):
        make_ignored(path.parent)
        path.mkdir(exist_ok=True)


@contextmanager
def room(folder: Path) -> Iterator[Path]:
    """An empty folder to work in, beside what will be put in place; it is removed at the end."""
    with explained(folder, "write into"):
        made = Path(mkdtemp(prefix=TEMPORARY, dir=folder))
    try:
        yield made
    finally:
        remove(made)


def put_folder(made: Path, place: Path) -> None:
    """Move the folder `made` to `place`; what was there goes. Raises EnvdplanError."""
    with explained(place, "write"):
        made.chmod(0o755)
        if place.exists() or place.is_symlink():
            remove(place)
        made.rename(place)


def put_file(place: Path, data: bytes) -> None:
    """Write the file `place`, through a link too. Raises EnvdplanError; then nothing changed."""
    with explained(place, "write"):
        replace_file(place, data)


def remove(path: Path) -> None:
    """Remove a folder or file; what cannot be removed stays, and is tried again next time."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink(missing_ok=True)


@contextmanager
def explained(path: Path, verb: str) -> Iterator[None]:
    """Turn errors of the system into EnvdplanErrors about `path`."""

    def told(error: OSError) -> EnvdplanError:
        return EnvdplanError(f"Cannot {verb} a module's files", f"{path}: {reason(error)}.")

    with telling(told):
        yield


@contextmanager
def alone(folder: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold `folder` against other runs; `waiting` is told when one holds it already."""
    path = folder / LOCK
    with explained(path, "lock"):
        lock = Lock.on(path)
    with lock:
        with explained(path, "lock"):
            if not lock.take():
                waiting()
                lock.wait(None)
        yield
