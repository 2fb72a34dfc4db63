"""Files and folders come into their places as a whole, one run at a time."""

import threading
from pathlib import Path

import pytest

from envdplan.ground.diagnostics import EnvdplanError
from envdplan.modules.place import alone, put_file, put_folder, room


class Waited(Exception):
    """Somebody else holds the folder."""


def refuse() -> None:
    raise Waited


def test_whoever_comes_second_waits_and_then_holds_the_folder(tmp_path: Path) -> None:
    waits, holds, ends = threading.Event(), threading.Event(), threading.Event()

    def second() -> None:
        with alone(tmp_path, waits.set):
            holds.set()
            ends.wait(60)

    thread = threading.Thread(target=second)
    with alone(tmp_path, refuse):
        thread.start()
        assert waits.wait(60)
    assert holds.wait(60)
    with pytest.raises(Waited), alone(tmp_path, refuse):
        pass
    ends.set()
    thread.join()
    with alone(tmp_path, refuse):
        pass


def test_a_folder_takes_the_place_of_another(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    (place / "old").touch()
    with room(tmp_path) as work:
        (work / "new").mkdir()
        (work / "new" / "file").touch()
        put_folder(work / "new", place)
    assert [one.name for one in place.iterdir()] == ["file"]
    assert [one.name for one in tmp_path.iterdir()] == ["place"]


def test_a_file_is_written_as_a_whole_and_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to("real")
    put_file(tmp_path / "link", b"new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    (tmp_path / "folder").mkdir()
    with pytest.raises(EnvdplanError):
        put_file(tmp_path / "folder", b"new")
    assert sorted(one.name for one in tmp_path.iterdir()) == ["folder", "link", "real"]
