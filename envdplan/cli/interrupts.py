"""Ctrl-C once: finish what runs, begin nothing new, save. Twice: end now."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

from envdplan.cli.exit_codes import INTERRUPTED


@contextmanager
def graceful(cancel: threading.Event, tell: Callable[[str], None]) -> Iterator[None]:
    """While inside, the first SIGINT or SIGTERM sets `cancel`, the second ends the process.

    The second loses nothing: what has begun is in the state as pending.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        if cancel.is_set():
            os._exit(INTERRUPTED)
        cancel.set()
        name = signal.Signals(number).name
        tell(f"{name}: stopping what runs, then saving the state. Once more ends at once.")

    former = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
