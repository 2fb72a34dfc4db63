"""Ctrl-C while a program starts."""

import os
import signal
import threading

import pytest

from envdplan.modules.held import interrupts_held


def test_an_interrupt_waits_for_the_end_of_the_block() -> None:
    done: list[bool] = []
    before = signal.getsignal(signal.SIGINT)

    def work() -> None:
        with interrupts_held():
            os.kill(os.getpid(), signal.SIGINT)
            done.append(True)

    with pytest.raises(KeyboardInterrupt):
        work()
    assert done == [True]
    assert signal.getsignal(signal.SIGINT) == before


def test_without_one_nothing_happens_in_any_thread() -> None:
    ended: list[bool] = []

    def work() -> None:
        with interrupts_held():
            ended.append(True)

    work()
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert ended == [True, True]
