"""The way into a cluster: many threads, TLS, commands in pods, and what goes wrong."""

import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import yaml

from envdplan.clients.kubernetes.access import Target, open_access
from envdplan.clients.kubernetes.api import CONFIG_MAP, POD, STATEFUL_SET, Api
from envdplan.clients.kubernetes.exec_stream import Command, CommandEnded, exec_stream
from envdplan.clients.kubernetes.failures import FieldConflict, Forbidden, Missing
from envdplan.ground.diagnostics import Conflict, EnvdplanError, Refused, Unreachable
from envdplan.ground.streams import CommandStream
from envdplan.testing.kubernetes import Cluster

POD_BODY: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "p"},
    "spec": {"containers": [{"name": "c", "image": "registry.test/x:1"}]},
}


def open_api(cluster: Cluster, folder: Path) -> Api:
    path = cluster.write_kubeconfig(folder / "kubeconfig")
    return Api(open_access(Target(str(path)), {}), None)


def until_ready(api: Api) -> None:
    for pod in api.watch(POD, labels="", seconds=120):
        conditions = (pod.get("status") or {}).get("conditions") or ()
        if any(one["type"] == "Ready" and one["status"] == "True" for one in conditions):
            return
    pytest.fail("the pod did not get ready")


@pytest.fixture(params=["http", "https", "http on 1.20"])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    version = "1.20.2" if "1.20" in request.param else "1.36.2"
    with Cluster(version=version, tls=request.param == "https") as running:
        yield running


@pytest.fixture
def api(cluster: Cluster, tmp_path: Path) -> Api:
    return open_api(cluster, tmp_path)


@pytest.fixture
def pod(api: Api) -> str:
    api.create(POD, POD_BODY)
    until_ready(api)
    return "p"


def read_all(stream: CommandStream) -> bytes:
    buffer, found = bytearray(65536), b""
    try:
        while count := stream.recv_into(buffer):
            found += bytes(buffer[:count])
    finally:
        stream.close()
    return found


def test_sixty_requests_in_parallel_beside_commands(api: Api, pod: str) -> None:
    def ask(number: int) -> str:
        if number % 4 == 0:
            command = Command(pod, "c", ["echo", str(number)])
            return read_all(exec_stream(api.access, "default", command)).decode().strip()
        found = api.get(POD, pod)
        assert found is not None
        return str(number) if found["metadata"]["name"] == pod else ""

    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(ask, range(120)))
    assert answers == [str(number) for number in range(120)]


def test_bytes_go_both_ways_through_a_command(api: Api, pod: str, cluster: Cluster) -> None:
    data = bytes(range(256)) * 40_000  # 10 MB
    command = Command(pod, "c", ["cat"])
    stream = exec_stream(api.access, "default", command)

    def feed() -> None:
        stream.sendall(data)
        if cluster.version == "1.36.2":
            stream.shutdown(socket.SHUT_WR)

    feeder = threading.Thread(target=feed)
    feeder.start()
    buffer, found = bytearray(65536), bytearray()
    while len(found) < len(data):
        found += buffer[: stream.recv_into(buffer)]
    feeder.join()
    if cluster.version == "1.36.2":
        assert stream.recv_into(buffer) == 0  # v5 can end the input, and cat ends with it
    stream.close()
    assert found == data


def test_a_failed_command_tells_its_last_words(api: Api, pod: str) -> None:
    command = Command(pod, "c", ["sh", "-c", "echo lost >&2; exit 3"])
    with pytest.raises(CommandEnded, match="in the pod p failed: lost"):
        read_all(exec_stream(api.access, "default", command))


def test_a_missing_program_is_named(api: Api, pod: str) -> None:
    command = Command(pod, "c", ["no-such-program"])
    with pytest.raises(Refused, match=r"no-such-program.*executable file not found"):
        read_all(exec_stream(api.access, "default", command))


def test_a_missing_pod_or_right_is_told(api: Api, pod: str, cluster: Cluster) -> None:
    with pytest.raises(Missing, match='pods "nobody" not found'):
        exec_stream(api.access, "default", Command("nobody", "c", ["true"]))
    cluster.faults.denied.add(("get", "pods/exec"))
    with pytest.raises(Forbidden, match="cannot get resource"):
        exec_stream(api.access, "default", Command(pod, "c", ["true"]))


