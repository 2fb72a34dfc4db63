"""Standard input and output of a local command, used like a connected socket: ssh, nerdctl."""

import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from typing import Final

from envdplan.ground.diagnostics import Unreachable
from envdplan.ground.logs import Log, why
from envdplan.ground.logs import command as without_secrets
from envdplan.ground.streams import CommandStream

_LOG: Final = Log("clients.buildkit")
_KEPT: Final = 4096
"""Bytes of the command's complaints that are kept for messages."""


class CommandSocket(CommandStream):
    """A command of this machine.

    When it failed, receiving and sending raise ConnectionError with its own words. Closing ends it.
    """

    def __init__(self, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Start it. Raises Unreachable when there is no such command."""
        self._name = command[0]
        self._logged = _LOG.call("run", without_secrets(command))
        near, far = socket.socketpair()
        super().__init__(near, self._failure)
        try:
            with far:
                self._process = subprocess.Popen(
                    list(command),
                    stdin=far.fileno(),
                    stdout=far.fileno(),
                    stderr=subprocess.PIPE,
                    env=dict(environment),
                    start_new_session=True,  # Ctrl-C is for us to handle
                )
        except OSError as error:
            near.close()
            self._logged.end(why(error))
            detail = f"{self._name}: {error.strerror or error}. Install it, or put it in PATH."
            raise Unreachable("Command cannot be started", detail) from error
        _LOG.write(f"run {without_secrets(command)} started")  # its end may come much later
        self._said = b""
        self._listener = threading.Thread(target=self._listen, name="command", daemon=True)
        self._listener.start()

    def recv_into(self, buffer: bytearray | memoryview, /) -> int:
        """See CommandStream; a command may end without reading all of its input."""
        try:
            return super().recv_into(buffer)
        except OSError as error:
            raise self._explained(error) from error

    def sendall(self, data: bytes | memoryview, /) -> None:
        """See CommandStream."""
        try:
            super().sendall(data)
        except OSError as error:
            raise self._explained(error) from error

    def close(self) -> None:
        """End it."""
        super().close()
        if self._process.poll() is None:
            self._process.terminate()

    def _listen(self) -> None:
        if stream := self._process.stderr:
            with stream:
                for line in stream:
                    self._said = (self._said + line)[-_KEPT:]
        self._logged.end(f"code {self._process.wait()}")

    def _failure(self) -> ConnectionError | None:
        self._listener.join(5.0)
        return ConnectionError(self._complaint()) if self._process.poll() else None

    def _explained(self, error: OSError) -> OSError:
        return self._failure() or error

    def _complaint(self) -> str:
        said = " ".join(self._said.decode("utf-8", "replace").split())
        return f"{self._name} ended with code {self._process.returncode}: {said or 'no message'}"
