"""The client against a Control API of grpcio's server, which does what the test says."""

import _thread
import json
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from google.protobuf.any_pb2 import Any as Detail

from envdplan.clients.buildkit.client import BuildKit, Worker, drained
from envdplan.clients.buildkit.errors import BuildFailed
from envdplan.clients.buildkit.progress import Log, Progress, Vertex
from envdplan.clients.buildkit.proto import control_pb2 as pb
from envdplan.clients.buildkit.proto.status_pb2 import Status
from envdplan.clients.buildkit.request import Export, SolveRequest, SolveResult
from envdplan.clients.buildkit.session.exports import FILE_SEND
from envdplan.clients.buildkit.session.services import Stream
from envdplan.clients.buildkit.session.session import HEALTH_CHECK
from envdplan.clients.buildkit.wire import frames
from envdplan.clients.buildkit.wire.dial import SocketDialer, UnixDialer
from envdplan.ground.diagnostics import Interrupted, Refused, Unreachable

REQUEST = SolveRequest("dockerfile.v0", {"filename": "Dockerfile"}, shared_key="here:me")


class Daemon:
    """A Control service: replace what a test wants otherwise."""

    def __init__(self) -> None:
        self.solves: list[pb.SolveRequest] = []
        self.sessions: list[dict[str, list[str]]] = []
        self.solve: Callable[[grpc.ServicerContext], pb.SolveResponse] = lambda _: (
            pb.SolveResponse()
        )
        self.status: Callable[[grpc.ServicerContext], Iterable[pb.StatusResponse]] = lambda _: ()
        self.session: Callable[[Iterator[bytes]], Iterator[bytes]] = iter
        self.version = ""

    def serve(self, server: grpc.Server) -> None:
        handlers = {
            "ListWorkers": grpc.unary_unary_rpc_method_handler(self._list_workers),
            "Info": grpc.unary_unary_rpc_method_handler(self._info),
            "Solve": grpc.unary_unary_rpc_method_handler(self._solve),
            "Status": grpc.unary_stream_rpc_method_handler(self._status),
            "Session": grpc.stream_stream_rpc_method_handler(self._session),
        }
        generic = grpc.method_handlers_generic_handler("moby.buildkit.v1.Control", handlers)
        server.add_generic_rpc_handlers((generic,))

    def _list_workers(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        response = pb.ListWorkersResponse()
        worker = response.record.add(ID="w1", Labels={"a": "b"})
        worker.platforms.add(OS="linux", Architecture="arm", Variant="v7")
        worker.platforms.add(OS="linux", Architecture="amd64", OSVersion="1")
        worker.platforms.add(OS="linux", Architecture="amd64")
        worker.BuildkitVersion.version = self.version
        return response.SerializeToString()

    def _info(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        if not self.version:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, "unknown method Info")
        return pb.InfoResponse(buildkitVersion={"version": self.version}).SerializeToString()

    def _solve(self, request: bytes, context: grpc.ServicerContext) -> bytes:
        self.solves.append(pb.SolveRequest.FromString(request))
        return self.solve(context).SerializeToString()

    def _status(self, request: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
        for one in self.status(context):
            yield one.SerializeToString()

    def _session(self, requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        found: dict[str, list[str]] = {}
        for key, value in context.invocation_metadata():
            found.setdefault(key, []).append(str(value))
        self.sessions.append(found)
        data = (pb.BytesMessage.FromString(one).data for one in requests)
        for answer in self.session(data):
            yield pb.BytesMessage(data=answer).SerializeToString()


@pytest.fixture
def daemon() -> Daemon:
    return Daemon()


@pytest.fixture
def dialer(daemon: Daemon, tmp_path: Path) -> Iterator[UnixDialer]:
    server = grpc.server(ThreadPoolExecutor(8))
    daemon.serve(server)
    server.add_insecure_port(f"unix:{tmp_path / 's'}")
    server.start()
    yield UnixDialer(str(tmp_path / "s"))
    server.stop(0).wait(5)


def solve(
    dialer: UnixDialer,
    request: SolveRequest = REQUEST,
    on_progress: Callable[[Progress], None] = lambda _: None,
    cancel: threading.Event | None = None,
) -> SolveResult:
    with BuildKit(dialer, timeout=5) as buildkit:
        return buildkit.solve(request, {}, on_progress, cancel or threading.Event())


def test_workers_say_what_they_build_for(dialer: UnixDialer) -> None:
    with BuildKit(dialer) as buildkit:
        expected = Worker("w1", {"a": "b"}, ("linux/arm/v7", "linux/amd64"), "")
        assert buildkit.workers() == (expected,)


def test_an_old_builder_has_no_version(dialer: UnixDialer) -> None:
    with BuildKit(dialer) as buildkit:
        assert buildkit.info() is None


def test_a_new_builder_tells_its_version(dialer: UnixDialer, daemon: Daemon) -> None:
    daemon.version = "v0.13.2"
    with BuildKit(dialer) as buildkit:
        assert buildkit.info() == "v0.13.2"


def test_another_unknown_call_is_refused_in_words(dialer: UnixDialer) -> None:
    with BuildKit(dialer) as buildkit, pytest.raises(Refused) as caught:
        buildkit.disk_usage()
    assert "too old" in caught.value.detail


def test_a_builder_that_starts_late_is_waited_for(daemon: Daemon, tmp_path: Path) -> None:
    server = grpc.server(ThreadPoolExecutor(2))
    daemon.serve(server)

    def start() -> None:
        server.add_insecure_port(f"unix:{tmp_path / 's'}")
        server.start()

    starting = threading.Timer(0.5, start)
    starting.start()
    with BuildKit(UnixDialer(str(tmp_path / "s")), timeout=10) as buildkit:
        assert len(buildkit.workers()) == 1
    starting.join()
    server.stop(0).wait(5)


def test_no_builder_is_unreachable_after_the_timeout(tmp_path: Path) -> None:
    start = time.monotonic()
    dialer = UnixDialer(str(tmp_path / "none"))
    with BuildKit(dialer, timeout=0.5) as buildkit, pytest.raises(Unreachable) as caught:
        buildkit.workers()
    assert time.monotonic() - start < 60
    assert "No such file or directory" in caught.value.detail
    assert dialer.address in caught.value.detail


def test_a_connection_that_others_fail_to_open_tells_their_reason() -> None:
    def fail() -> None:
        raise Refused("no such container", "buildkitd-x")

    dialer = SocketDialer("container", fail)  # type: ignore[arg-type]  # it never returns
    with BuildKit(dialer, timeout=10) as buildkit, pytest.raises(Refused) as caught:
        buildkit.workers()
    assert caught.value.summary == "no such container"


def test_a_solve_gives_the_response_and_the_progress_in_order(
    dialer: UnixDialer, daemon: Daemon
) -> None:
    daemon.solve = lambda _: pb.SolveResponse(ExporterResponse={"containerimage.digest": "d"})
    daemon.status = lambda _: [
        pb.StatusResponse(vertexes=[{"digest": "1", "name": "one"}]),
        pb.StatusResponse(logs=[{"vertex": "1", "stream": 2, "msg": b"hi"}]),
    ]
    seen: list[Progress] = []
    threads: set[int] = set()

    def see(one: Progress) -> None:
        seen.append(one)
        threads.add(threading.get_ident())

    result = solve(dialer, on_progress=see)
    assert result.response == {"containerimage.digest": "d"}
    assert seen == [Vertex("1", "one", None, None, False, ""), Log("1", 2, b"hi")]
    assert threads == {threading.get_ident()}


def test_a_session_tells_its_methods_and_carries_the_bytes_of_http2(
    dialer: UnixDialer, daemon: Daemon
) -> None:
    """The daemon side is written by hand: preface, one health check, one answer."""
    answers: list[bytes] = []
    answered = threading.Event()
    block = frames.literals(((b":method", b"POST"), (b":path", HEALTH_CHECK.encode())))

    def session(received: Iterator[bytes]) -> Iterator[bytes]:
        yield frames.PREFACE + frames.settings(())
        yield frames.headers(1, block, end=True)
        for part in received:
            answers.append(part)
            if b"\x08\x01" in part:
                answered.set()

    def wait(context: grpc.ServicerContext) -> pb.SolveResponse:
        assert answered.wait(10)
        return pb.SolveResponse()

    daemon.session = session
    daemon.solve = wait

    def serve(stream: Stream) -> None:
        del stream

    with BuildKit(dialer) as buildkit:
        buildkit.solve(REQUEST, {"/a.B/C": serve}, lambda _: None, threading.Event())
    (metadata,) = daemon.sessions
    (request,) = daemon.solves
    assert metadata["x-docker-expose-session-grpc-method"] == ["/a.B/C", FILE_SEND]
    assert metadata["x-docker-expose-session-sharedkey"] == ["here:me"]
    assert metadata["x-docker-expose-session-uuid"] == [request.Session]


def test_a_solve_that_fails_before_its_job_does_not_wait_for_progress(
    dialer: UnixDialer, daemon: Daemon
) -> None:
    """BuildKit's Status waits seconds for a job that never comes."""
    over = threading.Event()

    def refuse(context: grpc.ServicerContext) -> pb.SolveResponse:
        context.abort(grpc.StatusCode.UNKNOWN, 'exporter "oci" could not be found')

    def wait(context: grpc.ServicerContext) -> Iterable[pb.StatusResponse]:
        over.wait(120)
        return ()

    daemon.solve, daemon.status = refuse, wait
    start = time.monotonic()
    with pytest.raises(BuildFailed) as caught:
        solve(dialer)
    over.set()
    assert time.monotonic() - start < 60
    assert caught.value.message == 'exporter "oci" could not be found'


def test_a_failed_step_is_named_with_its_output_and_its_lines(
    dialer: UnixDialer, daemon: Daemon
) -> None:
    source = {
        "info": {"filename": "Dockerfile", "data": "RlJPTSBhClJVTiBmYWxzZQo="},
        "ranges": [{"start": {"line": 2}, "end": {"line": 2}}],
    }
    prefix = "github.com/moby/buildkit/errdefs."
    details = Status(code=2, message="exit code: 1")
    for name, value in (("Vertex", {"digest": "1"}), ("Source", source)):
        details.details.append(
            Detail(type_url=f"{prefix}{name}+json", value=json.dumps(value).encode())
        )

    def fail(context: grpc.ServicerContext) -> pb.SolveResponse:
        context.set_trailing_metadata((("grpc-status-details-bin", details.SerializeToString()),))
        context.abort(grpc.StatusCode.UNKNOWN, "exit code: 1")

    daemon.solve = fail
    daemon.status = lambda _: [
        pb.StatusResponse(
            vertexes=[{"digest": "1", "name": "RUN false"}],
            logs=[{"vertex": "1", "msg": b"no\nluck\n"}, {"vertex": "2", "msg": b"other"}],
        )
    ]
    with pytest.raises(BuildFailed) as caught:
        solve(dialer)
    failed = caught.value
    assert (failed.vertex, failed.output) == ("RUN false", "no\nluck")
    assert str(failed.excerpt) == "Dockerfile:2\n   1 |     FROM a\n   2 | >>> RUN false"
    assert "Dockerfile:2" in failed.detail


def test_a_builder_that_goes_away_is_unreachable(dialer: UnixDialer, daemon: Daemon) -> None:
    def vanish(context: grpc.ServicerContext) -> pb.SolveResponse:
        context.abort(grpc.StatusCode.UNAVAILABLE, "connection reset")

    daemon.solve = vanish
    with pytest.raises(Unreachable):
        solve(dialer)


def test_an_unavailable_registry_is_no_unreachable_builder(
    dialer: UnixDialer, daemon: Daemon
) -> None:
    def fail(context: grpc.ServicerContext) -> pb.SolveResponse:
        status = Status(code=14, message="registry down")
        status.details.add(type_url="github.com/moby/buildkit/stack.Stack+json", value=b"{}")
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        context.abort(grpc.StatusCode.UNAVAILABLE, "registry down")

    daemon.solve = fail
    with pytest.raises(BuildFailed):
        solve(dialer)


def test_a_cancelled_solve_waits_until_the_builder_has_stopped(
    dialer: UnixDialer, daemon: Daemon
) -> None:
    cancelled_at: list[float] = []
    stopped = threading.Event()
    started = threading.Event()

    def work(context: grpc.ServicerContext) -> pb.SolveResponse:
        gone = threading.Event()
        context.add_callback(gone.set)
        started.set()
        assert gone.wait(10)
        cancelled_at.append(time.monotonic())
        time.sleep(0.5)  # a container takes its time to end
        stopped.set()
        return pb.SolveResponse()

    def follow(context: grpc.ServicerContext) -> Iterator[pb.StatusResponse]:
        yield pb.StatusResponse(vertexes=[{"digest": "1", "name": "RUN sleep"}])
        stopped.wait(10)

    daemon.solve, daemon.status = work, follow
    cancel = threading.Event()
    asked_at: list[float] = []

    def see(one: Progress) -> None:
        started.wait(5)
        asked_at.append(time.monotonic())
        cancel.set()

    with pytest.raises(Interrupted):
        solve(dialer, on_progress=see, cancel=cancel)
    assert stopped.is_set()
    assert cancelled_at[0] - asked_at[0] < 0.5


def test_a_failing_listener_cancels_the_solve(dialer: UnixDialer, daemon: Daemon) -> None:
    gone = threading.Event()
    release = threading.Event()

    def work(context: grpc.ServicerContext) -> pb.SolveResponse:
        context.add_callback(gone.set)
        release.wait(10)
        return pb.SolveResponse()

    daemon.solve = work
    daemon.status = lambda _: [pb.StatusResponse(vertexes=[{"digest": "1"}])]

    def fail(one: Progress) -> None:
        raise RuntimeError("view")

    with pytest.raises(RuntimeError, match="view"):
        solve(dialer, on_progress=fail)
    assert gone.wait(5)
    release.set()


def test_one_export_is_told_to_old_and_new_builders(dialer: UnixDialer, daemon: Daemon) -> None:
    exports = (Export("image", {"name": "a"}), Export("local", {}, "/out"))
    with pytest.raises(Refused, match="/out never came"):
        solve(dialer, SolveRequest("f", {}, exports=exports))
    (request,) = daemon.solves
    assert [(one.Type, dict(one.Attrs)) for one in request.Exporters] == [
        ("image", {"name": "a"}),
        ("local", {}),
    ]
    assert request.ExporterDeprecated == "image"
    assert dict(request.ExporterAttrsDeprecated) == {"name": "a"}


def test_a_stream_is_read_to_its_end_though_the_user_interrupts() -> None:
    read: list[int] = []

    def stream() -> Iterator[int]:
        for n in range(5):
            if n == 1:
                _thread.interrupt_main()
            time.sleep(0.02)
            read.append(n)
            yield n

    with pytest.raises(KeyboardInterrupt):
        drained(stream())
    assert read == [0, 1, 2, 3, 4]


def test_a_stream_that_fails_raises_in_the_caller() -> None:
    def stream() -> Iterator[int]:
        yield 1
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        drained(stream())
