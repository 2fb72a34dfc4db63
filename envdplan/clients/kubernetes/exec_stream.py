"""A command in a pod, as `kubectl exec -i` runs it but without kubectl: used like a socket.

The official client's WSClient keeps all output in memory and waits without bound, so it is only
asked to connect. Then one thread moves the bytes of both directions: a TLS connection must not be
read and written by two.
"""

import select
import socket
import ssl
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from envdplan.clients.kubernetes.access import Access
from envdplan.clients.kubernetes.api import POD
from envdplan.clients.kubernetes.failures import Missing, failure
from envdplan.ground import jsontext
from envdplan.ground.diagnostics import EnvdplanError, Refused, Unreachable
from envdplan.ground.logs import Log, url
from envdplan.ground.streams import CommandStream

_LOG: Final = Log("clients.kubernetes")
_PROTOCOLS: Final = "v5.channel.k8s.io,v4.channel.k8s.io"
"""v5 can end the command's input; 1.20 knows v4 only, and refuses who offers v5 alone."""

_STDIN, _STDOUT, _STDERR, _STATUS, _CLOSE = 0, 1, 2, 3, 255
_CHUNK: Final = 64 * 1024
_KEPT: Final = 4096
"""Bytes of the command's words that are kept for messages."""
_AGAIN: Final = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class CommandEnded(ConnectionError):
    """The command ended with a code other than 0: the stream broke, and this is why."""


@dataclass(frozen=True, slots=True)
class Command:
    """What runs, and where."""

    pod: str
    container: str
    argv: Sequence[str]

    def __str__(self) -> str:
        return f"`{' '.join(self.argv)}` in the pod {self.pod}"


def exec_stream(access: Access, namespace: str, command: Command) -> CommandStream:
    """Start `command` without a terminal.

    When it fails, receiving at the end of its output raises CommandEnded or Refused. Raises Missing
    (no such pod), Refused (not allowed, or no host yet), Unreachable (try again).
    """
    web = _connect(access, namespace, command)
    near, inner = socket.socketpair()
    outcome = _Outcome(command)
    half_close = "v5" in (web.getheaders() or {}).get("sec-websocket-protocol", "")
    pump = _Pump(inner, web, outcome, half_close=half_close)
    threading.Thread(target=pump.run, name="pod-exec", daemon=True).start()
    return CommandStream(near, outcome.problem)


def _connect(access: Access, namespace: str, command: Command) -> Any:
    import websocket
    from kubernetes.stream.ws_client import create_websocket

    path = f"{POD.path(namespace, command.pod)}/exec"
    query = [("container", command.container), ("stdin", "true"), ("stdout", "true")]
    query += [("stderr", "true"), ("tty", "false"), *(("command", one) for one in command.argv)]
    headers = {**access.headers(), "sec-websocket-protocol": _PROTOCOLS}
    where = _socket_url(access, path, query)
    try:
        with _LOG.call("GET", url(where)) as call:
            web = create_websocket(access.configuration, where, headers)
            call.status = web.getstatus()
    except websocket.WebSocketBadStatusException as error:
        raise _refused(access, error) from error
    except (websocket.WebSocketException, OSError) as error:
        said = " ".join(str(error).split()) or type(error).__name__
        raise Unreachable("Cluster cannot be reached", f"{access.host}: {said}.") from error
    return web


def _socket_url(access: Access, path: str, query: list[tuple[str, str]]) -> str:
    from urllib.parse import urlencode

    scheme, rest = access.url(path).split("://", 1)
    return f"{'wss' if scheme == 'https' else 'ws'}://{rest}?{urlencode(query)}"


def _refused(access: Access, error: Any) -> EnvdplanError:
    """A kubelet that is down, or not there yet, is answered with 500: worth another try."""
    body = error.resp_body or b""
    problem = failure(error.status_code, body if isinstance(body, bytes) else b"", access.host)
    dialing = "dialing backend" in problem.detail or "have a host assigned" in problem.detail
    if dialing and not isinstance(problem, Missing):
        return Unreachable("Pod cannot be reached", problem.detail)
    return problem


@dataclass
class _Outcome:
    """How the command ended, once it did."""

    command: Command
    status: dict[str, Any] | None = None
    broken: OSError | None = None
    errors: bytes = b""
    ended: threading.Event = field(default_factory=threading.Event)

    def problem(self) -> Exception | None:
        self.ended.wait(5.0)
        if self.status is None or self.status.get("status") == "Success":
            return self.broken
        said = " ".join(self.errors.decode("utf-8", "replace").split())
        message = str(self.status.get("message") or "").rstrip(".")
        if self.status.get("reason") == "NonZeroExitCode":
            return CommandEnded(f"{self.command} failed: {said or message}")
        return _Unstartable(f"{self.command} cannot run: {message}. Use an image that has it.")


