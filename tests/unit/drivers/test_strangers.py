"""Right before it acts, a driver looks whose a container is: somebody else's is left as it is."""

import threading
from dataclasses import replace
from types import SimpleNamespace

import pytest

from envdplan.clients.docker.container import ContainerSpec
from envdplan.core.state.observed import Absent, Present, Stranger
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Conflict
from envdplan.resources.builders.base import Undeclared
from envdplan.resources.builders.ownership import LINEAGE, OWNER, Claim
from tests.unit.drivers.fake_containers import Driver, Process, World
from tests.unit.drivers.test_succession import wanted

ADDRESS = Address.parse("builder.b")
THEIRS = {"": {}, "another state's": {OWNER: "builder.b", LINEAGE: "another"}}
DEEDS = ("create", "update", "delete")


def do(driver: Driver, deed: str, *adopted: Stranger) -> None:
    claim, never = Claim(ADDRESS, frozenset(adopted)), threading.Event()
    match deed:
        case "create":
            driver.create(claim, wanted(2), lambda *_: None, never)
        case "update":
            driver.update(claim, wanted(1), wanted(2), lambda *_: None, never)
        case _:
            driver.delete(claim, wanted(1), lambda *_: None, never)


def taken(labels: dict[str, str], state: str = "running", name: str = "b") -> World:
    world = World()
    world.create(name, ContainerSpec("theirs", labels=labels))
    world._set(name, state=state)
    return world


@pytest.mark.parametrize("state", ["running", "exited", "created"])
@pytest.mark.parametrize("whose", THEIRS)
@pytest.mark.parametrize("deed", DEEDS)
def test_what_others_made_is_left_as_it_is(deed: str, whose: str, state: str) -> None:
    world = taken(THEIRS[whose], state)
    before = dict(world.containers)
    with pytest.raises(Conflict, match="carries no mark of this state"):
        do(Driver(Process(world)), deed)
    assert world.containers == before


@pytest.mark.parametrize("whose", THEIRS)
@pytest.mark.parametrize("deed", DEEDS)
def test_what_was_taken_over_is_changed(deed: str, whose: str) -> None:
    world = taken(THEIRS[whose])
    driver = Driver(Process(world))
    seen = driver.read(ADDRESS, wanted(1))
    assert isinstance(seen, Present)
    assert not seen.ours
    do(driver, deed, *seen.strangers)
    left = [one.spec.image for one in world.containers.values()]
    assert left == ([] if deed == "delete" else ["buildkit"])
    if left:
        after = driver.read(ADDRESS, wanted(2))
        assert isinstance(after, Present)
        assert (after.ours, after.strangers) == (True, ())


@pytest.mark.parametrize("state", ["running", "exited"])
@pytest.mark.parametrize("deed", DEEDS)
def test_one_that_took_the_name_of_a_half_updated_one_is_left_as_it_is(
    deed: str, state: str
) -> None:
    world = World()
    driver = Driver(Process(world))
    driver.create(Claim(ADDRESS), wanted(1), lambda *_: None, threading.Event())
    world.rename("b", "b-envdplan-old")
    world.create("b", ContainerSpec("theirs"))
    world._set("b", state=state)
    before = dict(world.containers)
    with pytest.raises(Conflict):
        do(driver, deed)
    assert world.containers == before


@pytest.mark.parametrize("deed", DEEDS)
def test_a_name_like_that_of_a_predecessor_is_no_right_either(deed: str) -> None:
    world = taken({}, "exited", name="b-envdplan-old")
    driver = Driver(Process(world))
    do(driver, deed)
    assert "b-envdplan-old" in [one.name for one in world.containers.values()]


@pytest.mark.parametrize(
    ("labels", "goes"),
    [
        ({OWNER: "builder.b", LINEAGE: "lineage"}, True),
        ({OWNER: "builder.b", LINEAGE: "lost"}, True),
        ({OWNER: "builder.b", LINEAGE: "another"}, False),
        ({}, False),
    ],
)
def test_a_volume_goes_with_a_mark_of_this_state_or_of_one_that_was_taken_over(
    labels: dict[str, str], goes: bool
) -> None:
    world, removed, told = World(), list[str](), list[str]()
    driver = Driver(Process(world))
    driver._fake.volumes.inspect = lambda _: SimpleNamespace(labels=labels)
    driver._fake.volumes.remove = removed.append
    claim = Claim(ADDRESS, frozenset([Stranger("gone", "lost")]))
    driver.delete(claim, wanted(1), lambda text="", _=None: told.append(text), threading.Event())
    assert removed == (["b-state"] if goes else [])
    assert any("b-state stays" in one for one in told) != goes


def test_a_moved_block_keeps_its_container() -> None:
    world = World()
    driver = Driver(Process(world))
    driver.create(Claim(ADDRESS), wanted(1), lambda *_: None, threading.Event())
    moved = replace(Claim(ADDRESS), address=Address.parse("builder.new"))
    driver.update(moved, wanted(1), wanted(2), lambda *_: None, threading.Event())
    (only,) = world.containers.values()
    assert only.spec.labels[OWNER] == "builder.new"


def test_a_container_whose_id_begins_with_the_name_is_another_one() -> None:
    world = World()
    world.create("other", ContainerSpec("theirs"))
    (theirs,) = world.containers.values()
    inspect = world.inspect
    world.inspect = lambda name: inspect(name) or (theirs if name == "b" else None)  # type: ignore[method-assign]
    driver = Driver(Process(world))
    assert isinstance(driver.read(ADDRESS, wanted(1)), Absent)
    assert isinstance(driver.look(Undeclared({"name": "b"})), Absent)
    do(driver, "delete")
    assert [*world.containers.values()] == [theirs]
