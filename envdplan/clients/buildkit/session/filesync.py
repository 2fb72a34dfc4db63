"""Sends folders of this machine to the builder: moby.filesync.v1.FileSync, fsutil's protocol.

The builder gets a list of all files and asks for those that it does not have. It names folders
and patterns, nothing else: what is not below a declared folder cannot be named, no link is
followed out of it, and the state of envdplan itself is sent from none.
"""

import os
import queue
import stat
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field
from hashlib import blake2b, sha256
from typing import Final, TypeAlias

from envdplan.clients.buildkit.request import LocalDirectory
from envdplan.clients.buildkit.session.fsutil import (
    END_OF_STATS,
    ERR,
    FIN,
    FIN_PACKET,
    REQ,
    BadPacket,
    Stat,
    data_packet,
    decode_packet,
    error_packet,
    file_packet,
    go_mode,
    stat_packet,
    telling_time,
)
from envdplan.clients.buildkit.session.openfile import Folder
from envdplan.clients.buildkit.session.services import Abort, Services, Stream
from envdplan.clients.buildkit.tree.digest import content_digest, shortened
from envdplan.clients.buildkit.tree.ignore import HIDDEN, folders_above, literal
from envdplan.clients.buildkit.tree.patterns import compiled
from envdplan.clients.buildkit.tree.selection import selection
from envdplan.clients.buildkit.tree.walk import walk
from envdplan.ground.diagnostics import Conflict, EnvdplanError

OnSent = Callable[[str, int], None]
"""Is told the name of a folder and a number of bytes, for progress."""

Content: TypeAlias = Callable[[LocalDirectory, str, os.stat_result], str | None]
"""The digest (files.digest) of the content of a file in a folder: its path, and what lstat says.
None for a file that is not to be sent."""


def as_they_are(directory: LocalDirectory, path: str, found: os.stat_result) -> str:
    """Reads every file."""
    return content_digest(directory.path or "", path, found)


_INVALID_ARGUMENT: Final = 3
_NOT_FOUND: Final = 5
_UNAVAILABLE: Final = 14
_STATS_AT_ONCE: Final = 512
_FILES_AT_ONCE: Final = 64
_PIECE: Final = 256 * 1024
_FIRST: Final = 16 * 1024
_MOST_PATTERNS: Final = 10_000


