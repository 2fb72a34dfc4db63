"""Receives a tree of files (fsutil's protocol) into a folder, trusting nothing of it.

Every path is taken apart and opened step by step below the folder, never through a link; a link
is written, not followed; devices, set-id bits and owners do not come through. However many folders
and files there are, few of them are open at a time.
"""

import os
import stat
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from envdplan.clients.buildkit.session.fsutil import (
    DATA,
    ERR,
    FIN,
    FIN_PACKET,
    STAT,
    Packet,
    Stat,
    decode_packet,
    request_packet,
)
from envdplan.clients.buildkit.session.openfile import Folder
from envdplan.clients.buildkit.session.services import Abort, Stream
from envdplan.clients.buildkit.tree.ignore import OWN
from envdplan.ground.files_on_disk import NEW, draft_name, write_all
from envdplan.ground.reading import refuse_replacing

_DIR: Final = 1 << 31
_LINK: Final = 1 << 27
_SPECIAL: Final = (1 << 26) | (1 << 25) | (1 << 24) | (1 << 21)
"""Go's bits of devices, pipes and sockets."""

_UNAVAILABLE: Final = 14
_AT_ONCE: Final = 32
"""So many files are asked for at the same time. Builders send about four of them at once, and only
what comes is open."""

_MOST_ENTRIES: Final = 10_000_000
_LONGEST_PATH: Final = 4096


class Unsafe(Exception):
    """The builder sent what must not be written."""


def receive(root: str | int, stream: Stream) -> list[str]:
    """Write all that `stream` brings below `root`; the paths of it, relative to `root`.

    Raises Unsafe, BadPacket, Abort and OSError.


    `root` is a path, or a descriptor of the folder, which is closed then. Files that are there
    already are replaced one by one, others stay: as with buildx.
    """
    receiver = _Receiver(Folder(root), stream)
    try:
        receiver.run()
    finally:
        receiver.close()
    return [os.fsdecode(path) for path in receiver.paths]


@dataclass(slots=True)
class _File:
    """A file that is on its way."""

    stat: Stat
    folder: str
    name: bytes
    temporary: bytes
    descriptor: int | None = None
    """None until the first of its content comes."""
    written: int = 0


