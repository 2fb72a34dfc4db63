"""Ctrl-C while things are changed: once finishes what runs, begins nothing new, and saves."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

from envdplan.app.streams import OutputLost
from envdplan.ground import interrupts

APPLYING = "stopping what runs, then saving the state"


@contextmanager
def graceful(
    cancel: threading.Event, tell: Callable[[str], None], doing: str = APPLYING
) -> Iterator[None]:
    """While inside, the first SIGINT or SIGTERM sets `cancel`, the second ends the process.

    The second loses nothing: what has begun is in the state as pending. `doing` is what the first
    one leads to.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        if cancel.is_set():
            interrupts.leave(interrupts.exit_code())
        interrupts.note(number)
        cancel.set()
        _say(tell, f"{interrupts.name()}: {doing}. Once more ends at once.")

    with interrupts.handled_by(stop):
        yield


def _say(tell: Callable[[str], None], text: str) -> None:
    """Tell it, though the signal came in the middle of other words, which no stream can take."""
    try:
        tell(text)
    except (OutputLost, OSError, RuntimeError):
        with suppress(OSError):
            os.write(2, f"{text}\n".encode())