def file_sync(
    directories: Iterable[LocalDirectory],
    on_sent: OnSent = lambda *_: None,
    *,
    refused: Callable[[str], None] = lambda _: None,
    content: Content = as_they_are,
) -> Services:
    """The FileSync service for `directories`; `refused` hears what else was asked for.

    `content` saves reading files whose digests are known; what it raises ends the build.
    """
    by_name = {one.name: one for one in directories}

    def diff_copy(stream: Stream) -> None:
        name = _one(stream, "dir-name")
        directory = by_name.get(name)
        if directory is None:
            refused(name)
            raise Abort(_NOT_FOUND, f"no folder {name!r} is declared for this build")
        _Transfer(directory, _asked(stream, directory, refused), stream, on_sent, content).run()

    return {"/moby.filesync.v1.FileSync/DiffCopy": diff_copy}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What of a folder the builder wants."""

    includes: tuple[str, ...]
    excludes: tuple[str, ...]
    follow: tuple[str, ...]


def _one(stream: Stream, key: str) -> str:
    return next(iter(stream.values(key)), "")


def _asked(stream: Stream, directory: LocalDirectory, refused: Callable[[str], None]) -> _Asked:
    found = _Asked(
        stream.values("include-patterns"),
        stream.values("exclude-patterns"),
        stream.values("followpaths"),
    )
    for pattern in (*found.includes, *found.follow):
        if ".." in pattern.split("/"):
            refused(f"{directory.name}: {pattern}")
            raise Abort(_INVALID_ARGUMENT, f"{pattern!r} leads out of the folder")
    if sum(map(len, (found.includes, found.excludes, found.follow))) > _MOST_PATTERNS:
        raise Abort(_INVALID_ARGUMENT, f"more than {_MOST_PATTERNS} patterns")
    return found


@dataclass(slots=True)
class _Transfer:
    """One call: a thread sends, this one hears what is asked for."""

    directory: LocalDirectory
    asked: _Asked
    stream: Stream
    on_sent: OnSent
    content: Content
    _paths: list[str | bytes] = field(default_factory=list)
    """By id: a path on disk, or the content of an overlay."""
    _digests: dict[int, str] = field(default_factory=dict)
    """By id: what the content of a file on disk has to be."""
    _requests: "queue.SimpleQueue[int | None]" = field(default_factory=queue.SimpleQueue)
    _failure: Exception | None = None
    _first: dict[tuple[int, int], bytes] = field(default_factory=dict)

    def run(self) -> None:
        sender = threading.Thread(target=self._send, name=f"send {self.directory.name}")
        sender.start()
        try:
            self._listen()
        finally:
            self._requests.put(None)
            sender.join()
        if self._failure is not None:
            raise self._failure
        self.stream.send([FIN_PACKET])

    # -- what the builder says

    def _listen(self) -> None:
        while (message := self.stream.receive()) is not None:
            try:
                packet = decode_packet(message)
            except BadPacket as error:
                raise Abort(_INVALID_ARGUMENT, f"a packet cannot be read: {error}") from None
            if packet.type == REQ:
                self._requests.put(packet.id)
            elif packet.type == FIN:
                return
            elif packet.type == ERR:
                said = packet.data.decode("utf-8", "replace")[:500]
                raise Abort(_UNAVAILABLE, f"the builder gave up: {said}")
            if self._failure is not None:
                return

    # -- what we say

    def _send(self) -> None:
        try:
            path = self.directory.path
            with nullcontext() if path is None else Folder(path) as folder:
                self._send_all(folder)
        except Exception as error:  # noqa: BLE001  raised again in the thread that serves the call
            self._failure = error
            if not isinstance(error, Abort):
                self._tell(error)

    def _tell(self, error: Exception) -> None:
        """The builder waits for us; it hears that nothing more comes."""
        summary = error.summary if isinstance(error, EnvdplanError) else type(error).__name__
        with suppress(Abort):
            self.stream.send([error_packet(summary)])

    def _send_all(self, folder: Folder | None) -> None:
        batch: list[bytes] = []
        for packet in self._stats():
            batch.append(packet)
            if len(batch) >= _STATS_AT_ONCE:
                self._flush(batch)
                self._serve(folder, wait=False)
        batch.append(END_OF_STATS)
        self._flush(batch)
        self._serve(folder, wait=True)

    def _flush(self, batch: list[bytes]) -> None:
        self.stream.send(batch)
        self.on_sent(self.directory.name, sum(map(len, batch)))
        batch.clear()

    def _serve(self, folder: Folder | None, *, wait: bool) -> None:
        """Send what was asked for; with `wait` until the call ends."""
        batch: list[bytes] = []
        size = count = 0
        while True:
            if wait and self._requests.empty() and batch:
                self._flush(batch)
                size = count = 0
            if not wait and (self._requests.empty() or count >= _FILES_AT_ONCE):
                break
            id = self._requests.get()
            if id is None:
                self._requests.put(None)
                break
            count += 1
            for packet in self._content(folder, id):
                batch.append(packet)
                size += len(packet)
                if size >= _PIECE:
                    self._flush(batch)
                    size = 0
        if batch:
            self._flush(batch)

    def _content(self, folder: Folder | None, id: int) -> Iterator[bytes]:
        if not 0 <= id < len(self._paths):
            raise Abort(_INVALID_ARGUMENT, f"there is no file {id}")
        path = self._paths[id]
        if isinstance(path, bytes):
            yield data_packet(id, path)
        elif path and folder is not None:
            yield from self._file(folder, id, path)
        yield data_packet(id, b"")

    def _file(self, folder: Folder, id: int, path: str) -> Iterator[bytes]:
        """All of a file; what it is must be what the list of files told of it."""
        descriptor = folder.open(path)
        if descriptor is None:
            raise self._changed(path)
        digest = sha256()
        try:
            size = _FIRST  # most files are small, and a large buffer costs its making
            while data := os.read(descriptor, size):
                digest.update(data)
                yield data_packet(id, data)
                if len(data) < size:
                    break
                size = _PIECE
        except OSError as error:
            full = f"{self.directory.path}/{path}"
            detail = f"{full}: {error.strerror}."
            raise EnvdplanError("Cannot read the source", detail) from error
        finally:
            os.close(descriptor)
        if shortened(digest.hexdigest()) != self._digests[id]:
            raise self._changed(path)

    def _changed(self, path: str) -> Conflict:
        return Conflict(
            "Source file changed while it was sent",
            f"{self.directory.path}/{path} changed after the build began. The build was "
            "stopped: its image would not be the planned one. Stop what writes the file, or "
            "leave it out by .dockerignore, and apply again.",
        )

    # -- the list of files

    def _stats(self) -> Iterator[bytes]:
        overlay, hidden = self._overlay(), self.directory.overlay
        for path, found in self._walk():
            while overlay and overlay[0][0] <= os.fsencode(path):
                yield self._overlaid(*overlay.pop(0))
            if hidden and path in hidden:
                continue
            time = self._time(path, found)
            if time is None:
                continue
            link, xattrs = self._extras(path, found)
            packet = file_packet(path, found, time, link, xattrs)
            self._paths.append("" if link or not stat.S_ISREG(found.st_mode) else path)
            yield packet
        for name, content in overlay:
            yield self._overlaid(name, content)

    def _time(self, path: str, found: os.stat_result) -> int | None:
        """The time that tells a file's content from others of its size; also of further names
        (hard links), which the builder else leaves with the old content. None if it is not sent.
        """
        if not stat.S_ISREG(found.st_mode):
            return found.st_mtime_ns
        digest = self.content(self.directory, path, found)
        if digest is None:
            return None
        self._digests[len(self._paths)] = digest
        return telling_time(found.st_mtime_ns, digest)

    def _walk(self) -> Iterator[tuple[str, os.stat_result]]:
        root = self.directory.path
        if root is None:
            return iter(())
        results = self.directory.results
        excluded = compiled((*self.asked.excludes, *literal(results), *HIDDEN))
        lazily = folders_above(results)
        if not self.asked.includes and not self.asked.follow:
            return walk(root, excluded, lazily=lazily)
        included, enter = selection(root, self.asked.includes, self.asked.follow)
        return walk(root, excluded, included, enter, lazily)

    def _overlay(self) -> list[tuple[bytes, bytes]]:
        """Files that exist for this build only, if they are asked for."""
        included: Callable[[str], bool] | None = None
        if self.asked.includes or self.asked.follow:
            included = compiled((*self.asked.includes, *self.asked.follow)).matches
        return sorted(
            (os.fsencode(name), content)
            for name, content in self.directory.overlay.items()
            if included is None or included(name)
        )

    def _overlaid(self, name: bytes, content: bytes) -> bytes:
        self._paths.append(content)
        # the builder takes equal size and time for equal content: the time has to tell them apart
        time = int.from_bytes(blake2b(content, digest_size=6).digest(), "big")
        return stat_packet(Stat(name, go_mode(stat.S_IFREG | 0o644), len(content), time))

    def _extras(
        self, path: str, found: os.stat_result
    ) -> tuple[bytes, tuple[tuple[bytes, bytes], ...]]:
        """The target of a link (the first name of a hard-linked file), and extended attributes."""
        full = f"{self.directory.path}/{path}"
        if stat.S_ISLNK(found.st_mode):
            return os.fsencode(_readlink(full)), ()
        if found.st_nlink > 1 and stat.S_ISREG(found.st_mode):
            first = self._first.setdefault((found.st_dev, found.st_ino), os.fsencode(path))
            if first != os.fsencode(path):
                return first, ()
        return b"", _xattrs(full)


def _readlink(path: str) -> str:
    try:
        return os.readlink(path)  # noqa: PTH115  hot, and a string
    except OSError as error:
        raise EnvdplanError("Cannot read the source", f"{path}: {error.strerror}.") from error


def _xattrs(path: str) -> tuple[tuple[bytes, bytes], ...]:
    try:
        names = os.listxattr(path, follow_symlinks=False)
    except (OSError, AttributeError):  # Python knows them on Linux only
        return ()
    if not names:
        return ()
    found: list[tuple[bytes, bytes]] = []
    for name in sorted(names):
        if not name.startswith("com.apple."):  # macOS's own; fsutil leaves them out too
            try:
                found.append((os.fsencode(name), os.getxattr(path, name, follow_symlinks=False)))
            except OSError:
                continue
    return tuple(found)
