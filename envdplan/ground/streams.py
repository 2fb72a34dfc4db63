"""Standard input and output of a command that runs somewhere, used like a connected socket."""

import socket
from collections.abc import Callable

Problem = Callable[[], Exception | None]
"""Why the command failed, asked once its output has ended; None when it succeeded."""


class CommandStream:
    """One thread may receive while another sends; shutdown(SHUT_WR) is the end of its input.

    At the end of its output, receiving raises what `problem` tells.
    """

    def __init__(self, near: socket.socket, problem: Problem) -> None:
        self._near, self._problem = near, problem

    def recv_into(self, buffer: bytearray | memoryview, /) -> int:
        """Like socket.recv_into; 0 at the end of a command that succeeded."""
        count = self._near.recv_into(buffer)
        if count == 0 and (problem := self._problem()):
            raise problem
        return count

    def sendall(self, data: bytes | memoryview, /) -> None:
        """Like socket.sendall; blocks while the command does not read."""
        self._near.sendall(data)

    def shutdown(self, how: int, /) -> None:
        """Like socket.shutdown."""
        self._near.shutdown(how)

    def close(self) -> None:
        """End it."""
        self._near.close()

    def fileno(self) -> int:
        """For select and poll."""
        return self._near.fileno()
