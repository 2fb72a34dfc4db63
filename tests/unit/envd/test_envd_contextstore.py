import errno
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from envdplan.clients.envd.commands import create
from envdplan.clients.envd.contextfile import decode, encode
from envdplan.clients.envd.contexts import DEFAULT, Context, ContextSet
from envdplan.clients.envd.gobtypes import Basic, Field, Slice, Struct
from envdplan.clients.envd.gobwire import message_bytes, string_bytes
from envdplan.clients.envd.gobwriter import (
    slice_bytes,
    slice_definition,
    struct_bytes,
    struct_definition,
)
from envdplan.clients.envd.oserrors import translated
from envdplan.clients.envd.store import ContextStore, default_path, lock_path
from envdplan.ground.diagnostics import Conflict, CorruptFile, EnvdplanError, Refused

DEMO = Context("demo", "tcp", "10.0.0.1:8888")


@pytest.fixture
def store(tmp_path: Path) -> ContextStore:
    return ContextStore(tmp_path / "envd" / "contexts", patience=0.1, settle=0)


@pytest.fixture
def written(store: ContextStore) -> ContextStore:
    store.change(lambda some: some.put(Context("old", "unix", "/run/old.sock")))
    return store


def put_demo(some: ContextSet) -> ContextSet:
    return some.put(DEMO)


def test_a_missing_store_is_the_default_and_is_not_made(store: ContextStore) -> None:
    stored = store.read()
    assert (stored.contexts, stored.exists, stored.digest) == (DEFAULT, False, "")
    assert not store.path.parent.exists()


def test_a_change_is_stored_and_returned(store: ContextStore) -> None:
    changed = store.change(put_demo)
    assert changed == DEFAULT.put(DEMO)
    assert decode(store.path.read_bytes()) == changed
    stored = store.read()
    assert (stored.contexts, stored.exists) == (changed, True)


def test_the_digest_follows_the_bytes(written: ContextStore) -> None:
    before = written.read().digest
    assert before == written.read().digest
    written.change(put_demo)
    assert written.read().digest != before


def test_directories_are_for_the_owner_and_the_file_for_reading(tmp_path: Path) -> None:
    store = ContextStore(tmp_path / "a" / "b" / "contexts", settle=0)
    store.change(put_demo)
    modes = [stat.S_IMODE(one.stat().st_mode) for one in (*store.path.parents[:2], store.path)]
    assert modes == [0o700, 0o700, 0o644]


def test_nothing_is_written_when_nothing_changes(written: ContextStore) -> None:
    before = written.path.stat()
    lock_path(written.path).unlink()
    assert written.change(lambda some: some) == written.read().contexts
    after = written.path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert not lock_path(written.path).exists()


def test_mode_and_owner_are_kept(written: ContextStore) -> None:
    written.path.chmod(0o640)
    if os.geteuid() == 0:
        os.chown(written.path, 12345, 23456)
    before = written.path.stat()
    written.change(put_demo)
    after = written.path.stat()
    assert (after.st_mode, after.st_uid, after.st_gid) == (
        before.st_mode,
        before.st_uid,
        before.st_gid,
    )


def test_a_symbolic_link_stays_one(written: ContextStore, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(written.path)
    ContextStore(link, settle=0).change(put_demo)
    assert link.is_symlink()
    assert written.read().contexts.find("demo") == DEMO


def test_a_link_to_nowhere_makes_its_target(tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(tmp_path / "far" / "contexts")
    ContextStore(link, settle=0).change(put_demo)
    assert ContextStore(tmp_path / "far" / "contexts").read().contexts.find("demo") == DEMO


def test_no_temporary_files_are_left(written: ContextStore) -> None:
    written.change(put_demo)
    assert {one.name for one in written.path.parent.iterdir()} == {"contexts", "contexts.lock"}


def test_a_transform_that_fails_leaves_everything(written: ContextStore) -> None:
    before = written.path.read_bytes()
    with pytest.raises(Refused):
        written.change(lambda some: some.use("nope"))
    with pytest.raises(Refused):
        written.change(lambda some: ContextSet(some.current, ()))
    assert written.path.read_bytes() == before


def test_a_corrupt_store_says_how_to_mend_it(written: ContextStore) -> None:
    written.path.write_bytes(b"contexts: []\n")
    for attempt in (written.read, lambda: written.change(put_demo)):
        with pytest.raises(CorruptFile) as caught:
            attempt()
        assert "envdplan context repair" in caught.value.detail
        assert str(written.path) in caught.value.detail
    assert written.path.read_bytes() == b"contexts: []\n"


@pytest.mark.parametrize("length", [0, 51, 82, 173, 200])
def test_a_half_written_store_is_waited_for(written: ContextStore, length: int) -> None:
    whole = written.path.read_bytes()
    written.path.write_bytes(whole[:length])
    writer = threading.Timer(0.05, written.path.write_bytes, [whole])
    writer.start()
    patient = ContextStore(written.path, patience=5)
    assert patient.read().contexts.find("old") is not None
    writer.join()


def test_a_store_that_stays_half_written_is_corrupt(written: ContextStore) -> None:
    written.path.write_bytes(written.path.read_bytes()[:100])
    started = time.monotonic()
    with pytest.raises(CorruptFile, match="unexpected EOF"):
        written.read()
    assert 0.1 <= time.monotonic() - started < 60


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "directory").mkdir()
    os.mkfifo(tmp_path / "pipe")
    for name in ("directory", "pipe"):
        with pytest.raises(CorruptFile, match="not a file"):
            ContextStore(tmp_path / name).read()


def test_an_absurdly_large_store_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / "contexts").open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(CorruptFile, match="too large"):
        ContextStore(tmp_path / "contexts").read()


