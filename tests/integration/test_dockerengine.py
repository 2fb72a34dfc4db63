"""The Docker Engine client against real engines, one for each image store."""

import contextlib
import io
import socket
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from envdplan.clients.buildkit.client import BuildKit
from envdplan.clients.buildkit.wire.dial import SocketDialer
from envdplan.clients.docker.archives import FileContent
from envdplan.clients.docker.container import ContainerSpec, Mount, Resources
from envdplan.clients.docker.endpoint import TLS, Endpoint, resolve
from envdplan.clients.docker.engine import Engine
from envdplan.clients.docker.exec_stream import (
    CommandFailed,
    CommandMissing,
    exec_socket,
    run_command,
)
from envdplan.clients.docker.hijack import hijack
from envdplan.clients.docker.image import ImageProgress
from envdplan.clients.docker.transport import connect
from envdplan.clients.registry.credentials import FixedCredentials, Login
from envdplan.ground.diagnostics import Conflict, Refused, Unreachable

pytestmark = pytest.mark.docker

LABEL = "dev.envdplan.test"


@pytest.fixture(params=["containerd", "graphdriver"])
def store(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def engine(services: Mapping[str, Any], store: str) -> Iterator[Engine]:
    with Engine(resolve({}, services["engines"][store]["host"])) as opened:
        yield opened


@pytest.fixture
def name(engine: Engine) -> Iterator[str]:
    """A name that no container, volume or image has; what gets it is removed."""
    chosen = f"envdplan-test-{uuid.uuid4().hex[:12]}"
    yield chosen
    engine.containers.remove(chosen, force=True)
    engine.volumes.remove(chosen)


@pytest.fixture
def tagged(engine: Engine, services: Mapping[str, Any]) -> Iterator[Callable[[str], str]]:
    """Gives the test's base image a further name, and takes it away in the end."""
    names: list[str] = []

    def tag(name: str) -> str:
        names.append(name)
        engine.images.tag(services["images"]["busybox"], name)
        return name

    yield tag
    for one in names:
        engine.images.remove(one)


@pytest.fixture
def running(engine: Engine, name: str, services: Mapping[str, Any]) -> str:
    spec = ContainerSpec(services["images"]["busybox"], ("sleep", "600"), network="none")
    engine.containers.create(name, spec)
    engine.containers.start(name)
    return name


def test_an_engine_says_what_it_is(engine: Engine, store: str, services: Mapping[str, Any]) -> None:
    engine.ping()
    info = engine.info()
    assert info.version.startswith(services["versions"]["docker"])
    assert info.containerd_store == (store == "containerd")
    assert (info.os, info.rootless) == ("linux", False)


def test_a_container_reads_back_as_it_was_made(
    engine: Engine, name: str, services: Mapping[str, Any]
) -> None:
    spec = ContainerSpec(
        image=services["images"]["busybox"],
        entrypoint=("sleep",),
        command=("600",),
        environment={"A": "b=c"},
        labels={LABEL: name},
        mounts=(Mount("volume", name, "/state"),),
        network="host",
        extra_hosts=("r:127.0.0.1",),
        privileged=True,
        restart_policy="unless-stopped",
        resources=Resources(memory=64 << 20, memory_swap=128 << 20, cpu_shares=512),
    )
    engine.volumes.create(name, {LABEL: name})
    engine.containers.create(name, spec)
    found = engine.containers.inspect(name)
    assert found is not None
    assert found.state == "created"
    assert found.spec.environment.items() >= spec.environment.items()
    for field in ("entrypoint", "command", "labels", "mounts", "network", "extra_hosts"):
        assert getattr(found.spec, field) == getattr(spec, field)
    for field in ("privileged", "restart_policy", "resources"):
        assert getattr(found.spec, field) == getattr(spec, field)


def test_the_life_of_a_container(engine: Engine, running: str) -> None:
    def state() -> str | None:
        found = engine.containers.inspect(running)
        return found.state if found else None

    containers = engine.containers
    containers.start(running)
    assert state() == "running"
    containers.pause(running)
    assert state() == "paused"
    containers.unpause(running)
    with pytest.raises(Conflict, match="running"):
        containers.remove(running)
    containers.update(running, restart_policy="always", resources=Resources(cpu_shares=256))
    found = containers.inspect(running)
    assert found is not None
    assert (found.spec.restart_policy, found.spec.resources.cpu_shares) == ("always", 256)
    containers.rename(running, f"{running}-2")
    assert state() is None
    containers.rename(f"{running}-2", running)
    containers.stop(running, grace=0)
    exited = containers.wait_for(running, {"exited"}, timeout=10)
    assert exited is not None
    assert exited.exit_code == 137
    assert containers.remove(running)
    assert not containers.remove(running)


def test_a_taken_name_is_a_conflict(
    engine: Engine, running: str, services: Mapping[str, Any]
) -> None:
    with pytest.raises(Conflict, match="already in use"):
        engine.containers.create(running, ContainerSpec(services["images"]["busybox"]))


def test_containers_and_volumes_are_found_by_label(
    engine: Engine, name: str, services: Mapping[str, Any]
) -> None:
    spec = ContainerSpec(services["images"]["busybox"], labels={LABEL: name})
    engine.containers.create(name, spec)
    engine.volumes.create(name, {LABEL: name})
    assert [one.name for one in engine.containers.labelled(f"{LABEL}={name}")] == [name]
    assert [one.name for one in engine.volumes.labelled(f"{LABEL}={name}")] == [name]
    assert engine.volumes.labelled(f"{LABEL}=other") == ()


def test_a_volume_in_use_is_not_removed(
    engine: Engine, name: str, services: Mapping[str, Any]
) -> None:
    mounts = (Mount("volume", name, "/state"),)
    engine.containers.create(name, ContainerSpec(services["images"]["busybox"], mounts=mounts))
    with pytest.raises(Conflict, match="in use"):
        engine.volumes.remove(name)


def test_files_go_in_before_the_start_and_come_out(
    engine: Engine, name: str, services: Mapping[str, Any]
) -> None:
    spec = ContainerSpec(services["images"]["busybox"], ("cat", "/etc/buildkit/certs/r/ca.pem"))
    engine.containers.create(name, spec)
    files = {
        "buildkit/certs/r/ca.pem": FileContent(b"certificate"),
        "buildkit/buildkitd.toml": FileContent(b"debug = true\n", 0o600),
    }
    engine.containers.write_files(name, "/etc", files)
    assert engine.containers.read_file(name, "/etc/buildkit/buildkitd.toml") == b"debug = true\n"
    assert engine.containers.read_file(name, "/etc/buildkit/other") is None
    assert engine.containers.read_file("no-such", "/etc/buildkit/other") is None
    with pytest.raises(Refused, match="not a regular file"):
        engine.containers.read_file(name, "/etc/buildkit")
    with pytest.raises(Refused, match="longer than 3 bytes"):
        engine.containers.read_file(name, "/etc/buildkit/buildkitd.toml", limit=3)
    engine.containers.start(name)
    assert engine.containers.wait_for(name, {"exited"}, timeout=10)
    assert engine.containers.logs(name) == "certificate"


def test_a_command_gives_its_output_errors_and_code(engine: Engine, running: str) -> None:
    done = run_command(engine, running, ["sh", "-c", "echo out; echo bad >&2; exit 3"])
    assert (done.exit_code, done.output, done.errors) == (3, b"out\n", "bad\n")


def test_a_command_that_is_not_there_says_so(engine: Engine, running: str) -> None:
    with pytest.raises(CommandMissing) as caught:
        run_command(engine, running, ["buildctl", "dial-stdio"])
    assert '"buildctl": executable file not found' in caught.value.detail
    assert running in caught.value.detail


def test_a_failed_command_breaks_its_stream_and_says_why(engine: Engine, running: str) -> None:
    stream = exec_socket(engine, running, ["sh", "-c", "cat; echo no daemon >&2; exit 1"])
    stream.sendall(b"hello")
    assert stream.recv(5) == b"hello"
    stream.shutdown(socket.SHUT_WR)
    with pytest.raises(CommandFailed, match="ended with code 1: no daemon"):
        stream.recv(10)
    stream.close()


def test_a_stopped_container_runs_no_command(engine: Engine, running: str) -> None:
    engine.containers.stop(running, grace=0)
    with pytest.raises(Conflict, match="not running"):
        exec_socket(engine, running, ["true"])
    with pytest.raises(Refused, match="No such container"):
        exec_socket(engine, "no-such", ["true"])


def test_much_goes_both_ways_and_comes_back_whole(engine: Engine, running: str) -> None:
    sent = b"".join(number.to_bytes(4) for number in range(2_000_000))
    stream = exec_socket(engine, running, ["cat"])

    def send() -> None:
        stream.sendall(sent)
        stream.shutdown(socket.SHUT_WR)

    writer = threading.Thread(target=send)
    writer.start()
    received = bytearray()
    while piece := stream.recv(1 << 20):
        received += piece
    writer.join()
    stream.close()
    assert received == sent
    assert stream.exit_code() == 0


def test_a_command_that_does_not_read_holds_the_sender_back(engine: Engine, running: str) -> None:
    stream = exec_socket(engine, running, ["sleep", "600"])
    sent = []

    def send() -> None:
        with contextlib.suppress(BrokenPipeError):
            while True:
                stream.sendall(b"x" * 65536)
                sent.append(65536)

    writer = threading.Thread(target=send)
    writer.start()
    time.sleep(1)
    assert sum(sent) < 16_000_000
    stream.shutdown(socket.SHUT_RDWR)
    writer.join(5)
    assert not writer.is_alive()
    stream.close()


def test_closing_leaves_no_thread_behind(engine: Engine, running: str) -> None:
    streams = [exec_socket(engine, running, ["cat"]) for _ in range(5)]
    for one in streams:
        one.sendall(b"x")
        one.close()
    deadline = time.monotonic() + 10
    while any(one.name.startswith("docker-") for one in threading.enumerate()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_an_image_is_pushed_and_pulled(
    engine: Engine, services: Mapping[str, Any], name: str, tagged: Callable[[str], str]
) -> None:
    image = tagged(f"{services['registries']['plain']['address']}/{name}:1")
    seen: list[ImageProgress] = []
    digest = engine.images.push(image, on_progress=seen.append)
    assert seen
    assert engine.images.remove(image)
    assert engine.images.inspect(image) is None
    pinned = f"{image.removesuffix(':1')}@{digest}"
    engine.images.pull(pinned)
    found = engine.images.inspect(pinned)
    assert found is not None
    assert pinned in found.digests
    engine.images.remove(pinned)


def test_a_registry_with_a_password_wants_it(
    engine: Engine, services: Mapping[str, Any], name: str, tagged: Callable[[str], str]
) -> None:
    registry = services["registries"]["tls"]
    image = tagged(f"{registry['address']}/{name}:1")
    with pytest.raises(Refused, match=r"basic auth|authorization|401"):
        engine.images.push(image)
    login = Login(registry["username"], registry["password"])
    known = FixedCredentials({registry["address"]: login})
    assert engine.images.push(image, known).startswith("sha256:")


def test_an_image_that_the_registry_lacks_is_refused(
    engine: Engine, services: Mapping[str, Any], name: str
) -> None:
    with pytest.raises(Refused, match=r"not found|manifest unknown"):
        engine.images.pull(f"{services['registries']['plain']['address']}/{name}:1")


def test_a_registry_that_is_off_is_unreachable(engine: Engine, name: str) -> None:
    with pytest.raises(Unreachable, match="refused"):
        engine.images.pull(f"127.0.0.1:9/{name}:1")


def test_an_archive_of_the_docker_command_is_loaded(
    engine: Engine, services: Mapping[str, Any], name: str, tagged: Callable[[str], str]
) -> None:
    image = tagged(f"envdplan-test/{name}:1")
    docker = [services["programs"]["docker"], "-H", engine.endpoint.url]
    saved = subprocess.run([*docker, "save", image], check=True, capture_output=True).stdout
    engine.images.remove(image)
    assert engine.images.load(io.BytesIO(saved)) in ((image,), (f"docker.io/{image}",))
    assert engine.images.remove(image)


def test_what_is_no_archive_is_refused(engine: Engine) -> None:
    with pytest.raises(Refused, match="load an archive"):
        engine.images.load(io.BytesIO(b"no archive" * 1000))


def test_the_engine_s_buildkit_answers_over_a_hijacked_connection(engine: Engine) -> None:
    dialer = SocketDialer(engine.endpoint.url, lambda: hijack(engine.endpoint, "/grpc"))
    with BuildKit(dialer) as buildkit:
        (worker,) = buildkit.workers()
    assert "linux/amd64" in worker.platforms or "linux/arm64" in worker.platforms


def test_a_page_that_cannot_be_hijacked_is_refused(engine: Engine) -> None:
    with pytest.raises(Refused, match="HTTP status 404: page not found"):
        hijack(engine.endpoint, "/no-such")


def test_a_buildkitd_in_a_container_answers_by_exec(
    engine: Engine, name: str, services: Mapping[str, Any]
) -> None:
    spec = ContainerSpec(services["images"]["buildkit"], privileged=True, network="host")
    engine.containers.create(name, spec)
    engine.containers.start(name)
    command = ["buildctl", "dial-stdio"]
    dialer = SocketDialer(name, lambda: exec_socket(engine, name, command))
    with BuildKit(dialer, timeout=30) as buildkit:
        assert buildkit.info() == f"v{services['versions']['buildkit']}"


def test_a_container_without_buildctl_is_told_apart_from_one_that_starts(
    engine: Engine, running: str
) -> None:
    command = ["buildctl", "dial-stdio"]
    dialer = SocketDialer(running, lambda: exec_socket(engine, running, command))
    started = time.monotonic()
    with BuildKit(dialer, timeout=300) as buildkit, pytest.raises(CommandMissing):
        buildkit.workers()
    assert time.monotonic() - started < 150  # it is not tried again until the time is up


@pytest.mark.buildkit
def test_the_tls_of_a_go_server_is_spoken(services: Mapping[str, Any]) -> None:
    daemon = services["buildkitds"]["mtls"]
    tls = TLS(Path(daemon["ca"]), Path(daemon["certificate"]), Path(daemon["key"]))
    endpoint = Endpoint(daemon["address"], tls, "the test")
    with BuildKit(SocketDialer(endpoint.url, lambda: connect(endpoint))) as buildkit:
        assert buildkit.workers()


@pytest.mark.buildkit
def test_a_go_server_that_wants_a_certificate_refuses_us(services: Mapping[str, Any]) -> None:
    daemon = services["buildkitds"]["mtls"]
    endpoint = Endpoint(daemon["address"], TLS(Path(daemon["ca"])), "the test")
    sock = connect(endpoint)
    assert sock.recv(100) == b""
    sock.close()
