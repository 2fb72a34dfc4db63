"""A builder in a container of its own does not find a registry on this machine's localhost."""

from collections.abc import Mapping

import pytest

from envdplan.ground.values import UNKNOWN, Attributes, Sensitive, Value
from envdplan.resources.builds.localhost import on_localhost, unreachable_registries

PUSHED: Attributes = {"output": ({"type": "image", "push": True},), "tags": ("localhost:5000/a:1",)}


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:5000", "127.0.0.1:5", "127.8.8.8", "[::1]:5"]
)
def test_every_way_to_write_this_machine_is_known(host: str) -> None:
    assert on_localhost(f"{host}/a:1") == host
    assert on_localhost(f"docker-image://{host}/a") == host
    assert on_localhost(Sensitive(f"{host}/a")) == host


@pytest.mark.parametrize(
    "text",
    ["localhost", "localhost.example/a", "r/localhost/a", "128.0.0.1/a", "", None, UNKNOWN],
)
def test_other_names_are_not_taken_for_it(text: Value) -> None:
    assert on_localhost(text) is None


@pytest.mark.parametrize(
    ("type", "builder", "warned"),
    [
        ("docker-container", {}, True),
        ("docker-container", {"network": "bridge"}, True),
        ("docker-container", {"network": "host"}, False),
        ("podman-container", {"network": None}, True),
        ("nerdctl-container", {"network": "host"}, False),
        ("docker-container", {"network": "host", "node": {"a": {}, "b": {"network": "x"}}}, True),
        ("docker-container", {"node": {"a": {"network": "host"}}}, False),
        ("kube-pod", {}, True),
        ("ssh", {"address": "me@far:22"}, True),
        ("ssh", {"address": "me@localhost:22"}, False),
        ("moby-worker", {}, False),
        ("unix", {}, False),
        (None, {}, False),
    ],
)
def test_the_network_of_the_builder_decides(
    type: str | None, builder: Attributes, *, warned: bool
) -> None:
    told = unreachable_registries(PUSHED, type, builder)
    assert (told is not None) is warned
    if told is not None:
        assert "localhost:5000 is" in told
        assert ("network" in told) is (type not in ("kube-pod", "ssh"))


@pytest.mark.parametrize(
    "build",
    [
        {"import_cache": ({"type": "registry", "ref": "localhost:5000/c"},)},
        {"export_cache": ({"type": "registry", "ref": "localhost:5000/c"},)},
        {"args": {"BASE": f"localhost:5000/b@sha256:{'1' * 64}"}},
        {"output": ({"type": "image", "push": True, "names": ("localhost:5000/b",)},)},
        {"contexts": {"base": "docker-image://localhost:5000/b"}},
    ],
)
def test_caches_and_bases_count_as_well(build: Mapping[str, Value]) -> None:
    assert unreachable_registries(build, "docker-container", {}) is not None
    assert unreachable_registries(build, "docker-container", {"network": "host"}) is None


def test_what_the_dockerfile_names_counts_and_a_name_without_push_does_not() -> None:
    only_named = {**PUSHED, "output": ({"type": "docker"},)}
    assert unreachable_registries(only_named, "docker-container", {}) is None
    told = unreachable_registries(only_named, "docker-container", {}, ["localhost:5000/base"])
    assert told is not None
    assert "localhost:5000" in told


def test_of_a_secret_address_only_the_host_is_shown() -> None:
    build = {"args": {"BASE": Sensitive("localhost:5000/hidden")}}
    told = unreachable_registries(build, "kube-pod", {})
    assert told is not None
    assert "hidden" not in told
