"""Ctrl-C and SIGTERM, in every phase: once ends gracefully, twice at once.

A command is in one of four moods, and the handler of the signals is that of the mood:

    it starts        nothing was begun: the process ends
    it works         Stopped is raised in the main thread, on its way out everything is closed
    it changes       `handled_by` of whoever changes things: what runs is ended, the state saved
    it has ended     the process ends

Python calls handlers in the main thread only, between two of its instructions; where a library
lets it wait, for example for a name server, no handler runs. So a thread of its own hears each
signal from the kernel as well: it ends the process at the second, and when the first was not
obeyed in time. Nothing is lost by that: whatever is written is written as a whole.

A signal that the parent process ignores (a command in the background of a script ignores SIGINT)
stays ignored.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)
PATIENCE: Final = 5.0
"""Seconds that a command which changes nothing has to end after the first signal."""

Handler = Callable[[int, FrameType | None], object]

stopping: Final = threading.Event()
"""Set by the first signal: whoever waits for an answer waits no more than a little longer."""
_first: list[int] = []


class Stopped(KeyboardInterrupt):
    """The user, or whoever runs the command, asked it to stop."""


def watch() -> None:
    """From now on signals end the process with the code of the signal, without any words."""
    _install(_leave)
    hearing, said = os.pipe()
    os.set_blocking(said, False)
    signal.set_wakeup_fd(said, warn_on_full_buffer=False)
    threading.Thread(target=_listen, args=(hearing,), name="signals", daemon=True).start()


def work() -> None:
    """From now on the first signal raises Stopped in the main thread."""
    _install(_stop)


def end() -> None:
    """From now on signals end the process: nothing was begun, or all is done."""
    _install(_leave)


def note(number: int) -> None:
    """A handler of a mood says that it has heard the signal."""
    _first.append(number)
    stopping.set()


def exit_code() -> int:
    """What a command exits with that was asked to stop: 130 after SIGINT, 143 after SIGTERM."""
    return 128 + (_first[0] if _first else signal.SIGINT)


def name() -> str:
    """What the first signal is called."""
    return signal.Signals(_first[0] if _first else signal.SIGINT).name


@contextmanager
def handled_by(handler: Handler) -> Iterator[None]:
    """While inside, `handler` gets the signals. Does nothing outside of the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = _install(handler)
    try:
        yield
    finally:
        for number, one in former.items():
            signal.signal(number, one)


@contextmanager
def held() -> Iterator[None]:
    """Raises Stopped at the end of the block when a signal came within it.

    Python may raise it between the start of a program and the moment its handle is known, and
    then nobody could end the program. Other threads than the main one are never interrupted.
    """
    came = threading.Event()

    def hear(number: int, frame: FrameType | None) -> None:
        del frame
        note(number)
        came.set()

    with handled_by(hear):
        yield
    if came.is_set():
        raise Stopped


def leave(code: int) -> NoReturn:
    """End the process now, whatever its threads wait for."""
    os._exit(code)


def _install(handler: Handler) -> dict[signal.Signals, "Callable[..., object] | int | None"]:
    """The former handlers of those that are not ignored."""
    former = {one: signal.getsignal(one) for one in SIGNALS}
    heard = {one: before for one, before in former.items() if before is not signal.SIG_IGN}
    for one in heard:
        signal.signal(one, handler)
    return heard


def _leave(number: int, frame: FrameType | None) -> None:
    del frame
    leave(128 + number)


def _stop(number: int, frame: FrameType | None) -> None:
    del frame
    note(number)
    raise Stopped


def _listen(hearing: int) -> None:
    """The second signal ends the process; so does the first that is not obeyed in time."""
    heard: list[int] = []
    while data := os.read(hearing, 1):
        number = data[0]
        if number not in SIGNALS:
            continue
        heard.append(number)
        if len(heard) > 1:
            leave(128 + heard[0])
        if signal.getsignal(number) is _stop:
            timer = threading.Timer(PATIENCE, leave, (128 + number,))
            timer.daemon = True
            timer.start()
