"""Files on their way to the builder and back, with a builder that misbehaves."""

import os
import queue
import stat
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envdplan.clients.buildkit.request import Export, LocalDirectory
from envdplan.clients.buildkit.session.exports import Receipts, Target, file_send, targets
from envdplan.clients.buildkit.session.filesync import Content, as_they_are, file_sync
from envdplan.clients.buildkit.session.fsutil import (
    END_OF_STATS,
    ERR,
    FIN,
    FIN_PACKET,
    STAT,
    BadPacket,
    Packet,
    Stat,
    data_packet,
    decode_packet,
    go_mode,
    request_packet,
    stat_packet,
)
from envdplan.clients.buildkit.session.services import Abort
from envdplan.ground.diagnostics import Conflict, EnvdplanError, Refused

SYNC = "/moby.filesync.v1.FileSync/DiffCopy"
SEND = "/moby.filesync.v1.FileSend/DiffCopy"


class Wire:
    """A stream whose other end is the test."""

    def __init__(self, **metadata: tuple[str, ...]) -> None:
        self._metadata = {key.replace("_", "-"): value for key, value in metadata.items()}
        self.sent: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self.coming: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()

    @property
    def metadata(self) -> Mapping[str, str]:
        return {key: value[0] for key, value in self._metadata.items()}

    def values(self, key: str) -> tuple[str, ...]:
        return self._metadata.get(key, ())

    def receive(self) -> bytes | None:
        return self.coming.get(timeout=10)

    def send(self, messages: Iterable[bytes]) -> None:
        for one in messages:
            self.sent.put(one)


def received(
    directory: LocalDirectory,
    wanted: Iterable[str] | None = None,
    *,
    digests: Content = as_they_are,
    **asked: tuple[str, ...],
) -> tuple[dict[str, Stat], dict[str, bytes]]:
    """What a builder gets that asks for `wanted` (all files, by default)."""
    wire = Wire(dir_name=(directory.name,), **asked)
    failure: list[BaseException] = []

    def serve() -> None:
        try:
            file_sync([directory], content=digests)[SYNC](wire)
        except BaseException as error:  # noqa: BLE001  raised in the test's thread
            failure.append(error)
        wire.sent.put(None)

    server = threading.Thread(target=serve)
    server.start()
    stats, content, open_files = receive_all(wire, wanted)
    wire.coming.put(FIN_PACKET)
    server.join(10)
    if failure:
        raise failure[0]
    assert not open_files
    return stats, content


def receive_all(
    wire: Wire, wanted: Iterable[str] | None
) -> tuple[dict[str, Stat], dict[str, bytes], set[int]]:
    stats: list[Stat] = []
    content: dict[str, bytes] = {}
    waiting: set[int] = set()
    listed = False
    while not listed or waiting:
        message = wire.sent.get(timeout=10)
        if message is None:
            break
        packet = decode_packet(message)
        if packet.type == STAT and packet.stat is None:
            listed = True
        elif packet.type == STAT and packet.stat is not None:
            one, id = packet.stat, len(stats)
            stats.append(one)
            name = one.path.decode()
            regular = not one.link and not one.mode & (1 << 31)
            if regular and (wanted is None or name in wanted):
                content[name] = b""
                waiting.add(id)
                wire.coming.put(request_packet(id))
        elif packet.data:
            content[stats[packet.id].path.decode()] += packet.data
        elif packet.id in waiting:
            waiting.discard(packet.id)
    return {one.path.decode(): one for one in stats}, content, waiting


@pytest.fixture
def source(tmp_path: Path) -> Path:
    root = tmp_path / "source"
    (root / "sub").mkdir(parents=True)
    (root / "a.txt").write_text("hello")
    (root / "sub" / "big").write_bytes(os.urandom(700_000))
    (root / "run").write_text("x")
    (root / "run").chmod(0o4755)
    (root / "link").symlink_to("../outside")
    os.link(root / "a.txt", root / "same.txt")
    return root


def test_all_files_arrive_with_modes_links_and_times(source: Path) -> None:
    stats, content = received(LocalDirectory("context", str(source)))
    assert list(stats) == ["a.txt", "link", "run", "same.txt", "sub", "sub/big"]
    assert content["a.txt"] == b"hello"
    assert content["sub/big"] == (source / "sub" / "big").read_bytes()
    assert stats["link"].link == b"../outside"
    assert stats["link"].mode & (1 << 27)
    assert stats["same.txt"].link == b"a.txt"
    assert stats["run"].mode == (0o755 | 1 << 23)
    seconds = (source / "a.txt").stat().st_mtime_ns // 10**9
    assert stats["a.txt"].mtime // 10**9 == seconds
    assert stats["link"].mtime == (source / "link").lstat().st_mtime_ns


