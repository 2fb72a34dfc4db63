"""The client against real daemons: buildkitd by unix, tcp and mutual TLS; Docker's own BuildKit."""

import socket
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from envdplan.clients.buildkit.client import BuildKit
from envdplan.clients.buildkit.control import Metadata
from envdplan.clients.buildkit.errors import BuildFailed
from envdplan.clients.buildkit.progress import Log, Progress, Vertex
from envdplan.clients.buildkit.proto.fsutil_pb2 import Packet, Stat
from envdplan.clients.buildkit.request import CacheEntry, Export, SolveRequest, SolveResult
from envdplan.clients.buildkit.session.services import Services, Stream
from envdplan.clients.buildkit.wire.dial import (
    Dialer,
    SocketDialer,
    TcpDialer,
    UnixDialer,
    tls_dialer,
)
from envdplan.clients.buildkit.wire.tls import Tls
from envdplan.clients.docker.endpoint import resolve
from envdplan.clients.docker.hijack import hijack
from envdplan.ground.diagnostics import Interrupted, Unreachable

BUILDKITDS = [pytest.param(one, marks=pytest.mark.buildkit) for one in ("unix", "tcp", "mtls")]
ENGINES = [
    pytest.param(f"{engine}-{session}", marks=pytest.mark.docker)
    for engine in ("containerd", "graphdriver")
    for session in ("control", "hijack")
]


def section(services: Mapping[str, object], name: str, *path: str) -> dict[str, str]:
    found = services[name]
    assert isinstance(found, dict)
    if not path:
        return found
    return section(found, *path)


def buildkitd(services: Mapping[str, object], name: str, tls: Tls | None = None) -> Dialer:
    known = section(services, "buildkitds", name)
    address = urlsplit(known["address"])
    if address.scheme == "unix":
        return UnixDialer(address.path)
    host, port = str(address.hostname), int(address.port or 0)
    if not known["ca"]:
        return TcpDialer(host, port)
    return tls_dialer(host, port, tls or Tls(known["ca"], known["certificate"], known["key"]))


def engine(services: Mapping[str, object], name: str) -> Dialer:
    """`NAME-control` runs the session within the Control API, `NAME-hijack` by /session."""
    name, _, session = name.partition("-")
    endpoint = resolve({}, section(services, "engines", name)["host"])

    def connect() -> socket.socket:
        return hijack(endpoint, "/grpc")

    def open_session(metadata: Metadata) -> socket.socket:
        return hijack(endpoint, "/session", metadata)

    return SocketDialer(name, connect, open_session if session == "hijack" else None)


@pytest.fixture(params=[*BUILDKITDS, *ENGINES])
def dialer(request: pytest.FixtureRequest, services: Mapping[str, object]) -> Dialer:
    name = str(request.param)
    return engine(services, name) if "-" in name else buildkitd(services, name)


@pytest.fixture
def base(dialer: Dialer, services: Mapping[str, object]) -> str:
    """An image with a shell: engines hold it, buildkitd pulls it from the plain registry."""
    if isinstance(dialer, SocketDialer) and not dialer.address.startswith("tcp"):
        return section(services, "images")["busybox"]  # the engine's own name of it
    return section(services, "images", "pushed")["plain"]


def files(tree: Mapping[str, bytes]) -> Services:
    """As little of a file service as a build needs: some files, all in one directory."""

    def send(stream: Stream) -> None:
        paths = stream.values("followpaths")
        names = [name for name in sorted(tree) if not paths or name in paths]
        now = time.time_ns()  # or the builder takes an earlier file of the same size for it
        stats = [Stat(path=one, mode=0o644, size=len(tree[one]), modTime=now) for one in names]
        stream.send(Packet(stat=one).SerializeToString() for one in stats)
        stream.send((b"",))
        while (message := stream.receive()) is not None:
            packet = Packet.FromString(message)
            if packet.type == Packet.PACKET_FIN:
                stream.send((message,))
                return
            data = Packet(type=Packet.PACKET_DATA, ID=packet.ID, data=tree[names[packet.ID]])
            end = Packet(type=Packet.PACKET_DATA, ID=packet.ID)
            stream.send((data.SerializeToString(), end.SerializeToString()))

    return {"/moby.filesync.v1.FileSync/DiffCopy": send}


def build(
    dialer: Dialer,
    dockerfile: str,
    on_progress: Callable[[Progress], None] = lambda _: None,
    cancel: threading.Event | None = None,
    **options: tuple[object, ...],
) -> SolveResult:
    request = SolveRequest("dockerfile.v0", {}, **options)  # type: ignore[arg-type]  # by the caller
    services = files({"Dockerfile": dockerfile.encode(), "a.txt": b"hello\n"})
    with BuildKit(dialer) as buildkit:
        return buildkit.solve(request, services, on_progress, cancel or threading.Event())


def test_the_daemon_tells_its_workers(dialer: Dialer) -> None:
    with BuildKit(dialer) as buildkit:
        (worker,) = buildkit.workers()
        assert "linux/amd64" in worker.platforms or "linux/arm64" in worker.platforms
        assert worker.id
        assert buildkit.info()
        assert all(one.size >= 0 for one in buildkit.disk_usage())


def test_a_build_copies_a_file_of_the_context(dialer: Dialer, base: str) -> None:
    seen: list[Progress] = []
    text = uuid.uuid4().hex
    build(dialer, f"FROM {base}\nCOPY a.txt /b\nRUN cat /b; echo {text} >&2\n", seen.append)
    output = {one.stream: one.data for one in seen if isinstance(one, Log)}
    assert output == {1: b"hello\n", 2: f"{text}\n".encode()}
    names = {one.name for one in seen if isinstance(one, Vertex) and one.completed}
    assert "[2/3] COPY a.txt /b" in names


