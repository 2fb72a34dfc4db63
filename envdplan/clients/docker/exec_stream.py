"""Commands inside of a container, as `docker exec -i` runs them but without the docker command."""

import json
import socket
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from envdplan.clients.docker.engine import Engine
from envdplan.clients.docker.frames import STDERR, Demultiplexer
from envdplan.clients.docker.hijack import hijack
from envdplan.clients.docker.relay import relay
from envdplan.clients.docker.reply import Reply
from envdplan.ground.diagnostics import EnvdplanError, Refused
from envdplan.ground.streams import CommandStream

_KEPT: Final = 4096
"""Bytes of the command's words that are kept for messages."""
_CODE_TRIES: Final = 20
_CODE_PAUSE: Final = 0.05
_CHUNK: Final = 64 * 1024
_OUTPUT_LIMIT: Final = 1024 * 1024
_NOT_EXECUTABLE: Final = 126
_NOT_FOUND: Final = 127


class CommandFailed(ConnectionError):
    """The command ended with a code other than 0: the stream broke, and this is why."""


class CommandMissing(Refused, OSError):
    """The container cannot run the command at all; trying again does not help.

    An OSError too, so that whoever copies bytes treats it as a broken stream.
    """

    def __init__(self, summary: str, detail: str) -> None:
        Refused.__init__(self, summary, detail)


class ExecSocket(CommandStream):
    """At the end of its output, receiving raises CommandFailed or CommandMissing if it failed."""

    def __init__(self, near: socket.socket, outcome: "_Outcome") -> None:
        super().__init__(near, outcome.failure)
        self._outcome = outcome

    def recv(self, size: int, /) -> bytes:
        """Like socket.recv; see recv_into."""
        buffer = bytearray(size)
        return bytes(memoryview(buffer)[: self.recv_into(buffer)])

    def errors(self) -> str:
        """The last of what it wrote to standard error."""
        return self._outcome.errors()

    def exit_code(self, timeout: float = 5.0) -> int | None:
        """The exit code, once its output ended; None when it is not known in `timeout` seconds."""
        return self._outcome.exit_code(timeout)


def exec_socket(engine: Engine, container: str, command: Sequence[str]) -> ExecSocket:
    """Start `command` in the running `container`, without a terminal.

    Raises Unreachable, Missing (no such container), Conflict (it does not run).
    """
    with engine.doing(f'run {command[0]} in the container "{container}"') as api:
        created = Reply.of(api.exec_create(container, list(command), stdin=True))
        path = f"/v{api.api_version}/exec/{created.text('Id')}/start"
    outcome = _Outcome(engine, container, command, created.text("Id"))
    far = hijack(engine.endpoint, path, _JSON, body=_START, protocol="tcp")
    return ExecSocket(relay(far, outcome, outcome.finished, name="docker-exec"), outcome)


_JSON: Final = (("Content-Type", "application/json"),)
_START: Final = json.dumps({"Detach": False, "Tty": False}).encode()


class _Outcome:
    """The relay's codec: takes standard output out of the frames, keeps what explains a failure."""

    def __init__(self, engine: Engine, container: str, command: Sequence[str], id: str) -> None:
        self._engine, self._container, self._command, self._id = engine, container, command, id
        self._frames = Demultiplexer()
        self._errors = b""
        self._first = b""
        self._code: int | None = None
        self._ended = threading.Event()

    def outgoing(self, data: bytes) -> bytes:
        return data

    def end(self) -> bytes:
        return b""

    def incoming(self, data: bytes) -> bytes:
        pieces = []
        for stream, piece in self._frames.feed(data):
            if stream == STDERR:
                self._errors = (self._errors + piece)[-_KEPT:]
            else:
                pieces.append(piece)
        output = b"".join(pieces)
        if len(self._first) < _KEPT:
            self._first += output[: _KEPT - len(self._first)]
        return output

    def replies(self) -> bytes:
        return b""

    def finished(self, error: OSError | None) -> None:
        """Ask for the exit code; called by the relay's thread, so errors are not raised."""
        try:
            if not isinstance(error, ConnectionAbortedError):
                self._code = self._wait_for_code()
        except EnvdplanError:
            pass  # the connection broke, and whoever reads sees its end
        finally:
            self._ended.set()

    def _wait_for_code(self) -> int | None:
        """The engine learns of a command's end a little later than its streams end."""
        for _ in range(_CODE_TRIES):
            with self._engine.doing("tell how the command ended") as api:
                reply = Reply.of(api.exec_inspect(self._id))
            if not reply.flag("Running"):
                return reply.number("ExitCode")
            time.sleep(_CODE_PAUSE)
        return None

    def exit_code(self, timeout: float) -> int | None:
        self._ended.wait(timeout)
        return self._code

    def errors(self) -> str:
        return self._errors.decode("utf-8", "replace")

    def failure(self) -> Exception | None:
        """The engine writes its own complaint (no such program) into standard output."""
        code = self.exit_code(5.0)
        if not code:
            return None
        shown = " ".join(self._command)
        if code in (_NOT_EXECUTABLE, _NOT_FOUND):
            return CommandMissing(
                "Command is missing in the container",
                f'`{shown}` cannot run in the container "{self._container}": '
                f"{_line(self._errors or self._first)}. Use an image that has it.",
            )
        said = _line(self._errors) or "it said nothing"
        return CommandFailed(
            f'`{shown}` in the container "{self._container}" ended with code {code}: {said}'
        )


def _line(said: bytes) -> str:
    return " ".join(said.decode("utf-8", "replace").split()).rstrip(".")


@dataclass(frozen=True, slots=True)
class CommandResult:
    """How a command ended; `exit_code` None when the engine did not say. Errors: the last 4 KiB."""

    exit_code: int | None
    output: bytes
    errors: str


def run_command(engine: Engine, container: str, command: Sequence[str]) -> CommandResult:
    """Run `command` to its end without input; keeps its first MiB of output.

    Raises what exec_socket raises, and CommandMissing; not for a code other than 0.
    """
    stream = exec_socket(engine, container, command)
    try:
        stream.shutdown(socket.SHUT_WR)
        output = _read_all(stream)
    finally:
        stream.close()
    return CommandResult(stream.exit_code(), output, stream.errors())


def _read_all(stream: ExecSocket) -> bytes:
    whole = bytearray()
    try:
        while piece := stream.recv(_CHUNK):
            whole += piece[: max(0, _OUTPUT_LIMIT - len(whole))]
    except CommandFailed:
        pass  # the result tells
    return bytes(whole)
