"""Standard input and output that may be closed, or lead to a full disk.

A descriptor that is closed would be given to the next file that is opened: the state might then
receive what the command says.
"""

import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

_FAILED: Final = 1


def prepare() -> None:
    """Give every standard stream a descriptor, and standard output words for its failures.

    Ends the process when standard output is closed: what the command finds out would be lost.
    """
    closed = [number for number in (0, 1, 2) if not _is_open(number)]
    for _ in closed:
        os.open(os.devnull, os.O_RDWR)  # the lowest number that is free
    if 0 in closed:
        sys.stdin = io.TextIOWrapper(io.BufferedReader(io.FileIO(0, closefd=False)))
    if 2 in closed:  # noqa: PLR2004  standard error
        sys.stderr = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), write_through=True)
    if 1 in closed:
        sys.stderr.write(_CLOSED)
        os._exit(_FAILED)
    old = sys.stdout
    sys.stdout = io.TextIOWrapper(
        io.BufferedWriter(_Output(1, "w", closefd=False)),
        encoding=old.encoding,
        errors=old.errors,
        line_buffering=bool(old.line_buffering),
        write_through=getattr(old, "write_through", False),
    )


class OutputLost(Exception):
    """Standard output cannot be written. No failure of a change: those are caught elsewhere."""

    def __init__(self, error: OSError) -> None:
        super().__init__(error.strerror or str(error))
        self.is_unread = isinstance(error, BrokenPipeError)
        """Whoever read has seen enough, as in `| head`."""


def finish(code: int) -> int:
    """Write what is left; the exit code, which is another one when that fails."""
    try:
        sys.stdout.flush()
    except OutputLost as lost:
        code = code or tell_lost(lost)
    with suppress(OSError):
        sys.stderr.flush()
    return code


def tell_lost(lost: OutputLost) -> int:
    """Say why nobody can read what the command says; the exit code."""
    silence()
    if not lost.is_unread:
        with suppress(OSError):
            sys.stderr.write(
                f"Error: Standard output cannot be written\n\n{lost}. Its output is lost, at "
                "least in part. Send its output to another place.\n"
            )
    return _FAILED


def silence() -> None:
    """Nobody reads standard output any more: what is still to come goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


class _Output(io.FileIO):
    """Standard output; its failures are known as such."""

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data)
        except BlockingIOError:
            raise  # its reader is slow; whoever buffers asks again
        except OSError as error:
            raise OutputLost(error) from error


def _is_open(number: int) -> bool:
    try:
        os.fstat(number)
    except OSError:
        return False
    return True


_CLOSED: Final = """\
Error: Standard output is closed

The output would be lost, so nothing was done. Send it somewhere: > FILE, or
> /dev/null.
"""