def test_a_build_from_nothing_needs_no_base(dialer: Dialer) -> None:
    assert build(dialer, "FROM scratch\nCOPY a.txt /\n").response == {}


def test_a_failed_step_is_shown_with_its_line(dialer: Dialer, base: str) -> None:
    with pytest.raises(BuildFailed) as caught:
        build(dialer, f"FROM {base}\nRUN echo no luck; exit 3\n")
    failed = caught.value
    assert failed.vertex == "[2/2] RUN echo no luck; exit 3"
    assert failed.output == "no luck"
    assert failed.excerpt is not None
    assert (failed.excerpt.file, failed.excerpt.first) == ("Dockerfile", 2)
    assert ">>> RUN echo no luck; exit 3" in failed.detail


def test_a_wrong_instruction_is_shown_with_its_line(dialer: Dialer) -> None:
    with pytest.raises(BuildFailed) as caught:
        build(dialer, "FROM scratch\nCOPPY a b\n")
    assert ">>> COPPY a b" in caught.value.detail


def test_an_unknown_exporter_fails_at_once(dialer: Dialer) -> None:
    with pytest.raises(BuildFailed, match="nonsense"):
        build(dialer, "FROM scratch\n", exports=(Export("nonsense"),))


def test_a_cancelled_build_ends_its_process(dialer: Dialer, base: str) -> None:
    seconds = f"7{uuid.uuid4().int % 10**6:06}"
    cancel = threading.Event()

    def see(one: Progress) -> None:
        if isinstance(one, Log):
            wait_until(lambda: running(seconds))  # the shell speaks before it starts the program
            cancel.set()

    with pytest.raises(Interrupted):
        build(dialer, f"FROM {base}\nRUN echo up; sleep {seconds}\n", see, cancel)
    wait_until(lambda: not running(seconds))


def wait_until(is_so: Callable[[], bool]) -> None:
    """A loaded machine takes its time; by itself neither happens."""
    deadline = time.monotonic() + 120
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def running(argument: str) -> bool:
    """Whether a process of this machine is `sleep ARGUMENT`."""
    for one in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if one.read_bytes().split(b"\0")[-2:-1] == [argument.encode()]:
                return True
        except (FileNotFoundError, ProcessLookupError):
            continue
    return False


@pytest.mark.buildkit
@pytest.mark.registry
def test_an_image_is_pushed(services: Mapping[str, object]) -> None:
    registry = section(services, "registries", "plain")["address"]
    name = f"{registry}/scratch/{uuid.uuid4().hex}:1"
    export = Export("image", {"name": name, "push": "true"})
    response = build(buildkitd(services, "unix"), "FROM scratch\nCOPY a.txt /\n", exports=(export,))
    assert response.response["image.name"] == name
    assert response.response["containerimage.digest"].startswith("sha256:")


@pytest.mark.buildkit
def test_a_local_cache_of_one_builder_serves_another(
    services: Mapping[str, object], tmp_path: Path
) -> None:
    base = section(services, "images", "pushed")["plain"]
    dockerfile = f"FROM {base}\nRUN echo {uuid.uuid4().hex} > /x\n"
    imports = (CacheEntry("local", {"src": str(tmp_path)}),)
    exports = (CacheEntry("local", {"dest": str(tmp_path), "mode": "max"}),)
    build(buildkitd(services, "unix"), dockerfile, cache_imports=imports, cache_exports=exports)
    seen: list[Progress] = []
    build(buildkitd(services, "tcp"), dockerfile, seen.append, cache_imports=imports)
    cached = {one.name: one.cached for one in seen if isinstance(one, Vertex)}
    assert [is_cached for name, is_cached in cached.items() if "RUN" in name] == [True]


@pytest.mark.buildkit
def test_twenty_builds_at_once_get_their_own_files(services: Mapping[str, object]) -> None:
    """One session each, all on one daemon."""
    outputs: dict[int, bytes] = {}
    base = section(services, "images", "pushed")["plain"]

    def one(number: int) -> None:
        seen: list[Progress] = []
        content = f"{number} {uuid.uuid4().hex}".encode()
        dockerfile = f"FROM {base}\nCOPY f /f\nRUN cat /f\n".encode()
        with BuildKit(buildkitd(services, "tcp")) as buildkit:
            tree = files({"Dockerfile": dockerfile, "f": content})
            request = SolveRequest("dockerfile.v0", {}, shared_key=str(number))
            buildkit.solve(request, tree, seen.append, threading.Event())
        output = b"".join(one.data for one in seen if isinstance(one, Log))
        outputs[number] = b"" if output == content else output or b"nothing"

    threads = [threading.Thread(target=one, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outputs == dict.fromkeys(range(20), b"")


@pytest.mark.buildkit
@pytest.mark.parametrize(
    ("tls", "reason"),
    [
        (Tls(), "unable to get local issuer certificate"),
        (Tls(ca="KNOWN"), "CERTIFICATE_REQUIRED"),
        (Tls(ca="KNOWN", server_name="other.example"), "not valid for 'other.example'"),
        (Tls(ca="/nonexistent.pem"), "/nonexistent.pem: No such file or directory"),
    ],
)
def test_a_tls_problem_is_told_in_words(
    services: Mapping[str, object], tls: Tls, reason: str
) -> None:
    if tls.ca == "KNOWN":
        tls = Tls(section(services, "buildkitds", "mtls")["ca"], server_name=tls.server_name)
    start = time.monotonic()
    dialer = buildkitd(services, "mtls", tls)
    with BuildKit(dialer, timeout=300) as buildkit, pytest.raises(Unreachable) as caught:
        buildkit.workers()
    assert reason in caught.value.detail
    assert time.monotonic() - start < 150  # it is not tried again until the time is up
