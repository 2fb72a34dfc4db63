"""Windows: what may be sent, and what has to go before an acknowledgement."""

import threading

from envdplan.buildkit.flow import SendWindows


def started(wait: threading.Thread) -> threading.Thread:
    wait.start()
    return wait


def test_bytes_of_the_former_window_go_before_the_acknowledgement() -> None:
    windows = SendWindows()
    windows.open(1)
    with windows.taken(1, 10) as granted:
        assert granted == 10
        windows.resize(4)
        acknowledging = started(threading.Thread(target=windows.unsent()))
        acknowledging.join(0.05)
        assert acknowledging.is_alive()
    acknowledging.join(5)
    assert not acknowledging.is_alive()


def test_what_is_taken_later_holds_nothing_up() -> None:
    windows = SendWindows()
    windows.open(1)
    wait = windows.unsent()
    with windows.taken(1, 10):
        wait()


def test_a_connection_that_ends_holds_nothing_up() -> None:
    windows = SendWindows()
    windows.open(1)
    with windows.taken(1, 10):
        acknowledging = started(threading.Thread(target=windows.unsent()))
        windows.close()
        acknowledging.join(5)
        assert not acknowledging.is_alive()