def test_patterns_of_the_builder_are_honoured(source: Path) -> None:
    folder = LocalDirectory("context", str(source))
    stats, _ = received(folder, exclude_patterns=("sub", "run"))
    assert list(stats) == ["a.txt", "link", "same.txt"]
    stats, _ = received(folder, followpaths=("a.txt",))
    assert list(stats) == ["a.txt"]


def test_an_overlay_hides_what_lies_on_disk(source: Path) -> None:
    folder = LocalDirectory("dockerfile", str(source), {"Dockerfile": b"FROM x", "a.txt": b"new"})
    stats, content = received(folder, followpaths=("Dockerfile", "a.txt"))
    assert content == {"Dockerfile": b"FROM x", "a.txt": b"new"}
    other = LocalDirectory("dockerfile", str(source), {"Dockerfile": b"FROM y"})
    changed, _ = received(other, followpaths=("Dockerfile",))
    assert changed["Dockerfile"].mtime != stats["Dockerfile"].mtime


def test_content_of_the_same_size_and_time_has_a_time_of_its_own(source: Path) -> None:
    times = []
    for text in ("hello", "hallo", "hello"):
        (source / "a.txt").write_text(text)
        os.utime(source / "a.txt", (1_000_000_000, 1_000_000_000))
        stats, content = received(LocalDirectory("dockerfile", str(source)))
        assert content["a.txt"] == text.encode()
        assert stats["a.txt"].mtime // 10**9 == 1_000_000_000
        assert stats["same.txt"].mtime == stats["a.txt"].mtime  # or it keeps the old content
        times.append(stats["a.txt"].mtime)
    assert times[0] == times[2] != times[1]


def listed(directory: LocalDirectory) -> tuple[Wire, threading.Thread, list[BaseException]]:
    """A call of which the builder has read the whole list, and asked for nothing yet."""
    wire, failure = Wire(dir_name=(directory.name,)), list[BaseException]()

    def serve() -> None:
        try:
            file_sync([directory])[SYNC](wire)
        except BaseException as error:  # noqa: BLE001  looked at by the test
            failure.append(error)

    server = threading.Thread(target=serve)
    server.start()
    while decode_packet(wire.sent.get(timeout=10) or b"").stat is not None:
        pass
    return wire, server, failure


def test_a_file_that_changed_since_it_was_listed_ends_the_build(
    source: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cr3t")

    def other() -> None:
        (source / "a.txt").write_text("hallo")

    def gone() -> None:
        (source / "a.txt").unlink()

    def link() -> None:
        (source / "a.txt").unlink()
        (source / "a.txt").symlink_to(secret)

    for change in (other, gone, link):
        (source / "a.txt").unlink(missing_ok=True)
        (source / "a.txt").write_text("hello")
        wire, server, failure = listed(LocalDirectory("context", str(source)))
        change()
        wire.coming.put(request_packet(0))
        sent = b""
        while (packet := decode_packet(wire.sent.get(timeout=10) or b"")).type != ERR:
            sent += packet.data
        assert sent in (b"", b"hallo")
        assert packet.data == b"Source file changed while it was sent"
        wire.coming.put(None)
        server.join(10)
        assert isinstance(failure[0], Conflict)


def test_the_state_is_sent_from_no_folder(source: Path) -> None:
    (source / ".envdplan").mkdir()
    (source / ".envdplan" / "state.json").write_text("s3cr3t")
    (source / "sub" / "alias").symlink_to("../.envdplan/state.json")
    for asked in ((), (".envdplan/state.json", "sub/alias")):
        stats, _ = received(LocalDirectory("dockerfile", str(source)), followpaths=asked)
        assert not any(path.startswith(".envdplan") for path in stats)


def test_a_file_without_a_digest_is_not_sent(source: Path) -> None:
    def digests(directory: LocalDirectory, path: str, found: os.stat_result) -> str | None:
        return None if path in ("a.txt", "sub/big") else as_they_are(directory, path, found)

    stats, got = received(LocalDirectory("context", str(source)), digests=digests)
    assert list(stats) == ["link", "run", "same.txt", "sub"]
    assert got["same.txt"] == b"hello"  # its first name is not there


def test_a_system_without_extended_attributes_will_do(
    source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "listxattr")
    stats, _ = received(LocalDirectory("context", str(source)))
    assert stats["run"].xattrs == ()


def test_a_folder_that_is_an_overlay_alone_has_nothing_else(source: Path) -> None:
    folder = LocalDirectory("dockerfile", None, {"Dockerfile": b"FROM x"})
    stats, content = received(folder, followpaths=("Dockerfile", "Dockerfile.dockerignore"))
    assert list(stats) == ["Dockerfile"]
    assert content == {"Dockerfile": b"FROM x"}


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"dir_name": ("other",)}, "other"),
        ({"dir_name": ("context",), "followpaths": ("../x",)}, "context: ../x"),
        ({"dir_name": ("context",), "include_patterns": ("a/../../x",)}, "context: a/../../x"),
    ],
)
def test_what_is_not_declared_is_refused(
    source: Path, metadata: dict[str, tuple[str, ...]], said: str
) -> None:
    refused: list[str] = []
    services = file_sync([LocalDirectory("context", str(source))], refused=refused.append)
    with pytest.raises(Abort):
        services[SYNC](Wire(**metadata))
    assert refused == [said]


