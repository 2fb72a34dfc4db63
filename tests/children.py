"""Processes that tests start: they hear the signals, and none outlives its test.

Whoever runs the tests may ignore SIGINT, as shells do for commands in the background; children
inherit that, and a test that interrupts one would wait for ever.
"""

import signal
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

_started: "list[subprocess.Popen[Any]]" = []


def hear_signals() -> None:
    """Take back that SIGINT and SIGTERM are ignored: for this process and those it starts."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if signal.getsignal(signal.SIGTERM) is signal.SIG_IGN:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def start(command: Sequence[str | Path], **options: Any) -> "subprocess.Popen[Any]":
    """As subprocess.Popen. The process is ended when the test ends, whatever becomes of it."""
    process = subprocess.Popen(command, **options)
    _started.append(process)
    return process


def end_all() -> None:
    """End and reap what the test has started."""
    while _started:
        process = _started.pop()
        if process.poll() is None:
            process.kill()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        process.wait()
