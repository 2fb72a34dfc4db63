"""An engine behind ssh: the user's own ssh command carries the connection."""

import socket
import subprocess
import threading
from collections.abc import Sequence
from typing import Final

from envdplan.clients.docker.endpoint import Endpoint
from envdplan.clients.docker.http1 import read_head, request
from envdplan.ground.logs import Log, command

_LOG: Final = Log("clients.docker")
_COMPLAINT_LIMIT: Final = 4096


def ssh_command(endpoint: Endpoint, timeout: float) -> list[str]:
    """The command whose standard input and output are a connection, as the docker command runs it.

    The path of the URL, where there is one, is the engine's socket on the host.
    """
    command = ["ssh", "-T", "-o", f"ConnectTimeout={max(1, round(timeout))}"]
    if endpoint.user:
        command += ["-l", endpoint.user]
    if endpoint.port:
        command += ["-p", str(endpoint.port)]
    docker = ["docker", f"--host=unix://{endpoint.path}"] if endpoint.path else ["docker"]
    return [*command, "--", endpoint.host, *docker, "system", "dial-stdio"]


def connect_by_ssh(endpoint: Endpoint, timeout: float) -> socket.socket:
    """A connection made by the ssh command, which holds the other end of a socket pair.

    A ping proves that it got through. Raises OSError with what ssh said.
    """
    near, inner = socket.socketpair()
    try:
        with inner:
            argv = ssh_command(endpoint, timeout)
            complaint = _Complaint(_start(argv, inner))
        with _LOG.call("run", command(argv)):
            _ping_or_explain(near, timeout, complaint)
    except BaseException:
        near.close()
        raise
    return near


def _start(command: Sequence[str], stream: socket.socket) -> subprocess.Popen[bytes]:
    """In a session of its own, as the docker command does: Ctrl-C is for us to handle."""
    end = stream.fileno()
    try:
        return subprocess.Popen(
            command, stdin=end, stdout=end, stderr=subprocess.PIPE, start_new_session=True
        )
    except FileNotFoundError:
        raise ConnectionError("there is no ssh command in PATH") from None


def _ping_or_explain(near: socket.socket, timeout: float, complaint: "_Complaint") -> None:
    try:
        _ping(near, timeout)
    except OSError as error:
        near.close()
        raise ConnectionError(complaint.text() or str(error)) from error


def _ping(sock: socket.socket, timeout: float) -> None:
    sock.settimeout(timeout)
    sock.sendall(request("HEAD", "/_ping"))
    read_head(sock)
    sock.settimeout(None)


class _Complaint:
    """Collects what a command says on standard error, until it has ended and is reaped."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._said = b""
        self._thread = threading.Thread(target=self._collect, name="docker-ssh", daemon=True)
        self._thread.start()

    def _collect(self) -> None:
        if stream := self._process.stderr:
            with stream:
                for line in stream:
                    self._said = (self._said + line)[-_COMPLAINT_LIMIT:]
        self._process.wait()

    def text(self) -> str:
        """What was said, on one line. Waits a second for the command to end."""
        self._thread.join(1)
        return " ".join(self._said.decode("utf-8", "replace").split())