def test_a_request_for_no_file_ends_the_call(source: Path) -> None:
    wire = Wire(dir_name=("context",))
    wire.coming.put(request_packet(999))
    wire.coming.put(None)
    with pytest.raises(Abort):
        file_sync([LocalDirectory("context", str(source))])[SYNC](wire)


# -- exports

DIR = 1 << 31
LINK = 1 << 27


def exported(
    tmp_path: Path, entries: list[Stat], content: Mapping[int, bytes] | None = None
) -> tuple[Path, list[str], BaseException | None]:
    """Let a builder send `entries` into a folder; what was refused, and how it ended."""
    target = tmp_path / "out"
    wire = Wire()
    for one in entries:
        wire.coming.put(stat_packet(one))
    wire.coming.put(END_OF_STATS)
    refused: list[str] = []
    failure: list[BaseException] = []

    def serve() -> None:
        try:
            receipts = Receipts({"0": Target(str(target), is_folder=True)})
            file_send(receipts, refused=refused.append)[SEND](wire)
            receipts.check()
        except BaseException as error:  # noqa: BLE001  looked at by the test
            failure.append(error)
        wire.sent.put(None)

    server = threading.Thread(target=serve)
    server.start()
    while (message := wire.sent.get(timeout=10)) is not None:
        packet = decode_packet(message)
        if packet.type == FIN:
            wire.coming.put(FIN_PACKET)
        else:
            data = (content or {}).get(packet.id, b"")
            if data:
                wire.coming.put(data_packet(packet.id, data))
            wire.coming.put(data_packet(packet.id, b""))
    server.join(10)
    return target, refused, failure[0] if failure else None


def test_a_tree_is_written(tmp_path: Path) -> None:
    entries = [
        Stat(b"d", DIR | 0o755),
        Stat(b"d/f", 0o4755, 5, 1_000_000_000),
        Stat(b"d/h", 0o644, link=b"d/f"),
        Stat(b"l", LINK | 0o777, 4, link=b"/etc"),
    ]
    target, refused, failure = exported(tmp_path, entries, {1: b"hello"})
    assert failure is None
    assert refused == []
    assert (target / "d" / "f").read_text() == "hello"
    assert stat.S_IMODE((target / "d" / "f").stat().st_mode) == 0o755
    assert (target / "d" / "h").stat().st_ino == (target / "d" / "f").stat().st_ino
    assert str((target / "l").readlink()) == "/etc"


