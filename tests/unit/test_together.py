"""Questions in threads that nobody has to wait for."""

import threading
import time
from collections.abc import Iterator

import pytest

from envdplan.ground import interrupts
from envdplan.ground.diagnostics import Interrupted, Unreachable
from envdplan.ground.silence import Silence
from envdplan.ground.together import together, until, within


@pytest.fixture
def never() -> Iterator[threading.Event]:
    """What a thread can wait for in vain; it ends with the test."""
    event = threading.Event()
    yield event
    event.set()


def test_answers_come_in_the_order_of_the_questions() -> None:
    assert together(lambda n: n * n, range(50), 7, "t") == [n * n for n in range(50)]
    assert together(lambda n: n, [], 7, "t") == []


def test_the_first_failure_in_order_is_raised_when_all_are_asked() -> None:
    asked: list[int] = []

    def ask(number: int) -> None:
        asked.append(number)
        if number % 2:
            raise ValueError(number)

    with pytest.raises(ValueError, match=r"^1$"):
        together(ask, range(9), 3, "t")
    assert sorted(asked) == list(range(9))


def test_nobody_waits_for_a_question_when_the_user_stops(never: threading.Event) -> None:
    cancel = threading.Event()
    asked: list[int] = []

    def ask(number: int) -> None:
        asked.append(number)
        cancel.set()
        never.wait()

    with pytest.raises(Interrupted):
        together(ask, range(9), 1, "t", cancel)
    assert asked == [0]
    with pytest.raises(Interrupted):
        until(cancel, never.wait)


def test_a_call_has_its_time(never: threading.Event) -> None:
    assert within(60, lambda: "x") == "x"
    with pytest.raises(ZeroDivisionError):
        within(60, lambda: 1 // 0)
    with pytest.raises(TimeoutError):
        within(0.2, never.wait)


def test_the_time_is_counted_from_the_last_progress(never: threading.Event) -> None:
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        within(0.2, never.wait, lambda: min(time.monotonic(), begun + 0.5))
    assert time.monotonic() - begun >= 0.7


def test_after_a_wish_to_stop_an_answer_is_waited_for_a_little(
    never: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    stopping = threading.Event()
    stopping.set()
    monkeypatch.setattr("envdplan.ground.together.stopping", stopping)
    monkeypatch.setattr("envdplan.ground.together._GRACE", 0.2)
    with pytest.raises(Interrupted):
        within(600, never.wait)
    assert not interrupts.stopping.is_set()


def test_who_was_silent_is_not_asked_again_for_a_while() -> None:
    now = [0.0]
    silence = Silence(120, lambda: now[0])
    silence.check("a")
    silence.keep("a", Unreachable("gone", "a is gone"))
    silence.check("b")
    now[0] = 119.0
    with pytest.raises(Unreachable, match="a is gone"):
        silence.check("a")
    now[0] = 120.0
    silence.check("a")
