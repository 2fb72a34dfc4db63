"""Files of ours on the disk: written as a whole, locked, kept in one cache, and swept when killed
runs left them. All of envdplan writes, locks and caches by this module.
"""

import fcntl
import os
import re
import stat
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.reading import refuse_replacing

NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
"""Flags of a file that must not be there yet, not even as a link."""
FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
"""Flags to hold a folder."""

PREFIX: Final = "envdplan-run-"
_RUN: Final = re.compile(PREFIX + r"[a-z0-9_]{8}")
OLD: Final = 3600.0
"""Seconds; a file beside its place lives for as long as it takes to write it. A result that a
builder sends is written to again and again."""
_LONGEST: Final = 200
"""Bytes of a name that a draft has too: file systems allow 255, and the draft's has 18 more."""
_PAUSE: Final = 0.05
"""Seconds between two looks at a lock that another holds."""
_NOTE_BYTES: Final = 4096
_swept: set[str] = set()


# -- errors


def reason(error: OSError) -> str:
    """Why the system refused, in its words."""
    return error.strerror or str(error)


@contextmanager
def telling(told: Callable[[OSError], EnvdplanError]) -> Iterator[None]:
    """Turn errors of the system into the EnvdplanErrors that `told` makes of them."""
    try:
        yield
    except OSError as error:
        raise told(error) from error


@contextmanager
def explained(path: Path, verb: str) -> Iterator[None]:
    """Turn errors of the system into EnvdplanErrors about `path`, a file of envdplan's own."""

    def told(error: OSError) -> EnvdplanError:
        detail = f"{path}: {reason(error)}. Nothing was changed there."
        return EnvdplanError(f"Cannot {verb} a file", detail)

    with telling(told):
        yield


# -- writing