def test_a_write_of_envd_between_reading_and_replacing_is_not_lost(
    written: ContextStore,
) -> None:
    calls = 0

    def transform(some: ContextSet) -> ContextSet:
        nonlocal calls
        calls += 1
        if calls == 2:  # the first call is before the lock
            written.path.write_bytes(encode(some.put(Context("envd", "tcp", "x"))))
        return some.put(DEMO)

    changed = written.change(transform)
    assert [one.name for one in changed.contexts] == ["default", "old", "envd", "demo"]
    assert written.read().contexts == changed


def test_a_write_of_envd_into_the_replaced_file_is_not_lost(tmp_path: Path) -> None:
    # envd has opened the old file; ours takes its name; then envd writes what it has.
    store = ContextStore(tmp_path / "contexts", settle=0.3)
    store.change(lambda some: some.put(Context("old", "tcp", "x")))
    before = store.read().contexts
    inode = store.path.stat().st_ino

    def write_late() -> None:
        with store.path.open("r+b") as late:
            while store.path.stat().st_ino == inode:
                time.sleep(0.001)
            late.write(encode(before.put(Context("late", "tcp", "y"))))

    envd = threading.Thread(target=write_late)
    envd.start()
    time.sleep(0.05)
    changed = store.change(put_demo)
    envd.join()
    assert {one.name for one in changed.contexts} == {"default", "old", "late", "demo"}
    assert store.read().contexts == changed


def test_two_writes_of_envd_before_and_after_ours_are_both_kept(tmp_path: Path) -> None:
    # The first lands in the replaced file, the second, made by the next envd, in ours.
    store = ContextStore(tmp_path / "contexts", settle=0.3)
    store.change(lambda some: some.put(Context("old", "tcp", "x")))
    before = store.read().contexts
    inode = store.path.stat().st_ino

    def write_twice() -> None:
        with store.path.open("r+b") as late:
            while store.path.stat().st_ino == inode:
                time.sleep(0.001)
            late.write(encode(before.put(Context("late", "tcp", "y"))))
        store.path.write_bytes(encode(store.read().contexts.put(Context("later", "tcp", "z"))))

    envd = threading.Thread(target=write_twice)
    envd.start()
    time.sleep(0.05)
    changed = store.change(lambda some: create(some, DEMO))  # would fail a second time
    envd.join()
    assert {one.name for one in changed.contexts} == {"default", "old", "late", "later", "demo"}
    assert store.read().contexts == changed


def test_a_write_of_envd_over_ours_is_mended(tmp_path: Path) -> None:
    # envd had read the store before our write and writes after it, as if ours had never been.
    store = ContextStore(tmp_path / "contexts", settle=0.3)
    store.change(lambda some: some.put(Context("old", "tcp", "x")))
    before = store.read().contexts
    inode = store.path.stat().st_ino

    def write_over() -> None:
        while store.path.stat().st_ino == inode:
            time.sleep(0.001)
        store.path.write_bytes(encode(before.put(Context("over", "tcp", "y"))))

    envd = threading.Thread(target=write_over)
    envd.start()
    changed = store.change(put_demo)
    envd.join()
    assert {one.name for one in changed.contexts} == {"default", "old", "over", "demo"}


def test_a_write_of_envd_on_top_of_ours_is_no_reason_to_start_over(tmp_path: Path) -> None:
    store = ContextStore(tmp_path / "contexts", settle=0.3)
    store.change(lambda some: some.put(Context("old", "tcp", "x")))
    inode = store.path.stat().st_ino

    def write_on_top() -> None:
        while store.path.stat().st_ino == inode:
            time.sleep(0.001)
        top = store.read().contexts.put(Context("top", "tcp", "y"))
        store.path.write_bytes(encode(top))

    envd = threading.Thread(target=write_on_top)
    envd.start()
    changed = store.change(lambda some: create(some, DEMO))  # would fail a second time
    envd.join()
    assert [one.name for one in changed.contexts] == ["default", "old", "demo", "top"]


