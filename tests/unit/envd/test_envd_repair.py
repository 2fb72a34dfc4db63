from datetime import UTC, datetime
from pathlib import Path

import pytest

from envdplan.clients.envd.contextfile import decode, encode
from envdplan.clients.envd.contexts import DEFAULT, Context, ContextSet
from envdplan.clients.envd.contexttypes import DEFINITIONS
from envdplan.clients.envd.lock import exclusive
from envdplan.clients.envd.repair import Repaired, repair, salvage
from envdplan.clients.envd.store import lock_path
from envdplan.ground.diagnostics import Conflict, CorruptFile

THREE = ContextSet(
    "b",
    (
        Context("default", "moby-worker", "envd_buildkitd"),
        Context("b", "tcp", "10.0.0.1:8888", "envd-server", "http://h:1"),
        Context("c", "unix", "/run/buildkit/buildkitd.sock"),
    ),
)
DATA = encode(THREE)
NOON = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)


def mend(path: Path) -> Repaired:
    return repair(path, now=lambda: NOON, patience=0, lock_timeout=0.1)


@pytest.mark.parametrize("length", range(len(DATA)))
def test_contexts_before_the_cut_are_saved_and_no_half_ones(length: int) -> None:
    saved = salvage(DATA[:length])
    names = [one.name for one in saved.contexts] if saved else []
    assert names == ["default", "b", "c"][: len(names)]
    for one in saved.contexts if saved else ():
        assert one == THREE.find(one.name)


def test_a_store_that_lacks_its_last_bytes_loses_nothing_whole() -> None:
    assert salvage(DATA[:-2]) == ContextSet("b", THREE.contexts[:2])
    assert salvage(DATA[:-1]) == THREE


def test_a_lost_current_context_becomes_the_default_one() -> None:
    cut = DATA[: DATA.index(b"\x0a10.0.0.1") if b"\x0a10.0.0.1" in DATA else DATA.index(b"10.0")]
    assert salvage(cut) == ContextSet("default", THREE.contexts[:1])


def test_damaged_definitions_are_replaced_by_the_known_ones() -> None:
    assert salvage(b"\0" * len(DEFINITIONS) + DATA[len(DEFINITIONS) :]) == THREE


@pytest.mark.parametrize("data", [b"", b"contexts: []\n", DATA[:50], DATA[:173], b"\xff" * 500])
def test_without_anything_to_save_the_default_is_written(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "contexts"
    path.write_bytes(data)
    done = mend(path)
    assert (done.contexts, done.salvaged) == (DEFAULT, 0)
    assert done.reason
    assert decode(path.read_bytes()) == DEFAULT
    assert done.kept is not None
    assert done.kept.read_bytes() == data


def test_the_broken_file_is_kept_beside_the_good_one(tmp_path: Path) -> None:
    path = tmp_path / "contexts"
    path.write_bytes(DATA[:-2])
    path.chmod(0o600)
    done = mend(path)
    assert done.kept == tmp_path / "contexts.broken-20261125T120000Z"
    assert done.kept.read_bytes() == DATA[:-2]
    assert done.kept.stat().st_mode & 0o777 == 0o600
    assert (done.salvaged, done.reason) == (2, "unexpected EOF")
    assert decode(path.read_bytes()) == done.contexts == ContextSet("b", THREE.contexts[:2])


def test_a_kept_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "contexts"
    for number in range(3):
        path.write_bytes(b"broken %d" % number)
        mend(path)
    kept = sorted(tmp_path.glob("contexts.broken-*"))
    assert [one.read_bytes() for one in kept] == [b"broken 0", b"broken 1", b"broken 2"]


def test_a_healthy_or_missing_store_has_nothing_to_repair(tmp_path: Path) -> None:
    path = tmp_path / "contexts"
    assert mend(path) == Repaired(path, DEFAULT)
    assert list(tmp_path.iterdir()) == []
    path.write_bytes(DATA)
    assert mend(path) == Repaired(path, THREE)
    assert list(tmp_path.iterdir()) == [path]


def test_a_linked_store_is_mended_where_it_is(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    real = tmp_path / "real" / "contexts"
    real.write_bytes(DATA[:-2])
    link = tmp_path / "link"
    link.symlink_to(real)
    done = mend(link)
    assert link.is_symlink()
    assert done.kept is not None
    assert done.kept.parent == real.parent


def test_a_store_that_another_process_changes_is_left(tmp_path: Path) -> None:
    path = tmp_path / "contexts"
    path.write_bytes(DATA[:-2])
    with exclusive(lock_path(path), timeout=1), pytest.raises(Conflict):
        mend(path)
    assert path.read_bytes() == DATA[:-2]


def test_what_is_no_file_is_not_mended(tmp_path: Path) -> None:
    with pytest.raises(CorruptFile, match="not a file"):
        mend(tmp_path)
