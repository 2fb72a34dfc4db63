"""Temporary files of runs that were killed."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from envdplan.ground import files_on_disk
from envdplan.ground.files_on_disk import draft_name, leftover, scratch, sweep, write_atomically
from tests import children

ROOT = Path(__file__).parents[2]
HOLD = """
import sys
from envdplan.ground.files_on_disk import scratch
with scratch() as folder:
    (folder / "key.pem").touch()
    print(folder, flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def nothing_was_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files_on_disk, "_swept", set())


def age(path: Path, seconds: float = 2 * files_on_disk.OLD) -> None:
    then = time.time() - seconds
    os.utime(path, (then, then), follow_symlinks=False)


def test_old_files_of_ours_beside_a_place_go_with_the_next_write(tmp_path: Path) -> None:
    old, young, theirs = (
        tmp_path / name
        for name in (".state.json.0123456789ab.tmp", ".state.json.ba9876543210.tmp", ".x.tmp")
    )
    link, folder = (
        tmp_path / ".state.json.aaaaaaaaaaaa.tmp",
        tmp_path / ".state.json.bbbbbbbbbbbb.tmp",
    )
    for one in (old, young, theirs):
        one.write_text("half")
    link.symlink_to(theirs)
    folder.mkdir()
    for one in (old, theirs, link, folder):
        age(one)
    write_atomically(tmp_path / "state.json", b"whole")
    assert sorted(one.name for one in tmp_path.iterdir()) == sorted(
        ["state.json", young.name, theirs.name, link.name, folder.name]
    )


def test_a_name_beside_is_new_each_time_and_sweeping_raises_nothing(tmp_path: Path) -> None:
    names = {draft_name("a"), draft_name("a")}
    assert len(names) == 2
    assert all(re.fullmatch(leftover("a"), name) for name in names)
    sweep(tmp_path / "missing", ".*")


def hold(temporary: Path) -> "tuple[subprocess.Popen[str], Path]":
    process: subprocess.Popen[str] = children.start(
        [sys.executable, "-c", HOLD],
        env={"PYTHONPATH": str(ROOT), "TMPDIR": str(temporary)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_folders_of_killed_runs_go_and_those_of_living_ones_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    killed, dead = hold(tmp_path)
    killed.kill()
    killed.wait()
    assert (dead / "key.pem").exists()
    living, held = hold(tmp_path)
    somebodys = tmp_path / "envdplan-project"
    somebodys.mkdir(0o700)
    for one in (dead, held, somebodys):
        age(one)
    with scratch() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        assert sorted(tmp_path.iterdir()) == sorted([folder, held, somebodys])
    assert not folder.exists()
    living.communicate("")
    assert not held.exists()