@dataclass(slots=True)
class _Receiver:
    root: Folder
    stream: Stream
    paths: list[bytes] = field(default_factory=list)
    """All that came, in its order."""
    _folders: set[bytes] = field(default_factory=set)
    """Folders of this stream, by path."""
    _names: set[bytes] = field(default_factory=set)
    """Regular files of this stream, which hard links may mean."""
    _count: int = 0
    _listed: bool = False
    _waiting: deque[tuple[int, Stat]] = field(default_factory=deque)
    _running: dict[int, _File] = field(default_factory=dict)
    _links: list[Stat] = field(default_factory=list)
    _finished: bool = False

    def run(self) -> None:
        """Until both sides have said that all is done."""
        while (message := self._received()) is not None:
            packet = decode_packet(message)
            if packet.type == FIN:
                break
            if packet.type == ERR:
                said = packet.data.decode("utf-8", "replace")[:500]
                raise Abort(_UNAVAILABLE, f"the builder gave up: {said}")
            self._take(packet)
            self._ask()
            self._finish()
        if not self._finished:
            raise Abort(_UNAVAILABLE, "the builder ended before all files were there")

    def _received(self) -> bytes | None:
        """The next message. When all is in its place, the builder may leave without a word."""
        try:
            return self.stream.receive()
        except Abort:
            if self._finished:
                return None
            raise

    def close(self) -> None:
        """Remove what is half done, and close everything."""
        for one in self._running.values():
            if one.descriptor is not None:
                os.close(one.descriptor)
                self._remove(one)
        self.root.close()

    def _remove(self, one: _File) -> None:
        with suppress(OSError):
            os.unlink(one.temporary, dir_fd=self.root.folder(one.folder))

    # -- packets

    def _take(self, packet: Packet) -> None:
        if packet.type == STAT:
            if self._listed:
                raise Unsafe("a file after the end of the list")
            if packet.stat is None:
                self._listed = True
            else:
                self._entry(packet.stat)
        elif packet.type == DATA:
            self._data(packet)
        else:
            raise Unsafe(f"a packet of type {packet.type}")

    def _ask(self) -> None:
        while self._waiting and len(self._running) < _AT_ONCE:
            id, one = self._waiting.popleft()
            folder, name = self._split(one.path)
            self._running[id] = _File(one, folder, name, _temporary(name))
            self.stream.send([request_packet(id)])

    def _finish(self) -> None:
        if self._listed and not self._finished and not self._running and not self._waiting:
            for one in self._links:
                self._hard_link(one)
            self._finished = True
            self.stream.send([FIN_PACKET])

    # -- the list

    def _entry(self, one: Stat) -> None:
        id, self._count = self._count, self._count + 1
        if self._count > _MOST_ENTRIES:
            raise Unsafe(f"more than {_MOST_ENTRIES} files")
        folder, name = self._split(one.path)
        self.paths.append(one.path)
        if one.mode & _DIR:
            self._folder(one, folder, name)
        elif one.mode & _LINK:
            self._link(one, folder, name)
        elif one.mode & _SPECIAL:
            raise Unsafe(f"{_shown(one.path)} is a device, pipe or socket")
        elif one.link:
            self._links.append(one)
        else:
            self._names.add(one.path)
            self._waiting.append((id, one))

    def _split(self, path: bytes) -> tuple[str, bytes]:
        """The folder that a path is in, which must have come before, and its name there."""
        parts = path.split(b"/")
        if not path or len(path) > _LONGEST_PATH or b"\0" in path:
            raise Unsafe(f"{_shown(path)} is not a path")
        if any(part in (b"", b".", b"..") for part in parts):
            raise Unsafe(f"{_shown(path)} leads out of the folder")
        if OWN.encode() in parts:
            raise Unsafe(f"{_shown(path)} is where envdplan keeps its own state")
        above = b"/".join(parts[:-1])
        if above and above not in self._folders:
            raise Unsafe(f"{_shown(path)} is in no folder of the result")
        return os.fsdecode(above), parts[-1]

    def _folder(self, one: Stat, folder: str, name: bytes) -> None:
        if one.path in self._folders:
            raise Unsafe(f"{_shown(one.path)} comes twice")
        parent, mode = self.root.folder(folder), one.mode & 0o777 | 0o700
        try:
            os.mkdir(name, mode, dir_fd=parent)
        except FileExistsError:
            found = os.stat(name, dir_fd=parent, follow_symlinks=False)
            if not stat.S_ISDIR(found.st_mode):
                _refuse_devices(name, parent)
                os.unlink(name, dir_fd=parent)  # a link or file gives way, it is never followed
                os.mkdir(name, mode, dir_fd=parent)
        self._folders.add(one.path)

    def _link(self, one: Stat, folder: str, name: bytes) -> None:
        if not one.link or b"\0" in one.link:
            raise Unsafe(f"{_shown(one.path)} is a link to nowhere")
        temporary, parent = _temporary(name), self.root.folder(folder)
        os.symlink(one.link, temporary, dir_fd=parent)
        _into_place(temporary, name, parent)

    def _hard_link(self, one: Stat) -> None:
        if one.link not in self._names:
            raise Unsafe(f"{_shown(one.path)} is a hard link to {_shown(one.link)}, no file of it")
        folder, name = self._split(one.path)
        source_folder, source_name = self._split(one.link)
        temporary = _temporary(name)
        source = os.dup(self.root.folder(source_folder))
        try:
            parent = self.root.folder(folder)
            os.link(
                source_name, temporary, src_dir_fd=source, dst_dir_fd=parent, follow_symlinks=False
            )
        finally:
            os.close(source)
        _into_place(temporary, name, parent)

    # -- content

    def _data(self, packet: Packet) -> None:
        one = self._running.get(packet.id)
        if one is None:
            raise Unsafe(f"content of file {packet.id}, which was not asked for")
        if one.descriptor is None:
            one.descriptor = os.open(one.temporary, NEW, 0o600, dir_fd=self.root.folder(one.folder))
        if not packet.data:
            self._end(self._running.pop(packet.id), one.descriptor)
            return
        one.written += len(packet.data)
        if one.written > one.stat.size:
            raise Unsafe(f"{_shown(one.stat.path)} is longer than was said")
        write_all(one.descriptor, packet.data)

    def _end(self, one: _File, descriptor: int) -> None:
        try:
            _check_length(one)
            os.fchmod(descriptor, one.stat.mode & 0o777)
            os.utime(descriptor, ns=(one.stat.mtime, one.stat.mtime))
            _into_place(one.temporary, one.name, self.root.folder(one.folder))
        except BaseException:
            self._remove(one)
            raise
        finally:
            os.close(descriptor)


def _check_length(one: _File) -> None:
    if one.written != one.stat.size:
        raise Unsafe(f"{_shown(one.stat.path)} is shorter than was said")


def _temporary(name: bytes) -> bytes:
    return os.fsencode(draft_name(os.fsdecode(name)))


def _into_place(temporary: bytes, name: bytes, parent: int) -> None:
    try:
        _refuse_devices(name, parent)
        os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
    except OSError:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=parent)
        raise


def _refuse_devices(name: bytes, parent: int) -> None:
    """A file in the place of a device or pipe would break what uses it."""
    try:
        refuse_replacing(name, parent)
    except OSError as error:
        raise OSError(error.errno, f"{_shown(name)} is in the way: {error.strerror}") from error


def _shown(path: bytes) -> str:
    text = path.decode("utf-8", "backslashreplace")[:200]
    return '"' + "".join(char if char.isprintable() else "?" for char in text) + '"'
