"""The session: what the builder may call on this machine while a solve runs."""

import threading
import time

from envdplan.clients.buildkit.session.services import Abort, Handler, Services, Stream
from envdplan.clients.buildkit.wire import frames
from envdplan.clients.buildkit.wire.call import Call, refusal
from envdplan.clients.buildkit.wire.http2 import Connection
from envdplan.clients.buildkit.wire.transport import Transport
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.logs import Log

_LOG = Log("clients.buildkit")
OK = 0
UNKNOWN = 2
UNIMPLEMENTED = 12
INTERNAL = 13

HEALTH_CHECK = "/grpc.health.v1.Health/Check"
_TICK = 0.1
"""Seconds between looks at the cancel event."""
_SERVING = b"\x08\x01"
"""HealthCheckResponse{status: SERVING}."""


def check_health(stream: Stream) -> None:
    """Serves Health/Check: BuildKit asks every 5 s, and ends a session that fails twice."""
    while stream.receive() is not None:
        pass
    stream.send((_SERVING,))


class Session:
    """Serves `services` on a transport, a thread for each call, until `close`.

    `failure` is the first exception of a handler that was no Abort: the builder only learns
    that a call failed, the one who waits for the solve wants the reason.
    """

    def __init__(self, transport: Transport, services: Services) -> None:
        self.failure: Exception | None = None
        self._services = {HEALTH_CHECK: check_health, **services}
        self._connection = Connection(transport, self._accept)
        self._reader = threading.Thread(target=self._connection.run, name="session", daemon=True)
        self._lock = threading.Lock()
        self._handlers: set[threading.Thread] = set()

    def start(self) -> None:
        """Start serving."""
        self._reader.start()

    def close(self, timeout: float = 5.0) -> None:
        """End the connection; wait for handlers to clean up, at most `timeout` seconds."""
        deadline = time.monotonic() + timeout
        self._connection.close()
        with self._lock:
            threads = [self._reader, *self._handlers]
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def settle(self, path: str, timeout: float, cancel: threading.Event) -> None:
        """Wait for calls of `path` that run, at most `timeout` seconds, until `cancel` is set.

        The last step of a call may come after the answer of what it belongs to.
        """
        deadline = time.monotonic() + timeout
        while (running := self._running(path)) and not cancel.is_set():
            if time.monotonic() > deadline:
                return
            running[0].join(_TICK)

    def _running(self, path: str) -> list[threading.Thread]:
        with self._lock:
            return [one for one in self._handlers if one.name == _name(path)]

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the connection has ended; whether it has."""
        self._reader.join(timeout)
        return not self._reader.is_alive()

    def _accept(self, call: Call, path: str) -> None:
        handler = self._services.get(path)
        if handler is None:
            self._refuse(call, path)
            return
        thread = threading.Thread(
            target=self._serve, args=(call, path, handler), name=_name(path), daemon=True
        )
        with self._lock:  # who closes meanwhile must find none that has not begun
            thread.start()
            self._handlers.add(thread)

    def _refuse(self, call: Call, path: str) -> None:
        """Answers without blocking, as the reader calls it."""
        _LOG.call("serve", path).end(f"code {UNIMPLEMENTED}")
        answer = refusal(call.id, UNIMPLEMENTED, f"unknown method {path}")
        if not call.remote_done:
            answer += frames.reset(call.id, frames.Code.NO_ERROR)
        self._connection.forget(call)
        self._connection.later(answer)

    def _serve(self, call: Call, path: str, handler: Handler) -> None:
        with _LOG.call("serve", path, routine=path == HEALTH_CHECK) as logged:
            code, message = self._outcome(call, handler)
            logged.status = f"code {code}" if code else "OK"
        self._connection.forget(call)
        call.finish(code, message)
        with self._lock:
            self._handlers.discard(threading.current_thread())

    def _outcome(self, call: Call, handler: Handler) -> tuple[int, str]:
        try:
            handler(call)
        except Abort as abort:
            return abort.code, abort.message
        except EnvdplanError as error:
            self.failure = self.failure or error
            return UNKNOWN, str(error)
        except OSError as error:
            self.failure = self.failure or error
            return UNKNOWN, f"the client failed to serve the call: {error.strerror or error}"
        except Exception as error:  # noqa: BLE001  whatever it is, only this call ends
            self.failure = self.failure or error
            return INTERNAL, f"the client failed to serve the call ({type(error).__name__})"
        return OK, ""


def _name(path: str) -> str:
    return f"session {path}"
