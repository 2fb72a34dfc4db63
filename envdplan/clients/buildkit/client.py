"""A BuildKit daemon: what it is, what it keeps, and builds on it."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self, TypeVar

from envdplan.clients.buildkit import errors
from envdplan.clients.buildkit.control import Control
from envdplan.clients.buildkit.progress import Progress
from envdplan.clients.buildkit.request import SolveRequest, SolveResult
from envdplan.clients.buildkit.session.services import Services
from envdplan.clients.buildkit.wire.bridge import Bridge
from envdplan.clients.buildkit.wire.dial import Dialer
from envdplan.ground.diagnostics import EnvdplanError

if TYPE_CHECKING:
    import grpc

    from envdplan.clients.buildkit.proto import control_pb2 as pb
    from envdplan.clients.buildkit.proto import ops_pb2, worker_pb2

_Result = TypeVar("_Result")
_RETRY = 0.1
_LAST_STEP = 30.0
"""Seconds that the last steps of a result may take after the builder's answer."""


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker of a daemon. `platforms` as `os/arch[/variant]`; `version` of BuildKit or ""."""

    id: str
    labels: Mapping[str, str]
    platforms: tuple[str, ...]
    version: str


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """A record of the build cache; `size` in bytes."""

    id: str
    size: int
    in_use: bool
    description: str
    type: str


class BuildKit:
    """A daemon behind `dialer`; a context manager that closes its connections.

    `timeout` is how long a daemon may take to answer at all, in seconds: one that just
    starts is waited for.
    """

    def __init__(self, dialer: Dialer, timeout: float = 10.0) -> None:
        self._dialer = dialer
        self._timeout = timeout
        self._channel = dialer.channel()
        self._control = Control(self._channel, dialer.address)
        self._known: pb.ListWorkersResponse | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._channel.close()
        self._dialer.close()

    @contextmanager
    def exposed(self, path: Path | None = None) -> Iterator[str]:
        """It as a unix socket that only this user may use: what plain envd can dial.

        Without `path` the socket lies in a private directory. Raises EnvdplanError when its path
        cannot be made, and for a BuildKit that cannot be passed on.
        """
        bridge = Bridge(self._dialer.connect, path)
        try:
            yield bridge.open()
        except OSError as error:
            where = f" at {path}" if path is not None else ""
            raise EnvdplanError(
                "Builder cannot be forwarded",
                f"A socket{where} cannot be made: {error.strerror or error}.",
            ) from error
        finally:
            bridge.close()

    def workers(self) -> tuple[Worker, ...]:
        """The workers; raises Unreachable or Refused."""
        return tuple(map(_worker, self._wait().record))

    def info(self) -> str | None:
        """BuildKit's version; None when it is too old to tell (before 0.11)."""
        import grpc

        self._wait()
        try:
            return self._control.info(self._timeout).buildkitVersion.version
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.UNIMPLEMENTED:
                return None
            raise self._translated(error) from None

    def running_builds(self) -> int | None:
        """How many builds run now; None when it cannot tell. Raises Unreachable or Refused."""
        import grpc

        self._wait()
        try:
            return len({one.record.Ref for one in self._control.running()})
        except grpc.RpcError as error:
            if error.code() in (grpc.StatusCode.UNIMPLEMENTED, grpc.StatusCode.UNKNOWN):
                return None
            raise self._translated(error) from None

    def disk_usage(self) -> tuple[UsageRecord, ...]:
        """The build cache; raises Unreachable or Refused."""
        from envdplan.clients.buildkit.proto import control_pb2

        self._wait()
        request = control_pb2.DiskUsageRequest()
        return self._call(lambda: tuple(map(_usage, self._control.disk_usage(request).record)))

    def prune(self, *, all: bool = False, keep_bytes: int = 0) -> tuple[UsageRecord, ...]:
        """Delete cache that no build uses, down to `keep_bytes`; what was deleted.

        The stream is read to its end even when this thread is interrupted: a BuildKit before
        0.12 would block for good (moby/buildkit#4399).
        """
        from envdplan.clients.buildkit.proto import control_pb2

        self._wait()
        request = control_pb2.PruneRequest(all=all, reservedSpace=keep_bytes)
        return self._call(lambda: tuple(map(_usage, drained(self._control.prune(request)))))

    def solve(
        self,
        request: SolveRequest,
        services: Services,
        on_progress: Callable[[Progress], None],
        cancel: threading.Event,
        refused: Callable[[str], None] = lambda _: None,
        base: str | None = None,
    ) -> SolveResult:
        """Build. `on_progress` is called in this thread, `refused` hears what must not be written.

        Raises BuildFailed, Unreachable, Refused when a result did not come whole, and Interrupted
        once `cancel` is set and the builder has stopped. Results, local caches and OCI layouts
        are taken, served and recorded here. Below the folder `base` no link is followed to them.
        """
        from envdplan.clients.buildkit.session import layoutexport, localcache
        from envdplan.clients.buildkit.session.content import content_services
        from envdplan.clients.buildkit.session.exports import Receipts, file_send, held_targets

        request = localcache.prepared(request)
        stores, results = localcache.stores(request), layoutexport.stores(request)
        layouts = localcache.layouts(request)
        if stores or results or layouts:
            services = {**content_services(stores, layouts, results), **services}
        with held_targets(request, base) as known:
            receipts = Receipts(known)
            services = {**services, **file_send(receipts, refused=refused)}
            response = self._solve(request, services, on_progress, cancel)
        receipts.check()
        localcache.record(request, response)
        layouts_written = layoutexport.record(request, response)
        return SolveResult(response, {**receipts.written(), **layouts_written})

    def _solve(
        self,
        request: SolveRequest,
        services: Services,
        on_progress: Callable[[Progress], None],
        cancel: threading.Event,
    ) -> Mapping[str, str]:
        from envdplan.clients.buildkit.session.exports import FILE_SEND
        from envdplan.clients.buildkit.session.session import Session
        from envdplan.clients.buildkit.solve import Solve, new_id, session_metadata
        from envdplan.clients.buildkit.solverequest import message

        self._wait()
        ref, id = new_id(), new_id()
        metadata = session_metadata(id, request.shared_key, services)
        session = Session(self._dialer.session(self._control, metadata), services)
        session.start()
        try:
            solve = Solve(self._control, ref, on_progress)
            response = solve.run(message(request, ref, id), cancel, self._dialer.address)
            session.settle(FILE_SEND, _LAST_STEP, cancel)
        except errors.BuildFailed as failed:
            raise _explained(failed, session.failure) from session.failure
        finally:
            session.close()
        if session.failure is not None:
            raise _unserved(session.failure) from session.failure
        return response

    def _wait(self) -> "pb.ListWorkersResponse":
        """The first answer, waiting for it: a daemon that starts refuses connections."""
        if self._known is None:
            self._known = self._call(self._first_answer)
        return self._known

    def _first_answer(self) -> "pb.ListWorkersResponse":
        import grpc

        deadline = time.monotonic() + self._timeout
        while True:
            try:
                return self._control.list_workers(max(0.1, deadline - time.monotonic()))
            except grpc.RpcError as error:
                is_down = error.code() is grpc.StatusCode.UNAVAILABLE
                is_late = time.monotonic() + _RETRY > deadline
                if not is_down or is_late or isinstance(self._dialer.reason(), EnvdplanError):
                    raise
            time.sleep(_RETRY)

    def _call(self, call: Callable[[], _Result]) -> _Result:
        import grpc

        try:
            return call()
        except grpc.RpcError as error:
            raise self._translated(error) from None

    def _translated(self, error: "grpc.RpcError") -> EnvdplanError:
        failure = errors.read(error)
        reason = self._dialer.reason() if failure.code == "UNAVAILABLE" else None
        if isinstance(reason, EnvdplanError):
            return reason
        if reason is not None:
            return errors.unreachable(str(reason), self._dialer.address)
        return errors.translate(failure, self._dialer.address)


