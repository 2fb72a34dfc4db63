"""buildx's builders and envd's contexts, as blocks."""

import json
from pathlib import Path

import pytest

from envdplan.clients.docker.buildx import Instance, Node, instances, store_path
from envdplan.clients.envd.contexts import Context, ContextSet
from envdplan.ground.diagnostics import CorruptFile
from envdplan.ground.values import Value
from envdplan.resources.builders.base import Lifecycle
from envdplan.resources.builders.discovery import Discovery


def nobody(type: str) -> Lifecycle:
    raise AssertionError(f"{type} was looked at")


def remote(endpoint: str, **options: str) -> Instance:
    return Instance("b", "remote", (Node("b0", endpoint, options),))


@pytest.mark.parametrize(
    ("instance", "wanted"),
    [
        (remote("tcp://h:1"), {"type": "tcp", "address": "h:1"}),
        (
            remote("tcp://h:1", cacert="/ca", servername="s"),
            {"type": "tcp", "address": "h:1", "tls": {"ca": "/ca", "server_name": "s"}},
        ),
        (remote("unix:///run/x.sock"), {"type": "unix", "address": "/run/x.sock"}),
        (remote("ssh://me@h:22"), {"type": "ssh", "address": "me@h:22"}),
        (
            remote("kube-pod://p?namespace=n"),
            {"type": "kube-pod", "mode": "attach", "pod": "p", "namespace": "n"},
        ),
        (
            Instance(
                "k",
                "kubernetes",
                (Node("k_0", "kubernetes:///k?kubeconfig=%2Fkc", {"namespace": "ci"}),),
            ),
            {
                "type": "kube-pod",
                "mode": "attach",
                "selector": "app=k-0",
                "namespace": "ci",
                "kubeconfig": "/kc",
            },
        ),
    ],
)
def test_a_builder_of_buildx_in_our_words(instance: Instance, wanted: dict[str, Value]) -> None:
    (found,) = Discovery(nobody).builders((instance,))
    assert found.attributes == wanted


def test_nodes_of_one_builder_become_several_and_names_stay_apart() -> None:
    nodes = (Node("a.b", "tcp://h:1", {}), Node("a-b", "tcp://h:2", {}), Node("9", "tcp://h:3", {}))
    found = Discovery(nobody).builders((Instance("x", "remote", nodes),))
    assert [one.address.name for one in found] == ["a_b", "a-b", "_9"]


def test_contexts_refer_to_the_blocks_of_their_builders() -> None:
    discovery = Discovery(nobody)
    list(discovery.builders((remote("tcp://h:1"),)))
    contexts = ContextSet(
        "far",
        (
            Context("far", "tcp", "h:1"),
            Context("n", "nerdctl-container", "x"),
            Context("s", "tcp", "h:2", "envd-server", "http://h:8080"),
        ),
    )
    far, nerdctl, server = discovery.contexts(contexts)
    assert (str(far.builder), far.attributes) == ("builder.b", {"use": True})
    assert nerdctl.attributes["envd_compatible"] is False
    assert server.attributes["runner_address"] == "http://h:8080"


def test_the_store_of_buildx_is_where_buildx_has_it(tmp_path: Path) -> None:
    assert store_path({"HOME": "/h"}) == Path("/h/.docker/buildx")
    assert store_path({"HOME": "/h", "DOCKER_CONFIG": "/d"}) == Path("/d/buildx")
    environment = {"BUILDX_CONFIG": str(tmp_path)}
    assert instances(environment) == ()
    folder = tmp_path / "instances"
    folder.mkdir()
    node = {"Name": "b0", "Endpoint": "tcp://h:1", "DriverOpts": None}
    (folder / "b").write_text(json.dumps({"Name": "b", "Driver": "remote", "Nodes": [node]}))
    assert instances(environment) == (remote("tcp://h:1"),)
    (folder / "c").write_text("{")
    with pytest.raises(CorruptFile, match="docker buildx rm"):
        instances(environment)
