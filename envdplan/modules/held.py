"""Ctrl-C while a program is being started: it waits until the program can be ended."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Raises KeyboardInterrupt at the end of the block when Ctrl-C came within it.

    Python may raise it between the start of a program and the moment its handle is known, and
    then nobody could end the program. Other threads than the main one are never interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came = threading.Event()
    former = signal.signal(signal.SIGINT, lambda *_: came.set())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)
    if came.is_set():
        raise KeyboardInterrupt