def test_a_store_that_never_rests_is_given_up(written: ContextStore) -> None:
    turn = 0

    def transform(some: ContextSet) -> ContextSet:
        nonlocal turn
        turn += 1
        written.path.write_bytes(encode(some.put(Context(f"c{turn}", "tcp", "x"))))
        return some.put(DEMO)

    with pytest.raises(Conflict, match="keeps changing"):
        written.change(transform)
    assert written.read().contexts.find("demo") is None


def test_threads_lose_no_change(written: ContextStore) -> None:
    def add(number: int) -> None:
        written.change(lambda some: some.put(Context(f"c{number}", "tcp", "x")))

    threads = [threading.Thread(target=add, args=[number]) for number in range(12)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert {f"c{number}" for number in range(12)} <= {
        one.name for one in written.read().contexts.contexts
    }


HOLD = """
import sys, time
from pathlib import Path
from envdplan.clients.envd.lock import exclusive
with exclusive(Path(sys.argv[1]), timeout=1):
    print("held", flush=True)
    time.sleep(60)
"""


@contextmanager
def other_process_holding(path: Path) -> Iterator[int]:
    command = [sys.executable, "-c", HOLD, str(path)]
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        try:
            yield process.pid
        finally:
            process.kill()


def test_a_held_lock_names_its_holder_and_ends_with_it(written: ContextStore) -> None:
    hasty = ContextStore(written.path, lock_timeout=0.1)
    with other_process_holding(lock_path(written.path)) as pid:
        with pytest.raises(Conflict) as caught:
            hasty.change(put_demo)
        assert f"process {pid} since " in caught.value.detail
        assert hasty.read().contexts.find("demo") is None
    assert hasty.change(put_demo).find("demo") == DEMO


def test_a_lock_that_is_a_link_is_not_followed(written: ContextStore, tmp_path: Path) -> None:
    lock_path(written.path).unlink()
    lock_path(written.path).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(EnvdplanError, match="symbolic link"):
        written.change(put_demo)
    assert not (tmp_path / "elsewhere").exists()


def test_a_full_disk_leaves_the_old_store(written: ContextStore) -> None:
    import resource

    before = written.path.read_bytes()
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))  # writes fail as on a full disk
    try:
        with pytest.raises(EnvdplanError) as caught:
            written.change(put_demo)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.summary == "Could not write envd's context store"
    assert written.path.read_bytes() == before
    assert {one.name for one in written.path.parent.iterdir()} == {"contexts", "contexts.lock"}


@pytest.mark.parametrize(
    ("number", "advice"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EROFS, "read-only"),
        (errno.EACCES, "Permission is denied"),
    ],
)
def test_errors_of_the_system_say_what_to_do(number: int, advice: str) -> None:
    with (
        pytest.raises(EnvdplanError, match=advice) as caught,
        translated(Path("/x/contexts"), "write"),
    ):
        raise OSError(number, os.strerror(number))
    assert "/x/contexts" in caught.value.detail


def test_the_default_store_is_below_home() -> None:
    environ = {"HOME": "/home/me", "XDG_CONFIG_HOME": "/elsewhere"}
    assert default_path(environ) == Path("/home/me/.config/envd/contexts")
    for missing in ({}, {"HOME": ""}):
        with pytest.raises(EnvdplanError, match="HOME is not set"):
            default_path(missing)


def test_an_old_store_is_written_anew_by_a_change_that_changes_nothing(tmp_path: Path) -> None:
    store = ContextStore(tmp_path / "contexts", settle=0)
    store.path.write_bytes(_store_of_envd_0_2())
    assert store.read().warnings
    contexts = store.change(lambda some: some)
    assert store.path.read_bytes() == encode(contexts)
    assert not store.read().warnings
    assert contexts.contexts[1] == Context("b", "tcp", "h:1", "docker")


def _store_of_envd_0_2() -> bytes:
    names = ("Name", "Builder", "BuilderSocket")
    rows = [("a", "docker-container", "x"), ("b", "tcp", "h:1")]
    elements = [struct_bytes([string_bytes(text) for text in row]) for row in rows]
    top = Struct("EnvdContext", (Field("Current", Basic.STRING), Field("Contexts", 66)))
    return b"".join(
        (
            struct_definition(64, top),
            slice_definition(66, "[]types.Context", Slice(65)),
            struct_definition(65, Struct("Context", tuple(Field(n, Basic.STRING) for n in names))),
            message_bytes(64, struct_bytes([string_bytes("a"), slice_bytes(elements)])),
        )
    )
