"""Where the log goes that ENVDPLAN_LOG asks for. Imported only when it does.

ENVDPLAN_LOG=info          a line for each call that a client made
ENVDPLAN_LOG=debug         and when each begins, so that one that hangs is seen
ENVDPLAN_LOG_FILE=FILE     to the end of FILE, in place of standard error
"""

import logging
import os
import platform
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Final, TextIO

from envdplan import __version__
from envdplan.ground import logs
from envdplan.ground.diagnostics import EnvdplanError

LEVEL: Final = "ENVDPLAN_LOG"
FILE: Final = "ENVDPLAN_LOG_FILE"

_LEVELS: Final = {"debug": logging.DEBUG, "info": logging.INFO}
_USERS_ONLY: Final = 0o600
"""Names of hosts, images and files are nobody else's business."""


def wanted(environment: Mapping[str, str]) -> bool:
    """Whether there is to be a log."""
    return bool(environment.get(LEVEL) or environment.get(FILE))


def start(environment: Mapping[str, str], arguments: Sequence[str]) -> None:
    """From now on calls are logged. Raises EnvdplanError when that cannot be."""
    level = _level(environment.get(LEVEL) or "info")
    path = environment.get(FILE)
    handler = _Lines(_file(path) if path else _Terminal(sys.stderr))
    logger = logging.getLogger("envdplan")
    for former in [*logger.handlers]:
        logger.removeHandler(former)
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False  # what libraries log is theirs: urllib3 writes whole queries
    logs.switch(on=True)
    _first_lines(arguments)


def _first_lines(arguments: Sequence[str]) -> None:
    log = logs.Log("cli")
    log.write(f"envdplan {__version__}")
    log.write(f"Python {platform.python_version()} ({sys.implementation.name})")
    log.write(f"platform {platform.platform()}")
    log.write(f"command envdplan {logs.arguments(arguments)}")


def _level(word: str) -> int:
    found = _LEVELS.get(word.strip().lower())
    if found is None:
        raise EnvdplanError(
            "Unknown log level",
            f'{LEVEL} is "{word}"; it can be "info" or "debug". Nothing was done. Correct it, or '
            "unset it to have no log.",
        )
    return found


def _file(path: str) -> Callable[[bytes], object]:
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
    try:
        # without waiting: a FIFO that nobody reads would stop the command for good
        descriptor = os.open(path, flags | os.O_NONBLOCK, _USERS_ONLY)
    except OSError as error:
        raise EnvdplanError(
            "Log file cannot be opened",
            f"{FILE} is {path}: {error.strerror or error}. Nothing was done. Name a file that you "
            "may write, or unset it to have the log on standard error.",
        ) from None
    os.set_blocking(descriptor, True)
    return lambda line: _write_whole(descriptor, line)


def _write_whole(descriptor: int, line: bytes) -> None:
    """In one call, so that lines of several commands do not mix."""
    while line:
        line = line[os.write(descriptor, line) :]


class _Terminal:
    """Standard error. While lines move on a terminal, what is logged goes above them."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __call__(self, line: bytes) -> None:
        # rich stands in for sys.stderr then; it would lead a stream to a file to the terminal
        stream = sys.stderr if self._stream.isatty() else self._stream
        stream.write(line.decode())
        stream.flush()


class _Lines(logging.Handler):
    """One line for each record. A log that cannot be written ends, and the command goes on."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        super().__init__()
        self._write = write

    def emit(self, record: logging.LogRecord) -> None:
        """See logging.Handler."""
        try:
            self._write(self.format(record).encode("utf-8", "backslashreplace"))
        except (OSError, ValueError) as error:  # a stream that is closed raises ValueError
            logs.switch(on=False)
            with suppress(OSError, ValueError):
                why = getattr(error, "strerror", None) or error
                sys.stderr.write(f"Warning: The log ends here, it cannot be written: {why}\n")

    def format(self, record: logging.LogRecord) -> str:
        """See logging.Handler."""
        moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        where = f"{moment}.{int(record.msecs):03d}Z {record.levelname:<5} {record.name}"
        return f"{where}: {record.getMessage()}\n"
