"""Windows: what may be sent, and what has to go before an acknowledgement or behind it."""

import threading
from collections.abc import Callable

import pytest

from envdplan.clients.buildkit.wire.flow import DEFAULT_WINDOW, SendWindows
from envdplan.clients.buildkit.wire.frames import MAX_WINDOW, ConnectionFault


def started(wait: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=wait)
    thread.start()
    return thread


def test_bytes_of_a_larger_former_window_go_before_the_acknowledgement() -> None:
    windows = SendWindows()
    windows.open(1)
    with windows.taken(1, 10) as granted:
        assert granted == 10
        before, _ = windows.resize(4)
        acknowledging = started(before)
        acknowledging.join(0.05)
        assert acknowledging.is_alive()
    acknowledging.join(5)
    assert not acknowledging.is_alive()


def test_bytes_of_a_larger_new_window_go_behind_the_acknowledgement() -> None:
    windows = SendWindows()
    windows.open(1)
    windows.grant(0, 100_000)
    before, after = windows.resize(DEFAULT_WINDOW + 10)
    windows.open(3)
    before()
    for stream in (1, 3):
        with windows.taken(stream, 100_000) as granted:
            assert granted == DEFAULT_WINDOW
    after()
    for stream in (1, 3):
        with windows.taken(stream, 20) as granted:
            assert granted == 10


def test_sizes_that_follow_each_other_add_up_in_whatever_order_they_are_acknowledged() -> None:
    windows = SendWindows()
    windows.open(1)
    _, first = windows.resize(DEFAULT_WINDOW + 100)
    _, second = windows.resize(50)
    second()
    first()
    windows.open(3)
    for stream in (1, 3):
        with windows.taken(stream, 100_000) as granted:
            assert granted == 50


def test_a_window_beyond_what_fits_is_refused_at_once() -> None:
    windows = SendWindows()
    windows.open(1)
    windows.grant(1, MAX_WINDOW - DEFAULT_WINDOW)
    with pytest.raises(ConnectionFault):
        windows.resize(DEFAULT_WINDOW + 1)


def test_what_is_taken_later_holds_nothing_up() -> None:
    windows = SendWindows()
    windows.open(1)
    before, _ = windows.resize(100)
    with windows.taken(1, 10):
        before()


def test_a_connection_that_ends_holds_nothing_up() -> None:
    windows = SendWindows()
    windows.open(1)
    with windows.taken(1, 10):
        before, _ = windows.resize(4)
        acknowledging = started(before)
        windows.close()
        acknowledging.join(5)
        assert not acknowledging.is_alive()
