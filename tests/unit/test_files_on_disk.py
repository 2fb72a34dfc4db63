"""One way to write, lock and cache files: whole or not at all, and never in a device's place."""

import os
import stat
import threading
from pathlib import Path

import pytest

from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.files_on_disk import (
    FOLDER,
    Lock,
    cache_folder,
    draft,
    draft_name,
    leftover,
    make_ignored,
    make_private,
    replace_file,
    sweep,
    write_atomically,
    write_new,
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Everything that a failed write must leave: the file, and nothing beside it."""
    (tmp_path / "file").write_bytes(b"old")
    (tmp_path / "file").chmod(0o640)
    return tmp_path


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_new_file_has_the_mode_that_is_given_and_an_old_one_keeps_its_own(folder: Path) -> None:
    replace_file(folder / "file", b"new", mode=0o600)
    replace_file(folder / "private", b"x", mode=0o600)
    replace_file(folder / "like", b"x", like=folder / "file")
    assert (folder / "file").read_bytes() == b"new"
    assert [mode(folder / name) for name in ("file", "private", "like")] == [0o640, 0o600, 0o640]
    assert names(folder) == ["file", "like", "private"]


def test_without_a_mode_a_new_file_has_what_the_umask_leaves(folder: Path) -> None:
    before = os.umask(0o027)
    try:
        replace_file(folder / "new", b"x")
    finally:
        os.umask(before)
    assert mode(folder / "new") == 0o640


def test_a_link_stays_and_leads_to_the_new_content(folder: Path) -> None:
    (folder / "link").symlink_to("file")
    replace_file(folder / "link", b"new")
    assert (folder / "link").is_symlink()
    assert (folder / "file").read_bytes() == b"new"


@pytest.mark.parametrize("durable", [True, False])
def test_who_asks_at_the_last_moment_keeps_the_old_file(folder: Path, *, durable: bool) -> None:
    assert not replace_file(folder / "file", b"new", durable=durable, unless=lambda: True)
    assert (folder / "file").read_bytes() == b"old"
    assert names(folder) == ["file"]
    assert replace_file(folder / "file", b"new", durable=durable, unless=lambda: False)
    assert (folder / "file").read_bytes() == b"new"


def test_a_full_disk_leaves_the_old_file_and_nothing_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int, data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(EnvdplanError, match="No space left on device") as caught:
        write_atomically(folder / "file", b"new")
    with pytest.raises(OSError, match="No space"):
        write_new(folder / "other", b"new")
    monkeypatch.undo()
    assert caught.value.summary == "Cannot write a file"
    assert (folder / "file").read_bytes() == b"old"
    assert names(folder) == ["file"]


def test_a_system_that_takes_a_few_bytes_at_once_gets_all(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:2]))
    replace_file(folder / "file", b"seven b")
    monkeypatch.undo()
    assert (folder / "file").read_bytes() == b"seven b"


def test_nothing_takes_the_place_of_a_pipe_also_one_that_came_meanwhile(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    with pytest.raises(OSError, match="FIFO"):
        replace_file(folder / "pipe", b"x")

    def pipe_instead() -> bool:
        (folder / "file").unlink()
        os.mkfifo(folder / "file")
        return False

    with pytest.raises(OSError, match="FIFO"):
        replace_file(folder / "file", b"x", unless=pipe_instead)
    assert stat.S_ISFIFO((folder / "file").stat().st_mode)
    assert names(folder) == ["file", "pipe"]


def test_a_file_that_must_be_new_is_never_written_over(folder: Path) -> None:
    (folder / "link").symlink_to("nowhere")
    for name in ("file", "link"):
        with pytest.raises(FileExistsError):
            write_new(folder / name, b"new")
    write_new(folder / "other", b"new", like=folder / "file")
    assert (folder / "file").read_bytes() == b"old"
    assert mode(folder / "other") == 0o640
    assert names(folder) == ["file", "link", "other"]


@pytest.mark.parametrize("name", ["n" * 255, "ä" * 127, "a.b*c"])
def test_a_draft_of_any_name_can_be_made_and_is_known_to_the_sweep(
    tmp_path: Path, name: str
) -> None:
    replace_file(tmp_path / name, b"x")
    left = tmp_path / draft_name(name)
    left.touch()
    os.utime(left, (0, 0))
    sweep(tmp_path, leftover(name))
    assert names(tmp_path) == [name]


def test_a_draft_that_does_not_take_its_place_goes(folder: Path) -> None:
    held = os.open(folder, FOLDER)
    with draft(held, "file") as left:
        os.write(left.descriptor, b"half")
        assert len(names(folder)) == 2
    assert names(folder) == ["file"]
    with draft(held, "file") as made:
        os.write(made.descriptor, b"whole")
        made.take_place()
    os.close(held)
    assert (folder / "file").read_bytes() == b"whole"


def test_a_lock_has_one_holder_who_leaves_word(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with Lock.on(path) as first, Lock.on(path) as second:
        assert first.take()
        first.sign(b"a long note of the first")
        assert not second.take()
        assert not second.wait(0)
        assert second.note() == b"a long note of the first"
    with Lock.on(path) as third:
        assert third.wait(0)
        third.sign(b"short")
        assert third.note() == b"short"
    assert mode(path) == 0o600


def test_whoever_waits_for_a_lock_gets_it_when_its_holder_ends(tmp_path: Path) -> None:
    held = threading.Event()

    def second() -> None:
        with Lock.on(tmp_path / "lock") as lock:
            lock.wait(None)
            held.set()

    thread = threading.Thread(target=second)
    with Lock.on(tmp_path / "lock") as first:
        assert first.wait(None)
        thread.start()
        assert not held.is_set()
    assert held.wait(60)
    thread.join()


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({"XDG_CACHE_HOME": "/cache", "HOME": "/home/me"}, "/cache/envdplan"),
        ({"XDG_CACHE_HOME": "", "HOME": "/home/me"}, "/home/me/.cache/envdplan"),
        ({"XDG_CACHE_HOME": "relative", "HOME": "/home/me"}, "/home/me/.cache/envdplan"),
        ({"HOME": "relative"}, None),
        ({}, None),
    ],
)
def test_there_is_one_cache_in_an_absolute_place(
    environment: dict[str, str], found: str | None
) -> None:
    assert cache_folder(environment) == (Path(found) if found else None)


def test_folders_of_ours_are_for_their_user_alone(tmp_path: Path) -> None:
    make_private(tmp_path / "a" / "b")
    make_ignored(tmp_path / ".envdplan")
    make_private(tmp_path / "a" / "b")
    made = [tmp_path / "a", tmp_path / "a" / "b", tmp_path / ".envdplan"]
    assert [mode(path) for path in made] == [0o700] * 3
    assert (tmp_path / ".envdplan" / ".gitignore").read_text() == "*\n"
