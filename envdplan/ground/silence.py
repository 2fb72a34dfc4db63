"""Who did not answer in time: remembered, so that a run waits for nobody twice."""

import threading
import time
from collections.abc import Callable
from typing import Final

from envdplan.ground.diagnostics import Unreachable

REMEMBERED: Final = 120.0
"""Seconds. Longer than all questions of a plan take, and short enough that a build which is tried
again after a failure finds a server that has come back."""


class Silence:
    """What those said (or did not) whom we waited for in vain. Any thread may use it."""

    def __init__(
        self, seconds: float = REMEMBERED, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._seconds, self._clock = seconds, clock
        self._kept: dict[str, tuple[float, Unreachable]] = {}
        self._lock = threading.Lock()

    def check(self, who: str) -> None:
        """Raises Unreachable when `who` kept us waiting a moment ago."""
        with self._lock:
            since, error = self._kept.get(who, (0.0, None))
        if error is not None and self._clock() - since < self._seconds:
            raise Unreachable(error.summary, error.detail)

    def keep(self, who: str, error: Unreachable) -> Unreachable:
        """`error`, which is remembered."""
        with self._lock:
            self._kept[who] = self._clock(), error
        return error