class _Unstartable(Refused, OSError):
    """An OSError too, so that whoever copies bytes treats it as a broken stream."""

    def __init__(self, detail: str) -> None:
        Refused.__init__(self, "A command is missing in the pod", detail)


class _Pump:
    """The thread's state: at most one piece waits in each direction."""

    def __init__(
        self, near: socket.socket, web: Any, outcome: _Outcome, *, half_close: bool
    ) -> None:
        self._near, self._web, self._far = near, web, web.sock
        self._outcome, self._half_close = outcome, half_close
        self._to_near = memoryview(b"")
        self._to_far = memoryview(b"")
        self._near_reads = True
        self._far_reads = True
        near.setblocking(False)
        self._far.setblocking(False)
        web.frame_buffer.recv = self._receive

    def run(self) -> None:
        try:
            while self._far_reads or self._to_near:
                self._step()
        except OSError as error:
            self._outcome.broken = error
        except Exception as error:  # noqa: BLE001  websocket's own, which share no useful base
            self._outcome.broken = ConnectionError(str(error))
        finally:
            self._outcome.ended.set()
            self._close()

    def _step(self) -> None:
        if self._far_reads and not self._to_near and self._buffered():
            self._read_far()
            return
        ready = dict(self._poll().poll())
        near = ready.get(self._near.fileno(), 0)
        far = ready.get(self._far.fileno(), 0)
        if near & (select.POLLHUP | select.POLLERR):
            raise ConnectionAbortedError("closed on this side")
        if near & select.POLLOUT:
            self._to_near = _written(self._near, self._to_near)
        if near & select.POLLIN:
            self._read_near()
        if far & select.POLLOUT or self._to_far:
            self._to_far = _written(self._far, self._to_far)
        if far & (select.POLLIN | select.POLLHUP | select.POLLERR) and not self._to_near:
            self._read_far()

    def _poll(self) -> "select.poll":
        poll = select.poll()
        reads = self._near_reads and not self._to_far
        poll.register(self._near, _events(reads=reads, writes=bool(self._to_near)))
        reads = self._far_reads and not self._to_near
        poll.register(self._far, _events(reads=reads, writes=bool(self._to_far)))
        return poll

    def _buffered(self) -> bool:
        """TLS may hold bytes that poll cannot see."""
        return isinstance(self._far, ssl.SSLSocket) and self._far.pending() > 0

    def _receive(self, size: int) -> bytes:
        data = self._far.recv(size)
        if not data:
            raise ConnectionResetError("the cluster closed the connection")
        return bytes(data)

    def _read_near(self) -> None:
        try:
            data = self._near.recv(_CHUNK)
        except BlockingIOError:
            return
        if data:
            self._send(bytes([_STDIN]) + data)
            return
        self._near_reads = False
        if not self._half_close:
            raise ConnectionAbortedError("closed on this side")  # v4 knows no end of input
        self._send(bytes([_CLOSE, _STDIN]))

    def _send(self, payload: bytes, opcode: int | None = None) -> None:
        from websocket import ABNF

        frame = ABNF.create_frame(payload, ABNF.OPCODE_BINARY if opcode is None else opcode)
        self._to_far = memoryview(bytes(self._to_far) + frame.format())
        self._to_far = _written(self._far, self._to_far)

    def _read_far(self) -> None:
        from websocket import ABNF

        try:
            frame = self._web.frame_buffer.recv_frame()
        except _AGAIN:
            return
        match frame.opcode:
            case ABNF.OPCODE_CLOSE:
                self._far_reads = False
            case ABNF.OPCODE_PING:
                self._send(frame.data, ABNF.OPCODE_PONG)
            case ABNF.OPCODE_BINARY | ABNF.OPCODE_TEXT if frame.data:
                self._take(frame.data[0], frame.data[1:])

    def _take(self, channel: int, data: bytes) -> None:
        if channel == _STDOUT and data:
            self._to_near = _written(self._near, memoryview(data))
        elif channel == _STDERR:
            self._outcome.errors = (self._outcome.errors + data)[-_KEPT:]
        elif channel == _STATUS:
            with suppress(ValueError):
                self._outcome.status = jsontext.loads(data)

    def _close(self) -> None:
        """Unread bytes would make the near end see a reset in place of the end: read them."""
        with suppress(OSError):
            self._near.shutdown(socket.SHUT_RDWR)
            while self._near.recv(_CHUNK):
                pass
        self._near.close()
        with suppress(Exception):
            self._far.close()


def _events(*, reads: bool, writes: bool) -> int:
    return (select.POLLIN if reads else 0) | (select.POLLOUT if writes else 0)


def _written(sock: socket.socket, data: memoryview) -> memoryview:
    """What is left of `data` after sending what the socket takes now."""
    while data:
        try:
            data = data[sock.send(data) :]
        except _AGAIN:
            break
    return data
