"""Results on this machine: what a build wrote, and what became of it."""

import os
from pathlib import Path

import pytest

from envdplan.core.state.observed import Strayed
from envdplan.resources.builds.results import Results
from envdplan.resources.builds.sources import Sources
from envdplan.store.local import LocalStore
from envdplan.store.memory import MemoryStore

WRITTEN = ("bin", "bin/app", "empty", "link")


@pytest.fixture
def out(tmp_path: Path) -> Path:
    folder = tmp_path / "out"
    for name in ("bin", "empty"):
        (folder / name).mkdir(parents=True)
    (folder / "bin" / "app").write_text("one")
    (folder / "link").symlink_to("bin/app")
    return folder


@pytest.fixture
def results(tmp_path: Path) -> Results:
    return Results(Sources({"XDG_CACHE_HOME": str(tmp_path / "cache")}, {}))


def now(results: Results, out: Path, store: MemoryStore, recorded: str) -> tuple[Strayed, ...]:
    found = results.now(str(out), recorded, store.inputs)
    assert (found.signature == recorded) == (not found.strayed)
    return found.strayed


def test_a_folder_is_known_by_what_the_build_wrote(results: Results, out: Path) -> None:
    store = MemoryStore()
    recorded = results.made(str(out), WRITTEN, store.keep_inputs)
    assert recorded is not None
    assert now(results, out, store, recorded) == ()
    (out / "more").write_text("of somebody else")
    os.utime(out / "bin" / "app", (1, 1))
    assert now(results, out, store, recorded) == ()
    (out / "bin" / "app").write_text("two")
    (out / "empty").rmdir()
    assert now(results, out, store, recorded) == (
        Strayed("bin/app"),
        Strayed("empty", gone=True),
    )


def test_a_link_in_place_of_a_file_is_seen(results: Results, out: Path) -> None:
    store = MemoryStore()
    recorded = results.made(str(out), WRITTEN, store.keep_inputs) or ""
    (out / "link").unlink()
    (out / "link").write_text("one")
    assert now(results, out, store, recorded) == (Strayed("link"),)


@pytest.mark.parametrize("recorded", ["directory", "tree 1234567890abcdef"])
def test_of_a_folder_without_its_list_it_counts_that_it_is_there(
    results: Results, out: Path, recorded: str
) -> None:
    assert results.now(str(out), recorded, MemoryStore().inputs).signature == recorded
    assert results.now(str(out / "no"), recorded, MemoryStore().inputs).signature is None


def test_a_file_is_known_by_size_and_time(results: Results, out: Path) -> None:
    store, path = MemoryStore(), out / "bin" / "app"
    recorded = results.made(str(path), None, store.keep_inputs)
    assert results.now(str(path), str(recorded), store.inputs).signature == recorded
    path.write_text("other")
    assert results.now(str(path), str(recorded), store.inputs).signature != recorded


def test_lists_of_recorded_folders_are_kept(results: Results, out: Path, tmp_path: Path) -> None:
    from envdplan.core.state.recorded import Record, State
    from envdplan.ground.addresses import Address

    store = LocalStore(tmp_path / "state.json")
    kept = results.made(str(out), WRITTEN, store.keep_inputs)
    gone = results.made(str(out), WRITTEN[:1], store.keep_inputs)
    address = Address.parse("build.x")
    record = Record(address, "dockerfile", {"outputs": {str(out): kept}, "inputs_digest": "0" * 64})
    store.prune(State("l", records={address: record}))
    assert store.inputs(str(kept).removeprefix("tree ")) is not None
    assert store.inputs(str(gone).removeprefix("tree ")) is None