def drained(stream: Iterable[_Result]) -> list[_Result]:
    """All of a stream. A KeyboardInterrupt comes through when the stream has ended."""
    found: list[_Result] = []
    failure: list[Exception] = []

    def read() -> None:
        try:
            found.extend(stream)
        except Exception as error:  # noqa: BLE001  raised in the caller's thread
            failure.append(error)

    reader = threading.Thread(target=read, name="drain")
    reader.start()
    interrupts: list[BaseException] = []
    while reader.is_alive():
        try:
            reader.join()
        except KeyboardInterrupt as interrupt:
            interrupts.append(interrupt)
    for one in (*interrupts, *failure):
        raise one
    return found


def _explained(failed: errors.BuildFailed, cause: Exception | None) -> EnvdplanError:
    """A handler of ours that failed knows better than the builder why."""
    return cause if isinstance(cause, EnvdplanError) else failed


def _unserved(cause: Exception) -> EnvdplanError:
    """What was not served or taken counts, even where the builder tells of success."""
    if isinstance(cause, EnvdplanError):
        return cause
    return EnvdplanError(
        "Request of the builder failed",
        f"It reports success, but this machine failed to answer one of its requests: {cause} "
        f"({type(cause).__name__}). The result may lack something. Build again.",
    )


def _worker(record: "worker_pb2.WorkerRecord") -> Worker:
    return Worker(
        id=record.ID,
        labels=dict(record.Labels),
        platforms=tuple(dict.fromkeys(map(_platform, record.platforms))),
        version=record.BuildkitVersion.version,
    )


def _platform(one: "ops_pb2.Platform") -> str:
    return "/".join(part for part in (one.OS, one.Architecture, one.Variant) if part)


def _usage(one: "pb.UsageRecord") -> UsageRecord:
    return UsageRecord(
        id=one.ID,
        size=one.Size,
        in_use=one.InUse,
        description=one.Description,
        type=one.RecordType,
    )
