"""Updates of a builder's container that are killed: the next apply ends with the wanted one."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from envdplan.clients.docker.container import ContainerSpec
from envdplan.core.plan.compare import differences
from envdplan.core.state.observed import Present
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Conflict
from envdplan.ground.values import Attributes
from envdplan.resources.builders.container import succession
from envdplan.resources.builders.container.docker_container import TYPE
from envdplan.resources.builders.ownership import Claim, Owner
from tests.unit.drivers.fake_containers import Driver, Killed, Process, World, serve

ADDRESS = Address.parse("builder.b")


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(succession, "_PAUSE", 0)


def wanted(round: int, **more: str) -> Attributes:
    return {
        "name": "b",
        "address": "b",
        "image": "buildkit",
        "restart": "no",
        "privileged": True,
        "flags": (),
        "mounts": (),
        "labels": {},
        "env": {"ROUND": str(round)},
        "status": "running",
        **more,
    }


def apply(process: Process, attributes: Attributes) -> Attributes | None:
    """Plan and apply; None where there was nothing to do."""
    driver = Driver(process)
    cancel = threading.Event()
    live = driver.read(ADDRESS, attributes)
    if not isinstance(live, Present):
        return driver.create(Claim(ADDRESS), attributes, lambda *_: None, cancel)
    if not differences(TYPE, live.attributes, attributes):
        return None
    return driver.update(Claim(ADDRESS), live.attributes, attributes, lambda *_: None, cancel)


def killed(world: World, attributes: Attributes, moment: int) -> Process | None:
    """The process that was killed at its request number `moment`; None if it needed fewer."""
    process = Process(world, killed_at=moment)
    try:
        apply(process, attributes)
    except Killed:
        return process
    return None


def built(round: int = 15) -> World:
    world = World()
    apply(Process(world), wanted(round))
    return world


def assert_settled(world: World, attributes: Attributes) -> None:
    (only,) = world.containers.values()
    assert (only.name, only.state) == ("b", "running")
    assert only.spec.environment == attributes["env"]
    assert apply(Process(world), attributes) is None


def moments() -> Iterator[int]:
    """The numbers of all requests of an update."""
    moment = 0
    while killed(built(), wanted(16), moment) is not None:
        yield moment
        moment += 1


def test_a_container_that_was_created_and_never_started_is_not_taken_for_the_new_one() -> None:
    world = built()
    old = world.inspect("b")
    assert old is not None
    world.rename("b", "b-envdplan-old")
    world.stop("b-envdplan-old")
    world.create("b", replace(old.spec, environment={"ROUND": "16"}))
    apply(Process(world), wanted(16))
    assert_settled(world, wanted(16))


@pytest.mark.parametrize("served", [True, False])
def test_an_update_killed_at_any_request_is_finished_by_the_next_apply(served: bool) -> None:
    for moment in moments():
        world = built()
        process = killed(world, wanted(16), moment)
        assert process is not None
        assert process.unserved is not None
        if served:
            serve(process.unserved)
        apply(Process(world), wanted(16))
        assert_settled(world, wanted(16))


def test_what_a_killed_update_had_asked_for_may_be_served_at_any_time() -> None:
    for moment in moments():
        for late_at in range(40):
            world = built()
            process = killed(world, wanted(16), moment)
            assert process is not None
            following = Process(world, late=process.unserved, late_at=late_at)
            apply(following, wanted(16))
            if following.asked <= late_at:
                break
            assert_settled(world, wanted(16))


def test_a_name_that_others_took_meanwhile_is_a_conflict() -> None:
    world = built()
    engine: Any = SimpleNamespace(containers=world)
    line = succession.Succession(engine, "b", Owner(Claim(ADDRESS), "lineage"))
    line.confirm("id1")
    with pytest.raises(Conflict, match="was replaced meanwhile"):
        line.confirm("id2")


def test_a_container_of_others_is_let_be() -> None:
    world = World()
    world.create("b", ContainerSpec("theirs"))
    driver = Driver(Process(world))
    with pytest.raises(Conflict, match="is taken"):
        driver.create(Claim(ADDRESS), wanted(16), lambda *_: None, threading.Event())
    assert [one.spec.image for one in world.containers.values()] == ["theirs"]