@dataclass(frozen=True, slots=True)
class Draft:
    """A file that is not in its place yet: written to by its descriptor, then put there."""

    descriptor: int
    name: str
    _temporary: str
    _folder: int

    def take_place(self, *, durable: bool = True) -> None:
        """Replace what has the name, unless it is a device or FIFO (OSError).

        With `durable` it is there after a loss of power too.
        """
        if durable:
            os.fsync(self.descriptor)
        refuse_replacing(self.name, self._folder)
        os.rename(self._temporary, self.name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
        if durable:
            with suppress(OSError):  # some network file systems refuse; the rename is done
                os.fsync(self._folder)


@contextmanager
def draft(folder: int, name: str, mode: int = 0o666) -> Iterator[Draft]:
    """A new file of `mode` (less the umask) that is to be `name` in the open `folder`.

    Unless it took its place it goes with the block. Raises OSError.
    """
    temporary = draft_name(name)
    descriptor = os.open(temporary, NEW, mode, dir_fd=folder)
    try:
        yield Draft(descriptor, name, temporary, folder)
    finally:
        os.close(descriptor)
        with suppress(OSError):
            os.unlink(temporary, dir_fd=folder)


def replace_file(
    path: Path,
    data: bytes,
    *,
    mode: int | None = None,
    like: Path | None = None,
    durable: bool = True,
    unless: Callable[[], bool] = lambda: False,
) -> bool:
    """Put `data` in the place of the file `path`: through links, keeping its mode.

    A reader sees the old file or the new one; with `durable` also after a loss of power. A new
    file has `mode`, else what the umask leaves; mode and owner of `like` come before. `unless` is
    asked at the last moment: if it says yes, nothing is replaced and the answer is False. Raises
    OSError, also for a device or FIFO; then the old file is as it was, and nothing is left behind.
    """
    real = Path(os.path.realpath(path))
    refuse_replacing(real)
    sweep_drafts(real)
    with _held_folder(real.parent) as folder, draft(folder, real.name, mode or 0o666) as made:
        if mode is not None:
            os.fchmod(made.descriptor, mode)
        _take_after(like or real, made.descriptor, owner=like is not None)
        write_all(made.descriptor, data)
        if unless():
            return False
        made.take_place(durable=durable)
    return True


def write_atomically(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """As replace_file, for a file that its user alone reads unless it has a mode already.

    Raises EnvdplanError.
    """
    with explained(path, "write"):
        replace_file(path, data, mode=mode)


def write_new(path: Path, data: bytes, *, mode: int = 0o666, like: Path | None = None) -> None:
    """Write a file that must not be there yet (else FileExistsError), all or nothing.

    It has `mode` (less the umask), or mode and owner of `like`. Raises OSError.
    """
    descriptor = os.open(path, NEW, mode)
    try:
        if like is not None:
            _take_after(like, descriptor, owner=True)
        write_all(descriptor, data)
        os.fsync(descriptor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    finally:
        os.close(descriptor)
    with _held_folder(path.parent) as folder, suppress(OSError):
        os.fsync(folder)


def write_all(descriptor: int, data: bytes | memoryview) -> None:
    """Write all of `data`, however much the system takes at once. Raises OSError."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _take_after(model: Path, descriptor: int, *, owner: bool) -> None:
    """Mode and, if asked for, owner of a file that may not be there."""
    try:
        found = model.stat()
    except FileNotFoundError:
        return
    own = os.fstat(descriptor)
    if owner and (own.st_uid, own.st_gid) != (found.st_uid, found.st_gid):
        # Only root may give a file away; the user's own file in the user's directory is as good.
        with suppress(PermissionError):
            os.fchown(descriptor, found.st_uid, found.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(found.st_mode))


@contextmanager
def _held_folder(path: Path) -> Iterator[int]:
    held = os.open(path, FOLDER)
    try:
        yield held
    finally:
        os.close(held)


# -- what killed runs left


def draft_name(name: str) -> str:
    """A new name beside `name` for what is to replace it; `leftover` knows it."""
    return f".{_shortened(name)}.{os.urandom(6).hex()}.tmp"


def leftover(name: str) -> str:
    """The pattern of what killed runs left beside a file called `name`."""
    return rf"\.{re.escape(_shortened(name))}\.[0-9a-f]{{12}}\.tmp"


def _shortened(name: str) -> str:
    data = os.fsencode(name)
    return name if len(data) <= _LONGEST else data[:_LONGEST].decode("utf-8", "ignore")


def sweep_drafts(place: Path) -> None:
    """What killed runs left beside the file `place` goes: once a run, it does not become more."""
    mark = str(place)
    if mark not in _swept:
        _swept.add(mark)
        sweep(place.parent, leftover(place.name))


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
    import shutil
    import tempfile

    base = Path(tempfile.gettempdir())
    if str(base) not in _swept:
        _swept.add(str(base))
        _sweep_folders(base)
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))  # mode 0700
    try:
        with Lock(os.open(folder, FOLDER)) as lock:
            lock.wait(None)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep_folders(base: Path) -> None:
    with suppress(OSError):
        for entry in os.scandir(base):
            if _RUN.fullmatch(entry.name):
                with suppress(OSError):
                    _sweep_folder(entry)


def _sweep_folder(entry: "os.DirEntry[str]") -> None:
    """Remove a folder of ours whose owner has gone; others in a shared folder cannot trick us
    into another place: what is held is what was looked at.
    """
    import shutil

    with Lock(os.open(entry.path, FOLDER | os.O_NOFOLLOW)) as lock:
        found = os.fstat(lock.descriptor)
        young = time.time() - found.st_mtime < OLD  # it may not be locked yet, or be another's
        private = found.st_uid == os.getuid() and stat.S_IMODE(found.st_mode) == stat.S_IRWXU
        if not young and private and lock.take():
            shutil.rmtree(entry.path, ignore_errors=True)


# -- locks


class Lock:
    """An exclusive lock between processes and threads, on an open file or folder.

    It is the kernel's (flock), so a dead process holds nothing. The file stays: removing it would
    let two processes lock two files of one name. Closed at the end of the block.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    @classmethod
    def on(cls, path: Path, mode: int = 0o600) -> Self:
        """The lock of the file `path`, made if it is missing, and not held yet. Raises OSError."""
        flags = os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            return cls(os.open(path, flags | os.O_RDWR, mode))
        except PermissionError:  # enough to lock another user's file
            return cls(os.open(path, flags | os.O_RDONLY, mode))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)

    def take(self) -> bool:
        """Hold it, unless another does. Raises OSError where the file system has no locks."""
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def wait(self, timeout: float | None) -> bool:
        """Hold it, waiting up to `timeout` seconds (None: for ever). Raises as `take`."""
        if timeout is None:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX)
            return True
        until = time.monotonic() + timeout
        while not self.take():
            if time.monotonic() >= until:
                return False
            time.sleep(_PAUSE)
        return True

    def sign(self, note: bytes) -> None:
        """Leave word of who holds it. A full disk or another user's file takes none: it holds."""
        with suppress(OSError):
            os.ftruncate(self.descriptor, 0)
            os.pwrite(self.descriptor, note, 0)

    def note(self) -> bytes:
        """What its holder wrote, or the one before. Raises OSError."""
        return os.pread(self.descriptor, _NOTE_BYTES, 0)


# -- the cache


def cache_folder(environment: Mapping[str, str]) -> Path | None:
    """Where envdplan keeps what it can make again; None for a user without a home.

    XDG_CACHE_HOME counts where it is absolute, as the XDG specification says; else ~/.cache.
    """
    home = environment.get("HOME")
    for base in (environment.get("XDG_CACHE_HOME"), home and f"{home}/.cache"):
        if base and Path(base).is_absolute():
            return Path(base, "envdplan")
    return None


def make_ignored(folder: Path) -> None:
    """Make a folder of ours in a project, for this user only, which git is told to ignore.

    Raises OSError.
    """
    if not folder.is_dir():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(OSError):
            (folder / ".gitignore").write_text("*\n")


def make_private(folder: Path) -> None:
    """Make a folder of ours, and what is missing above it, for this user only. Raises OSError."""
    for missing in reversed([one for one in (folder, *folder.parents) if not one.exists()]):
        with suppress(FileExistsError):  # another process was faster
            missing.mkdir(mode=0o700)
