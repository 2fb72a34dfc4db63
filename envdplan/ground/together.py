"""Many questions at once, in threads that nobody has to wait for.

The executors of the standard library wait for their threads, also when the user asks to stop, and
once more at the end of the process: a host that does not answer would hold all of them.
"""

import queue
import threading
import time
from collections.abc import Callable, Iterable
from typing import Final, Generic, TypeVar

from envdplan.ground.diagnostics import Interrupted
from envdplan.ground.interrupts import stopping

_Question = TypeVar("_Question")
_Answer = TypeVar("_Answer")
_LOOK_UP: Final = 0.1
"""Seconds between two looks at a wish to stop."""
_GRACE: Final = 5.0
"""Seconds for which an answer is waited for when the user has asked to stop."""


def together(
    ask: Callable[[_Question], _Answer],
    questions: Iterable[_Question],
    parallelism: int,
    name: str,
    cancel: threading.Event | None = None,
) -> list[_Answer]:
    """The answers in the order of the questions; raises what the first in this order raised.

    Only for looking: when the caller is interrupted, or `cancel` is set (Interrupted), no further
    question is asked, and those that run are left alone.
    """
    work = _Work(ask, list(questions))
    for number in range(min(parallelism, len(work.questions))):
        threading.Thread(target=work.run, name=f"{name}-{number}", daemon=True).start()
    try:
        work.wait(cancel)
    finally:
        work.given_up.set()
    return work.result()


class _Work(Generic[_Question, _Answer]):
    """What the threads share."""

    def __init__(self, ask: Callable[[_Question], _Answer], questions: list[_Question]) -> None:
        self.ask, self.questions = ask, questions
        self.given_up = threading.Event()
        self.answers: dict[int, _Answer] = {}
        self.failures: list[BaseException | None] = [None] * len(questions)
        self._open: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._done: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in range(len(questions)):
            self._open.put(number)

    def run(self) -> None:
        """One thread: question after question."""
        while not self.given_up.is_set():
            try:
                number = self._open.get_nowait()
            except queue.Empty:
                return
            try:
                self.answers[number] = self.ask(self.questions[number])
            except BaseException as error:  # noqa: BLE001  raised in the thread that asked
                self.failures[number] = error
            self._done.put(number)

    def wait(self, cancel: threading.Event | None) -> None:
        """Until all are answered. Raises Interrupted."""
        for _ in self.questions:
            while not self.is_one_done(None if cancel is None else _LOOK_UP):
                if cancel is not None and cancel.is_set():
                    raise _stopped()

    def result(self) -> list[_Answer]:
        """The answers; raises the first failure."""
        for one in self.failures:
            if one is not None:
                raise one
        return [self.answers[number] for number in range(len(self.questions))]

    def is_one_done(self, timeout: float | None) -> bool:
        """Whether one more is answered, waiting up to `timeout` seconds (None: for ever)."""
        try:
            self._done.get(timeout=timeout)
        except queue.Empty:
            return False
        return True


def within(
    seconds: float, call: Callable[[], _Answer], since: Callable[[], float] = lambda: 0.0
) -> _Answer:
    """What `call` returns or raises, in a thread of its own that is left alone when it is late.

    Raises TimeoutError after `seconds`, counted anew from `since` (as time.monotonic), and
    Interrupted soon after the user has asked to stop. So a name server that is silent, or a server
    that sends a byte from time to time, holds nobody: those are within no other limit.
    """
    work = _Work(lambda _: call(), [None])
    threading.Thread(target=work.run, name="within", daemon=True).start()
    begun = time.monotonic()
    stopped: float | None = None
    while not work.is_one_done(_LOOK_UP):
        now = time.monotonic()
        if now - max(begun, since()) >= seconds:
            raise TimeoutError
        if stopping.is_set():
            stopped = now if stopped is None else stopped
            if now - stopped >= _GRACE:
                raise _stopped()
    return work.result()[0]


def until(cancel: threading.Event, call: Callable[[], _Answer]) -> _Answer:
    """What `call` returns or raises, or Interrupted once `cancel` is set: then it is left alone.

    For what hears no wish to stop itself, such as an engine that pushes an image.
    """
    return together(lambda _: call(), [None], 1, "until", cancel)[0]


def _stopped() -> Interrupted:
    return Interrupted(
        "Stopped while waiting for an answer",
        "You asked to stop. The request may still take effect: plan again to see.",
    )
