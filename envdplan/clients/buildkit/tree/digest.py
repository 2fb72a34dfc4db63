"""The files of a source as a list of typed entries: what a build's result depends on.

Content, links, empty folders and the right to execute count; times, owners and the other
permission bits do not: they differ from one checkout to the next.
"""

import os
import stat
from collections.abc import Collection, Iterable, Iterator
from hashlib import sha256
from typing import Final

from envdplan.clients.buildkit.tree.patterns import Patterns
from envdplan.clients.buildkit.tree.statcache import StatCache, clock
from envdplan.clients.buildkit.tree.walk import walk
from envdplan.ground.diagnostics import EnvdplanError

Entry = tuple[str, str, str]
"""Kind (file, link, dir or other), path, digest."""

_CHUNK: Final = 1024 * 1024
_DIGITS: Final = 40
_TRIES: Final = 3
_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def entries(
    root: str,
    excluded: Patterns,
    cache: StatCache | None = None,
    lazily: Collection[str] = (),
) -> Iterator[Entry]:
    """The entries below `root`, sorted as BuildKit walks. Raises EnvdplanError.

    Everything is read; `cache` saves that for files that have not changed. Folders of `lazily` do
    not count when they are empty.
    """
    waiting: str | None = None
    for path, found in walk(root, excluded, lazily=lazily):
        if waiting is not None and not path.startswith(waiting):
            yield "dir", waiting[:-1], "empty"
        waiting = None
        if stat.S_ISDIR(found.st_mode):
            waiting = f"{path}/"
        else:
            yield _entry(root, path, found, cache)
    if waiting is not None:
        yield "dir", waiting[:-1], "empty"


def listed(root: str, paths: Iterable[str], cache: StatCache | None = None) -> Iterator[Entry]:
    """The entries at `paths` below `root`, folders too; those that are gone are left out."""
    for path in paths:
        try:
            found = os.lstat(f"{root}/{path}")
        except OSError:
            continue
        if stat.S_ISDIR(found.st_mode):
            yield "dir", path, ""
        else:
            yield _entry(root, path, found, cache)


def _entry(root: str, path: str, found: os.stat_result, cache: StatCache | None) -> Entry:
    mode = found.st_mode
    if stat.S_ISREG(mode):
        executable = "x" if mode & stat.S_IXUSR else "-"
        return "file", path, executable + content_digest(root, path, found, cache)
    if stat.S_ISLNK(mode):
        return "link", path, _short(os.fsencode(_readlink(f"{root}/{path}")))
    return "other", path, f"{stat.S_IFMT(mode):o}:{found.st_rdev}"


def _readlink(path: str) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115  hot, and a string
    except OSError as error:
        raise _unreadable(path, error) from error


def content_digest(
    root: str, path: str, found: os.stat_result, cache: StatCache | None = None
) -> str:
    """The digest of the file `path` below `root`, of which lstat just said `found`.

    It is read unless `cache` knows it as it is now. Raises EnvdplanError.
    """
    if cache is not None and (known := cache.get(path, found)):
        return known
    now = clock()
    digest = _small(f"{root}/{path}", found) or file_digest(f"{root}/{path}")
    if cache is not None:
        cache.put(path, found, digest, now)
    return digest


def _small(path: str, found: os.stat_result) -> str | None:
    """The digest of a file that is read at once and is as it was just seen; None in all other
    cases. Most files are small, and there are many: each system call counts.
    """
    if found.st_size >= _CHUNK:
        return None
    try:
        descriptor = os.open(path, _FLAGS)
        try:
            data = os.read(descriptor, found.st_size + 1)  # a larger buffer costs its making
            after = os.fstat(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        return None
    if len(data) != found.st_size or after.st_mtime_ns != found.st_mtime_ns:
        return None
    return shortened(sha256(data).hexdigest())


def shortened(sha256_of_content: str) -> str:
    """The digest of a content as entries have it, from all hex digits of its SHA-256."""
    return sha256_of_content[:_DIGITS]


def file_digest(path: str) -> str:
    """The digest of a file's content, read in pieces. Raises EnvdplanError.

    A file that changes while it is read is read again.
    """
    for _ in range(_TRIES):
        try:
            descriptor = os.open(path, _FLAGS)
        except OSError as error:
            raise _unreadable(path, error) from error
        try:
            before = os.fstat(descriptor)
            digest, size = _read(descriptor)
            after = os.fstat(descriptor)
        except OSError as error:
            raise _unreadable(path, error) from error
        finally:
            os.close(descriptor)
        if size == after.st_size and before.st_mtime_ns == after.st_mtime_ns:
            return digest
    raise EnvdplanError(
        "Source file keeps changing",
        f"{path} changed during each of {_TRIES} attempts to read it. Stop what writes it, or "
        "leave it out by .dockerignore.",
    )


def _read(descriptor: int) -> tuple[str, int]:
    data = os.read(descriptor, _CHUNK)
    digest = sha256(data)  # four times as fast as BLAKE2 where the processor knows it
    size = len(data)
    while len(data) == _CHUNK:
        data = os.read(descriptor, _CHUNK)
        digest.update(data)
        size += len(data)
    return shortened(digest.hexdigest()), size


def _short(data: bytes) -> str:
    return shortened(sha256(data).hexdigest())


def _unreadable(path: str, error: OSError) -> EnvdplanError:
    return EnvdplanError(
        "Cannot read the source",
        f"{path}: {error.strerror or error}. Make it readable, or leave it out by .dockerignore.",
    )
