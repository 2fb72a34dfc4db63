"""retries and timeout: how often and how long apply tries one change."""

import threading

import pytest

from envdplan.core.engine.attempts import Limit, attempt
from envdplan.core.plan.changes import Action, Change
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import EnvdplanError, Interrupted, Refused, Unreachable
from envdplan.ground.values import Attributes

BUILD = Address.parse("build.x")


class Clock:
    """Stands still until a test moves it."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> str:
        return "2026-01-01T00:00:00Z"

    def monotonic(self) -> float:
        return self.seconds


class Impatient(threading.Event):
    """A wish to stop that notes how long it was waited for, and lets nobody wait."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout)
        return self.is_set()


def tried(
    outcomes: list[Exception | None], cancel: threading.Event, **attributes: object
) -> tuple[int, list[str]]:
    """How many runs there were, and what was told between."""
    told: list[str] = []
    runs = iter(outcomes)
    count = 0

    def write(stop: threading.Event) -> Attributes:
        nonlocal count
        count += 1
        outcome = next(runs)
        if outcome is not None:
            raise outcome
        return {"done": True}

    def report(message: str = "", detail: object | None = None) -> None:
        del detail
        told.append(message)

    change = Change(BUILD, "dockerfile", Action.CREATE, after=dict(attributes))
    attempt(change, write, report, cancel, Clock())
    return count, told


def test_a_failure_is_tried_again_with_growing_pauses() -> None:
    cancel = Impatient()
    gone = Unreachable("No answer", "The builder is gone.")
    assert tried([gone, gone, None], cancel, retries=2) == (
        3,
        ["No answer: retry 1 of 2 in 1 s", "No answer: retry 2 of 2 in 2 s"],
    )
    assert cancel.waits == [1.0, 2.0]


def test_the_last_failure_is_told_as_it_is() -> None:
    gone = Unreachable("No answer", "The builder is gone.")
    with pytest.raises(Unreachable):
        tried([gone, gone], Impatient(), retries=1)
    with pytest.raises(Unreachable):
        tried([gone], Impatient())


@pytest.mark.parametrize("error", [Refused("No", "Not you."), Interrupted("Stopped", "By you.")])
def test_what_no_attempt_makes_better_is_not_tried_again(error: EnvdplanError) -> None:
    with pytest.raises(type(error)):
        tried([error, None], Impatient(), retries=5)


def limited(timeout: float | None, late: float, cancel: threading.Event) -> None:
    clock = Clock()

    def write(stop: threading.Event) -> Attributes:
        clock.seconds = late
        if stop.is_set():
            raise Interrupted("Build was cancelled")
        return {}

    after: Attributes = {} if timeout is None else {"timeout": timeout}
    change = Change(BUILD, "dockerfile", Action.CREATE, after=after)
    attempt(change, write, lambda *_, **__: None, cancel, clock)


def test_time_is_up_only_when_there_is_a_limit_and_it_has_passed() -> None:
    limited(None, 1e9, threading.Event())
    limited(60, 59.0, threading.Event())
    with pytest.raises(EnvdplanError, match=r"build\.x did not end within 60 seconds"):
        limited(60, 60.0, threading.Event())


def test_a_user_who_stops_is_not_told_of_a_timeout() -> None:
    cancel = threading.Event()
    cancel.set()
    with pytest.raises(Interrupted):
        limited(60, 100.0, cancel)


def test_a_limit_can_be_waited_for() -> None:
    clock, cancel = Clock(), Impatient()
    limit = Limit(cancel, 10.0, clock)
    assert not limit.wait(0.5)
    assert cancel.waits == [0.2, 0.2, pytest.approx(0.1)]
    clock.seconds = 10.0
    assert limit.wait()
    cancel.set()
    assert limit.is_set()
    assert not limit.is_over
