"""One change, tried as often and as long as its resource says: `retries` and `timeout`."""

import threading
from collections.abc import Callable

from envdplan.core.engine.protocols import Clock, Reporter
from envdplan.core.plan.changes import Change
from envdplan.ground.addresses import Kind
from envdplan.ground.diagnostics import Conflict, EnvdplanError, Interrupted, Refused, Rejected
from envdplan.ground.values import Attributes

_LONGEST_PAUSE = 30.0
"""Seconds."""
_FINAL = (Conflict, Interrupted, Refused, Rejected)
"""What another attempt cannot make better."""


class Limit(threading.Event):
    """A wish to stop that also comes when time is up; drivers ask it like any other."""

    def __init__(self, cancel: threading.Event, seconds: float | None, clock: Clock) -> None:
        super().__init__()
        self._cancel = cancel
        self._clock = clock
        self._end = None if seconds is None else clock.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether time is up, and nobody else wished to stop."""
        late = self._end is not None and self._clock.monotonic() >= self._end
        return late and not self._cancel.is_set()

    def is_set(self) -> bool:
        """See Event."""
        return self._cancel.is_set() or self.is_over

    def wait(self, timeout: float | None = None) -> bool:
        """See Event; looks up at least five times a second."""
        left = timeout
        while not self.is_set() and (left is None or left > 0):
            step = 0.2 if left is None else min(left, 0.2)
            self._cancel.wait(step)
            left = None if left is None else left - step
        return self.is_set()


def attempt(
    change: Change,
    write: Callable[[threading.Event], Attributes | None],
    report: Reporter,
    cancel: threading.Event,
    clock: Clock,
) -> Attributes | None:
    """`write`, again after a failure while retries are left. Raises EnvdplanError."""
    retries = int((change.after or {}).get("retries") or 0)
    for number in range(1, retries + 1):
        try:
            return _limited(change, write, cancel, clock)
        except _FINAL:
            raise
        except EnvdplanError as error:
            pause = min(2.0 ** (number - 1), _LONGEST_PAUSE)
            report(f"{error.summary}: retry {number} of {retries} in {pause:g} s")
            cancel.wait(pause)
    return _limited(change, write, cancel, clock)


def _limited(
    change: Change,
    write: Callable[[threading.Event], Attributes | None],
    cancel: threading.Event,
    clock: Clock,
) -> Attributes | None:
    limit = Limit(cancel, _seconds(change), clock)
    try:
        return write(limit)
    except Interrupted:
        if not limit.is_over:
            raise
        seconds = _seconds(change)
        raise EnvdplanError(
            "Timed out",
            f"{change.address} did not end within {seconds:g} seconds, its timeout. Give it more "
            "time, or find out what it waits for.",
        ) from None


def _seconds(change: Change) -> float | None:
    """How long one attempt may take; builders wait by themselves, each in its own way."""
    given = (change.after or {}).get("timeout") if change.address.kind is Kind.BUILD else None
    return None if given is None else float(given)
