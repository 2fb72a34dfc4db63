"""What answers a builder's SSH requests: an agent behind a socket, or one of our own with keys."""

import socket
import stat
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Final, Protocol

from envdplan.clients.buildkit.request import SshAgent
from envdplan.clients.buildkit.session.services import Abort
from envdplan.ground.diagnostics import EnvdplanError

FAILURE: Final = b"\x05"
LONGEST: Final = 256 * 1024
"""Bytes of a message; OpenSSH's own limit."""
_UNAVAILABLE: Final = 14
_VARIABLE: Final = "SSH_AUTH_SOCK"


class Agent(Protocol):
    """Speaks the protocol of SSH agents; one thread at a time."""

    def ask(self, message: bytes) -> bytes:
        """The answer to one message, both without their lengths."""

    def close(self) -> None:
        """Nothing more will be asked."""


def framed(message: bytes) -> bytes:
    """A message with its length before it."""
    return len(message).to_bytes(4, "big") + message


def opener(wanted: SshAgent, environment: Mapping[str, str]) -> Callable[[], Agent]:
    """What makes an agent for each connection of a build step.

    Raises EnvdplanError when it could not: a build that needs it is not even begun.
    """
    paths = wanted.paths or (_own_socket(wanted, environment),)
    sockets = [path for path in paths if _is_socket(wanted, path)]
    if sockets and len(paths) > 1:
        raise EnvdplanError(
            "Ambiguous SSH agent",
            f'"{wanted.id}" of ssh names a socket ({sockets[0]}) and more: it is either one socket '
            "or files of keys. Give each its own id.",
        )
    if sockets:
        return partial(SocketAgent, sockets[0])
    from envdplan.clients.buildkit.session.sshkeys import KeyAgent

    agent = KeyAgent(paths)
    return lambda: agent


def _own_socket(wanted: SshAgent, environment: Mapping[str, str]) -> str:
    path = environment.get(_VARIABLE)
    if path:
        return path
    raise EnvdplanError(
        "SSH agent not found",
        f'The build forwards the agent "{wanted.id}", but {_VARIABLE} is not set. Start one '
        "(ssh-agent, then ssh-add), or name its socket or files of keys with paths.",
    )


def _is_socket(wanted: SshAgent, path: str) -> bool:
    try:
        return stat.S_ISSOCK(Path(path).stat().st_mode)
    except OSError as error:
        raise EnvdplanError(
            "SSH agent or key not found",
            f'"{wanted.id}" of ssh: {path}: {error.strerror}. Name the socket of a running agent, '
            "or a file with a private key.",
        ) from error


class SocketAgent:
    """An agent that listens on a unix socket."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._socket = socket.socket(socket.AF_UNIX)
        try:
            self._socket.connect(path)
        except OSError as error:
            self._socket.close()
            raise self._gone(error) from error

    def ask(self, message: bytes) -> bytes:
        """See Agent. The agent may ask its user first, which takes as long as it takes."""
        try:
            self._socket.sendall(framed(message))
            return self._exactly(int.from_bytes(self._exactly(4), "big"))
        except OSError as error:
            raise self._gone(error) from error

    def close(self) -> None:
        """See Agent."""
        self._socket.close()

    def _exactly(self, size: int) -> bytes:
        if size > LONGEST:
            raise OSError(f"it answers with {size} bytes")
        data = b""
        while len(data) < size:
            piece = self._socket.recv(size - len(data))
            if not piece:
                raise OSError("it hung up")
            data += piece
        return data

    def _gone(self, error: OSError) -> Abort:
        reason = error.strerror or error
        return Abort(_UNAVAILABLE, f"the SSH agent at {self._path} does not answer: {reason}")
