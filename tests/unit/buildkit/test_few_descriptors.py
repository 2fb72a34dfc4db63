"""However many folders there are, few of them are open: a process has 256 descriptors on macOS."""

import os
import queue
import resource
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from envdplan.clients.buildkit.request import LocalDirectory
from envdplan.clients.buildkit.session.exportfolder import receive
from envdplan.clients.buildkit.session.filesync import file_sync
from envdplan.clients.buildkit.session.fsutil import (
    END_OF_STATS,
    FIN,
    FIN_PACKET,
    STAT,
    Stat,
    data_packet,
    decode_packet,
    request_packet,
    stat_packet,
)

ROOT = Path(__file__).parents[3]
LIMIT = 256
FOLDERS = 20_000
DIR = 1 << 31


def entries() -> Iterator[Stat]:
    """100 folders of 199 folders each, a hundred levels below each other, and some files."""
    for outer in range(100):
        yield Stat(f"{outer:03}".encode(), DIR | 0o755)
        for inner in range(FOLDERS // 100 - 2):
            yield Stat(f"{outer:03}/{inner:03}".encode(), DIR | 0o755)
            if inner % 20 == 0:
                yield Stat(f"{outer:03}/{inner:03}/file".encode(), 0o644, 1)
    deep = "deep"
    for _ in range(100):
        yield Stat(deep.encode(), DIR | 0o755)
        yield Stat(f"{deep}/a".encode(), 0o644, 1)
        deep += "/d"


class Builder:
    """Sends `entries`, and each file when it is asked for."""

    def __init__(self, stats: Iterable[Stat]) -> None:
        self._coming = iter([*map(stat_packet, stats), END_OF_STATS])
        self._asked: list[bytes] = []

    metadata: Mapping[str, str] = {}

    def values(self, key: str) -> tuple[str, ...]:
        return ("context",) if key == "dir-name" else ()

    def receive(self) -> bytes | None:
        if self._asked:
            return self._asked.pop(0)
        return next(self._coming)

    def send(self, messages: Iterable[bytes]) -> None:
        for one in messages:
            packet = decode_packet(one)
            if packet.type == FIN:
                self._asked.append(FIN_PACKET)
            else:
                self._asked += (data_packet(packet.id, b"x"), data_packet(packet.id, b""))


class Asking(Builder):
    """Asks for every file."""

    def __init__(self) -> None:
        self._requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._waiting: set[int] = set()
        self._count = 0
        self._listed = False
        self.got = 0

    def receive(self) -> bytes | None:
        return self._requests.get(timeout=60)

    def send(self, messages: Iterable[bytes]) -> None:
        for one in messages:
            packet = decode_packet(one)
            if packet.type == STAT and packet.stat is not None:
                if not packet.stat.mode & DIR:
                    self._waiting.add(self._count)
                    self._requests.put(request_packet(self._count))
                self._count += 1
            elif packet.type == STAT:
                self._listed = True
            elif not packet.data and packet.id in self._waiting:
                self._waiting.discard(packet.id)
                self.got += 1
            if self._listed and not self._waiting:
                self._requests.put(FIN_PACKET)


def main(root: str) -> None:
    """In a process of its own, since it may open but few files."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, LIMIT))
    before = len(os.listdir("/dev/fd"))
    receive(root, Builder(entries()))
    builder = Asking()
    file_sync([LocalDirectory("context", root)])["/moby.filesync.v1.FileSync/DiffCopy"](builder)
    sys.stdout.write(f"{builder.got} {len(os.listdir('/dev/fd')) - before}\n")


def test_twenty_thousand_folders_are_received_and_sent_with_few_descriptors(tmp_path: Path) -> None:
    call = f"from {__name__} import main; main({str(tmp_path)!r})"
    done = subprocess.run(
        [sys.executable, "-c", call],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert done.stderr == ""
    files = sum(not one.mode & DIR for one in entries())
    assert done.stdout == f"{files} 0\n"
    made = sum(len(folders) for _, folders, _ in os.walk(tmp_path))
    assert made == sum(bool(one.mode & DIR) for one in entries()) == FOLDERS
    assert (tmp_path / "099" / "180" / "file").read_text() == "x"
