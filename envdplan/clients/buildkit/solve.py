"""One solve from start to end: the session beside it, its progress, its cancelling."""

import queue
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from envdplan.clients.buildkit import errors
from envdplan.clients.buildkit.control import Answer, Control, Metadata
from envdplan.clients.buildkit.progress import Log, Progress, Vertex
from envdplan.clients.buildkit.session.services import Services
from envdplan.clients.buildkit.status import progress
from envdplan.ground.diagnostics import EnvdplanError, Interrupted

if TYPE_CHECKING:
    import grpc

    from envdplan.clients.buildkit.proto import control_pb2 as pb

_TICK = 0.1
"""Seconds between looks at the cancel event."""
_UNSEEN = 0.5
"""Seconds that the progress of a failed solve may take to say its first word."""
_SILENCE = 5.0
"""Seconds of silence after which the progress of an ended solve is given up."""
_TAIL = 20
"""Lines of a step's output that are kept for its error."""


def new_id() -> str:
    """A name nobody else has, as BuildKit makes them: 25 letters and digits."""
    return secrets.token_hex(13)[:25]


def session_metadata(id: str, shared_key: str, services: Services) -> Metadata:
    """What a session tells about itself: only methods named here are ever called.

    Source: moby/buildkit, session/manager.go.
    """
    prefix = "x-docker-expose-session-"
    methods = ((f"{prefix}grpc-method", method) for method in services)
    return (
        (f"{prefix}uuid", id),
        (f"{prefix}name", "envdplan"),
        (f"{prefix}sharedkey", shared_key),
        *methods,
    )


@dataclass(slots=True)
class Watch:
    """Remembers of the progress what an error message needs."""

    names: dict[str, str] = field(default_factory=dict)
    failed: str = ""
    output: dict[str, deque[bytes]] = field(default_factory=dict)

    def see(self, one: Progress) -> None:
        """Take note."""
        match one:
            case Vertex():
                self.names[one.digest] = one.name
                self.failed = one.digest if one.error else self.failed
            case Log():
                self.output.setdefault(one.vertex, deque(maxlen=_TAIL)).append(one.data)
            case _:
                pass

    def tail(self, digest: str) -> str:
        """The last lines that a step wrote."""
        text = b"".join(self.output.get(digest, ())).decode(errors="replace")
        return "\n".join(text.splitlines()[-_TAIL:])


class _Signal(Enum):
    """What the two calls say between the progress."""

    ANSWERED = "the solve has ended"
    SILENT = "its progress has ended"


class Solve:
    """Runs in the thread that calls `run`; grpc's threads and one of ours bring the news."""

    def __init__(self, control: Control, ref: str, on_progress: Callable[[Progress], None]) -> None:
        self._control = control
        self._ref = ref
        self._on_progress = on_progress
        self._watch = Watch()
        self._news: queue.Queue[pb.StatusResponse | _Signal] = queue.Queue()
        self._heard = False
        self._last_news = 0.0
        """Monotonic seconds of the last progress, or of the answer."""
        self._waiting_for = set(_Signal)

    def run(
        self, request: "pb.SolveRequest", cancel: threading.Event, address: str
    ) -> Mapping[str, str]:
        """The exporters' response; raises BuildFailed, Unreachable or Interrupted."""
        answer = self._control.solve(request)
        answer.add_done_callback(lambda _: self._news.put(_Signal.ANSWERED))
        status = self._control.status(self._ref)
        reader = threading.Thread(target=self._read, args=(status,), name="status", daemon=True)
        reader.start()
        try:
            self._follow(answer, cancel)
        finally:
            answer.cancel()
            status.cancel()  # type: ignore[no-untyped-call]  # the stubs forgot its result
            reader.join()
        return self._result(answer, cancel, address)

    def _read(self, status: "grpc.CallIterator[pb.StatusResponse]") -> None:
        """Ends with the stream, whatever its end: the answer is what counts."""
        import grpc

        with suppress(grpc.RpcError):
            for response in status:
                self._news.put(response)
        self._news.put(_Signal.SILENT)

    def _follow(self, answer: Answer, cancel: threading.Event) -> None:
        """Pass the progress on until both the answer and the progress have ended.

        A cancelled solve is answered at once, by grpc; its progress ends when the builder has
        stopped.
        """
        while self._waiting_for and not self._is_forgotten():
            if cancel.is_set():
                answer.cancel()
            with suppress(queue.Empty):
                self._take(self._news.get(timeout=_TICK))

    def _is_forgotten(self) -> bool:
        """A solve that failed before it had a job has no progress, and that call hangs."""
        if _Signal.ANSWERED in self._waiting_for:
            return False
        patience = _SILENCE if self._heard else _UNSEEN
        return time.monotonic() - self._last_news > patience

    def _take(self, news: "pb.StatusResponse | _Signal") -> None:
        self._last_news = time.monotonic()
        if isinstance(news, _Signal):
            self._waiting_for.discard(news)
            return
        self._heard = True
        for one in progress(news):
            self._watch.see(one)
            self._on_progress(one)

    def _result(self, answer: Answer, cancel: threading.Event, address: str) -> Mapping[str, str]:
        import grpc

        try:
            return dict(answer.result().ExporterResponse)
        except grpc.FutureCancelledError:
            raise Interrupted("Build was cancelled") from None
        except grpc.RpcError as error:
            failure = errors.read(error)
        if cancel.is_set() and failure.code == "CANCELLED":
            raise Interrupted("Build was cancelled")
        raise self._failure(failure, address)

    def _failure(self, failure: errors.Failure, address: str) -> EnvdplanError:
        """A daemon that went away has no details to tell."""
        if failure.code == "UNAVAILABLE" and not failure.has_details:
            return errors.unreachable(failure.message, address)
        digest = failure.vertex or self._watch.failed
        return errors.BuildFailed(
            failure.message,
            self._watch.names.get(digest, ""),
            failure.excerpt,
            self._watch.tail(digest),
        )
