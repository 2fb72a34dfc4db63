"""Ctrl-C while a program starts."""

import os
import signal
import threading
from collections.abc import Iterator

import pytest

from envdplan.ground import interrupts
from envdplan.ground.interrupts import held


@pytest.fixture(autouse=True)
def nobody_stops_after_the_test() -> Iterator[None]:
    yield
    interrupts.stopping.clear()
    interrupts._first.clear()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_waits_for_the_end_of_the_block(number: int) -> None:
    done: list[bool] = []
    before = signal.getsignal(signal.SIGINT)

    def work() -> None:
        with held():
            os.kill(os.getpid(), number)
            done.append(True)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == [True]
    assert signal.getsignal(signal.SIGINT) == before


def test_without_one_nothing_happens_in_any_thread() -> None:
    ended: list[bool] = []

    def work() -> None:
        with held():
            ended.append(True)

    work()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ended == [True, True]
