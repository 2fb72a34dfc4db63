"""Builders that are known by their address alone, of every type: seen, or told why not."""

import threading
from pathlib import Path

import pytest

from envdplan.core.state.observed import Absent, Present, Unreachable
from envdplan.ground.addresses import Address
from envdplan.resources.builders import DRIVERS, driver
from envdplan.resources.builders.base import Surroundings, Undeclared
from envdplan.resources.builders.container import docker_container
from envdplan.resources.builders.ownership import Claim
from tests.unit.drivers.fake_containers import Driver, Process, World
from tests.unit.drivers.test_succession import wanted

ADDRESSES = {
    "docker-container": "ci",
    "podman-container": "ci",
    "nerdctl-container": "ci",
    "kube-pod": "ci-0?namespace=team&container=buildkitd",
    "moby-worker": "envd_buildkitd",
    "ssh": "nobody@127.0.0.1:1",
    "tcp": "127.0.0.1:1",
    "unix": "/nonexistent/buildkitd.sock",
}
NOWHERE = {
    "PATH": "/usr/bin:/bin",
    "HOME": "/nonexistent",
    "DOCKER_HOST": "unix:///nonexistent/docker.sock",
    "CONTAINER_HOST": "unix:///nonexistent/podman.sock",
    "KUBECONFIG": "/nonexistent/config",
}


def at(type: str, address: str) -> Undeclared:
    found = driver(type)
    assert found is not None
    builder = found.from_address(address)
    assert builder is not None
    return builder


@pytest.mark.parametrize("type", [one.type.name for one in DRIVERS])
def test_an_address_tells_how_to_reach_it_and_no_more(type: str) -> None:
    found = driver(type)
    assert found is not None
    builder = at(type, ADDRESSES[type])
    assert {*builder.reach} <= {*found.type.names(lambda one: one.connection)}


@pytest.mark.parametrize("type", [one.type.name for one in DRIVERS])
def test_one_that_cannot_be_reached_is_told_with_a_reason(type: str) -> None:
    found = driver(type)
    assert found is not None
    builder = Undeclared({**at(type, ADDRESSES[type]).reach, "timeout": 0.2})
    seen = found.lifecycle(Surroundings(NOWHERE, "lineage")).look(builder)
    assert isinstance(seen, Unreachable)
    assert len(seen.reason) > 20


@pytest.mark.parametrize("type", ["docker-container", "podman-container", "nerdctl-container"])
@pytest.mark.parametrize("address", ["", "a/b", "two words", "ci?context=far", "-v"])
def test_an_address_that_is_no_container_is_none(type: str, address: str) -> None:
    found = driver(type)
    assert found is not None
    assert found.from_address(address) is None


@pytest.mark.parametrize("state", ["running", "exited", "paused", "created"])
def test_a_container_is_seen_as_it_is(state: str) -> None:
    world = World()
    driver = Driver(Process(world))
    driver.create(
        Claim(Address.parse("builder.ci")),
        wanted(1, name="ci", network="host"),
        lambda *_: None,
        _never(),
    )
    world._set("ci", state=state)
    seen = Driver(Process(world)).look(at("docker-container", "ci"))
    assert isinstance(seen, Present)
    assert (seen.attributes["status"], seen.attributes["network"]) == (state, "host")
    assert ("workers" in seen.attributes) == (state == "running")
    assert isinstance(driver.look(at("docker-container", "gone")), Absent)


@pytest.mark.parametrize("state", ["running", "exited"])
def test_a_container_behind_a_command_is_seen_as_it_is(
    tmp_path: Path, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docker_container, "_PATIENCE", 0.2)
    program = tmp_path / "nerdctl"
    program.write_text(
        '#!/bin/sh\n[ "$3" = ci ] || { echo "no such container $3" >&2; exit 1; }\n'
        f'[ "$1" = exec ] && exit 1\n'
        f'echo \'[{{"Id": "1", "Name": "ci", "State": {{"Status": "{state}"}}}}]\'\n'
    )
    program.chmod(0o755)
    found = driver("nerdctl-container")
    assert found is not None
    there = found.lifecycle(Surroundings({"PATH": f"{tmp_path}:/usr/bin:/bin"}, "lineage"))
    seen = there.look(at("nerdctl-container", "ci"))
    if state == "running":  # and its BuildKit does not answer
        assert isinstance(seen, Unreachable)
    else:
        assert isinstance(seen, Present)
        assert seen.attributes == {"status": "exited", "network": None}
    assert isinstance(there.look(at("nerdctl-container", "gone")), Absent)


def test_nodes_that_are_not_there_are_named() -> None:
    world = World()
    inner = Driver(Process(world))
    for name in ("b-one", "b-two"):
        inner.create(
            Claim(Address.parse("builder.b")), wanted(1, name=name), lambda *_: None, _never()
        )
        world._set(name, state="exited")
    from envdplan.resources.builders.container.docker_container import TYPE
    from envdplan.resources.builders.nodes import Nodes

    nodes = Nodes(inner, TYPE)
    reach = {"name": "b", "node": {"one": {}, "two": {}}}
    seen = nodes.look(Undeclared(reach))
    assert isinstance(seen, Present)
    assert seen.attributes["status"] == "exited"
    del world.containers[world._found("b-two").id]
    seen = nodes.look(Undeclared(reach))
    assert isinstance(seen, Present)
    assert seen.attributes["status"] == "without two"
    world.containers.clear()
    assert isinstance(nodes.look(Undeclared(reach)), Absent)


def _never() -> threading.Event:
    return threading.Event()


def test_podman_that_does_not_answer_is_called_podman() -> None:
    found = driver("podman-container")
    assert found is not None
    for environment, source in ((NOWHERE, "from CONTAINER_HOST"), ({}, "the usual place")):
        look = found.lifecycle(Surroundings(environment, "lineage")).look
        seen = look(at("podman-container", "ci"))
        assert isinstance(seen, Unreachable)
        assert seen.reason.startswith("Podman cannot be reached")
        assert source in seen.reason
        assert "podman.socket" in seen.reason
        assert "Docker" not in seen.reason
