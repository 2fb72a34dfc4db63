"""One contract for all stores, and what the one in a file has to survive."""

import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from envdplan.core.state.observed import Input
from envdplan.core.state.recorded import Record, State
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Conflict, CorruptFile
from envdplan.store.local import LocalStore
from envdplan.store.memory import MemoryStore
from tests import children

Store = LocalStore | MemoryStore


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    if request.param == "memory":
        return MemoryStore()
    return LocalStore(tmp_path / ".envdplan" / "state.json")


def filled(state: State, serial: int) -> State:
    address = Address.parse(f"context.c{serial}")
    record = Record(address, "context", {"name": "x" * 100})
    return replace(state, serial=serial, records={**state.records, address: record})


def test_what_is_saved_is_loaded(store: Store) -> None:
    with store.lock("test"):
        state = filled(store.load(), 1)
        store.save(state)
    assert store.load() == state


def test_a_lock_excludes_the_next(store: Store) -> None:
    with store.lock("first"), pytest.raises(Conflict), store.lock("second"):
        pass
    with store.lock("third"):
        pass


def test_lists_of_inputs_are_kept_by_their_digest(store: Store) -> None:
    inputs = (Input("file", "a", "1"), Input("arg", "B", "2"))
    store.keep_inputs("ab" * 16, inputs)
    assert store.inputs("ab" * 16) == inputs
    assert store.inputs("cd" * 16) is None
    assert store.inputs("../../etc/passwd") is None


def test_states_in_one_folder_keep_their_lists_apart(tmp_path: Path) -> None:
    one, other = LocalStore(tmp_path / "one.json"), LocalStore(tmp_path / "other.json")
    inputs = (Input("file", "a", "1"),)
    address = Address.parse("build.b")
    record = Record(address, "dockerfile", {"inputs_digest": "ab" * 16})
    for store in (one, other):
        store.keep_inputs("ab" * 16, inputs)
    one.prune(State.new())
    other.prune(replace(State.new(), records={address: record}))
    assert (one.inputs("ab" * 16), other.inputs("ab" * 16)) == (None, inputs)


@pytest.fixture
def local(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / ".envdplan" / "state.json")


def test_loading_creates_nothing(local: LocalStore) -> None:
    assert local.load().serial == 0
    assert not local.path.parent.exists()


def test_each_operation_leaves_a_backup(local: LocalStore) -> None:
    for serial in range(1, 9):
        with local.lock("test"):
            local.save(filled(local.load(), serial))
    backups = sorted(one.name for one in local.path.parent.glob("*.backup.*"))
    assert backups == [f"state.json.backup.{number}" for number in range(1, 6)]
    assert (local.path.parent / ".gitignore").read_text() == "*\n"
    assert local.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("content", ["", '{"kind": "state"', "nonsense"])
def test_a_broken_state_names_its_backup(local: LocalStore, content: str) -> None:
    for serial in (1, 2):
        with local.lock("test"):
            local.save(filled(local.load(), serial))
    local.path.write_text(content)
    with pytest.raises(CorruptFile) as caught:
        local.load()
    assert f"cp {local.path}.backup.1 {local.path}" in caught.value.detail


def test_a_missing_state_with_backups_is_no_new_beginning(local: LocalStore) -> None:
    for serial in (1, 2):
        with local.lock("test"):
            local.save(filled(local.load(), serial))
    local.path.unlink()
    with pytest.raises(CorruptFile, match="State is missing"):
        local.load()


def test_a_state_that_changed_meanwhile_is_not_overwritten(local: LocalStore) -> None:
    with local.lock("test"):
        local.save(filled(local.load(), 1))
    first, second = LocalStore(local.path), LocalStore(local.path)
    one, other = first.load(), second.load()
    first.save(filled(one, 2))
    with pytest.raises(Conflict, match="changed by another process"):
        second.save(filled(other, 2))


HOLD = """
import sys, time
from pathlib import Path
from envdplan.store.local import LocalStore
with LocalStore(Path(sys.argv[1])).lock("apply"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_another_processes_lock_is_named_and_dies_with_it(local: LocalStore) -> None:
    holder = children.start(
        [sys.executable, "-c", HOLD, str(local.path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(Conflict) as caught, local.lock("apply"):
            pass
        assert f"process {holder.pid}" in caught.value.detail
        id = caught.value.detail.rpartition("force-unlock ")[2].partition("`")[0]
        with pytest.raises(Conflict, match="Another lock"):
            local.force_unlock("wrong")
        local.force_unlock(id)
        with local.lock("apply"):
            pass
    finally:
        holder.kill()
        holder.communicate()
    with pytest.raises(Conflict, match="not locked"):
        local.force_unlock(id)


WRITE = """
import sys
from dataclasses import replace
from pathlib import Path
from envdplan.store.local import LocalStore
store = LocalStore(Path(sys.argv[1]))
with store.lock("apply"):
    state = store.load()
    print("go", flush=True)
    while True:
        state = replace(state, serial=state.serial + 1, outputs={"x": "y" * 50_000})
        store.save(state)
"""


@pytest.mark.slow
def test_a_killed_writer_leaves_the_old_state_or_the_new(local: LocalStore) -> None:
    for moment in range(12):
        writer = children.start(
            [sys.executable, "-c", WRITE, str(local.path)], stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.003 * moment)
        writer.kill()
        writer.communicate()
        local.load()