@pytest.mark.parametrize(
    "entries",
    [
        [Stat(b"../x", 0o644)],
        [Stat(b"/etc/x", 0o644)],
        [Stat(b"a/../../x", 0o644)],
        [Stat(b"", 0o644)],
        [Stat(b"a\0b", 0o644)],
        [Stat(b"missing/x", 0o644)],
        [Stat(b"l", LINK, link=b"/tmp"), Stat(b"l/x", 0o644)],
        [Stat(b"f", 0o644), Stat(b"f/x", 0o644)],
        [Stat(b"d", DIR), Stat(b"d", DIR)],
        [Stat(b"dev", (1 << 26) | 0o666, device=(1, 3))],
        [Stat(b"pipe", 1 << 25)],
        [Stat(b"h", 0o644, link=b"/etc/passwd")],
        [Stat(b"h", 0o644, link=b"../x")],
        [Stat(b"l", LINK)],
        [Stat(b".envdplan", DIR), Stat(b".envdplan/state.json", 0o644)],
        [Stat(b"d", DIR), Stat(b"d/.envdplan", LINK, link=b"x")],
    ],
)
def test_what_leads_elsewhere_is_refused(tmp_path: Path, entries: list[Stat]) -> None:
    _, refused, failure = exported(tmp_path, entries)
    assert isinstance(failure, Refused)
    assert refused
    assert sorted(os.listdir(tmp_path)) == ["out"]


@pytest.mark.parametrize("data", [b"longer than said", b"x"])
def test_a_file_of_another_length_than_was_said_is_refused(tmp_path: Path, data: bytes) -> None:
    target, _, failure = exported(tmp_path, [Stat(b"f", 0o644, 5)], {0: data})
    assert isinstance(failure, Refused)
    assert os.listdir(target) == []


def test_links_on_disk_give_way_and_are_not_followed(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "d").symlink_to(elsewhere)
    (tmp_path / "out" / "f").symlink_to(elsewhere / "target")
    entries = [Stat(b"d", DIR | 0o755), Stat(b"d/x", 0o644, 1), Stat(b"f", 0o644, 1)]
    target, _, failure = exported(tmp_path, entries, {1: b"x", 2: b"y"})
    assert failure is None
    assert os.listdir(elsewhere) == []
    assert (target / "d" / "x").read_text() == "x"
    assert not (target / "f").is_symlink()


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.tuples(st.text("ab./\0", max_size=6), st.sampled_from([0o644, DIR, LINK])), max_size=4
    )
)
def test_no_path_ever_leaves_the_folder(
    tmp_path_factory: pytest.TempPathFactory, entries: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("export")
    stats = [
        Stat(path.encode(), mode, link=b"/x" if mode == LINK else b"") for path, mode in entries
    ]
    _, _, failure = exported(folder, stats)
    assert failure is None or isinstance(failure, EnvdplanError)
    assert os.listdir(folder) == ["out"]


def test_a_file_takes_its_place_only_when_it_is_complete(tmp_path: Path) -> None:
    place = tmp_path / "image.tar"
    place.write_text("old")
    wire = Wire(buildkit_attachable_exporter_id=("0",))
    wire.coming.put(b"\x0a\x03new")

    def broken() -> bytes | None:
        raise Abort(1, "gone")

    services = file_send(Receipts(targets((Export("oci", destination=str(place)),))))
    wire.receive = iter([b"\x0a\x03new", None]).__next__  # type: ignore[method-assign]  # a short stream
    services[SEND](wire)
    assert place.read_text() == "new"
    wire.receive = broken  # type: ignore[method-assign]  # a stream that breaks off
    with pytest.raises(Abort):
        services[SEND](wire)
    assert os.listdir(tmp_path) == ["image.tar"]


def test_a_result_that_nobody_asked_for_is_refused(tmp_path: Path) -> None:
    refused: list[str] = []
    known = {"0": Target("/x", is_folder=False), "1": Target("/y", is_folder=False)}
    services = file_send(Receipts(known), refused=refused.append)
    for wire in (Wire(), Wire(buildkit_attachable_exporter_id=("7",))):
        with pytest.raises(Abort):
            services[SEND](wire)
    assert len(refused) == 2


@given(st.binary(max_size=60))
def test_packets_are_read_or_refused(message: bytes) -> None:
    with suppress(BadPacket):
        assert isinstance(decode_packet(message), Packet)


@given(
    st.builds(
        Stat,
        st.binary(max_size=20),
        st.integers(0, 2**32 - 1),
        st.integers(0, 2**40),
        st.integers(-(2**60), 2**60),
        st.binary(max_size=9),
        st.tuples(st.integers(0, 300), st.integers(0, 300)),
        st.lists(st.tuples(st.binary(max_size=4), st.binary(max_size=4)), max_size=2).map(tuple),
    )
)
def test_a_stat_comes_back_as_it_was(one: Stat) -> None:
    assert decode_packet(stat_packet(one)).stat == one
    assert go_mode(0o100644) == 0o644