def test_a_kubelet_that_is_down_is_worth_another_try(api: Api, pod: str, cluster: Cluster) -> None:
    cluster.faults.dialing = 1
    with pytest.raises(Unreachable, match="dialing backend"):
        exec_stream(api.access, "default", Command(pod, "c", ["true"]))
    assert read_all(exec_stream(api.access, "default", Command(pod, "c", ["true"]))) == b""


def test_a_connection_that_breaks_is_an_error_and_no_end(
    api: Api, pod: str, cluster: Cluster
) -> None:
    cluster.faults.drop_exec_after = 100_000
    command = Command(pod, "c", ["head", "-c", "1000000", "/dev/zero"])
    with pytest.raises(OSError, match=r"closed|reset|Connection"):
        read_all(exec_stream(api.access, "default", command))


def test_closing_the_near_end_ends_the_command(api: Api, pod: str) -> None:
    stream = exec_stream(api.access, "default", Command(pod, "c", ["cat"]))
    stream.sendall(b"x")
    stream.close()
    deadline = time.monotonic() + 10
    names = {one.name for one in threading.enumerate()}
    while "pod-exec" in names and time.monotonic() < deadline:
        time.sleep(0.02)
        names = {one.name for one in threading.enumerate()}
    assert "pod-exec" not in names


@pytest.fixture
def dead_proxy(monkeypatch: pytest.MonkeyPatch) -> str:
    """Nothing listens there; the environment names it for everything but another host."""
    address = "http://127.0.0.1:9"
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, address)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "registry.test")
    return address


@pytest.mark.usefixtures("dead_proxy")
def test_this_machine_takes_no_proxy_of_the_environment(cluster: Cluster, tmp_path: Path) -> None:
    api = open_api(cluster, tmp_path)
    api.create(POD, POD_BODY)
    until_ready(api)
    command = Command("p", "c", ["echo", "straight"])
    assert read_all(exec_stream(api.access, "default", command)) == b"straight\n"


def test_the_proxy_of_a_kubeconfig_counts(
    cluster: Cluster, tmp_path: Path, dead_proxy: str
) -> None:
    path = cluster.write_kubeconfig(tmp_path / "kubeconfig")
    content = yaml.safe_load(path.read_text())
    content["clusters"][0]["cluster"]["proxy-url"] = dead_proxy.replace("127.0.0.1", "127.0.0.2")
    path.write_text(yaml.safe_dump(content))
    with pytest.raises(Unreachable, match=r"proxy"):
        Api(open_access(Target(str(path)), {}), None).get(POD, "p")


def test_a_field_of_somebody_else_is_told_with_its_manager(api: Api) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}}
    api.apply({**config, "data": {"a": "1"}})
    path = CONFIG_MAP.path("default", "m")
    body = {**config, "data": {"a": "2"}}
    api.send("PUT", path, body, {"fieldManager": "somebody"})
    with pytest.raises(FieldConflict) as caught:
        api.apply({**config, "data": {"a": "1"}}, force=False)
    assert caught.value.causes == ('conflict with "somebody" using v1: .data.a',)
    api.apply({**config, "data": {"a": "1"}})
    assert (api.get(CONFIG_MAP, "m") or {})["data"] == {"a": "1"}


def test_only_a_definite_answer_means_gone(api: Api, cluster: Cluster) -> None:
    assert api.get(STATEFUL_SET, "nobody") is None
    cluster.faults.busy = 1
    with pytest.raises(Unreachable, match="503"):
        api.get(STATEFUL_SET, "nobody")
    cluster.faults.expired = True
    with pytest.raises(Refused, match="401"):
        api.get(STATEFUL_SET, "nobody")


def test_another_one_of_that_name_is_not_removed(api: Api) -> None:
    config = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m"}}
    api.apply(config)
    with pytest.raises(Conflict):
        api.delete(CONFIG_MAP, "m", "00000000-0000-0000-0000-000000000000")
    assert api.get(CONFIG_MAP, "m") is not None


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("not: [yaml", "cannot be used"),
        ("{}", "cannot be used"),
        ('{"contexts": [], "clusters": [], "users": [], "current-context": "x"}', "be used"),
    ],
)
def test_a_kubeconfig_that_makes_no_sense_is_told(tmp_path: Path, content: str, words: str) -> None:
    path = tmp_path / "config"
    path.write_text(content)
    with pytest.raises(EnvdplanError, match=words):
        open_access(Target(str(path)), {})
    with pytest.raises(EnvdplanError, match=words):
        open_access(Target(str(tmp_path / "none")), {})
