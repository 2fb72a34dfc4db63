"""An apply whose output is lost meanwhile: what was planned is done and saved all the same."""

import errno
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from envdplan.app.flow import Opened, run
from envdplan.app.streams import OutputLost
from envdplan.core.engine.events import Event
from envdplan.core.plan.plan import order
from envdplan.core.state.desired import DesiredState
from envdplan.ground.addresses import Address
from envdplan.store.memory import MemoryStore
from tests.unit.engine.test_apply import A, B, C, Hands, create, desired


class Full:
    """A view on a disk that is full from the first event on."""

    def __init__(self) -> None:
        self.asked = 0

    def event(self, event: Event) -> None:
        self.asked += 1
        raise OutputLost(OSError(errno.ENOSPC, "No space left on device"))

    def message(self, text: str) -> None:
        raise AssertionError(text)


def test_an_apply_whose_output_is_lost_is_done_and_saved(tmp_path: Path) -> None:
    changes = [create(A), create(B, A), create(C, B)]
    hands, store, view = Hands(), MemoryStore(), Full()
    state = store.load()
    wanted: DesiredState = desired(*changes)
    project = SimpleNamespace(
        session=SimpleNamespace(view=view),
        loaded=SimpleNamespace(desired=wanted),
        edge=SimpleNamespace(writer=lambda _: hands),
        store=store,
    )
    with pytest.raises(OutputLost, match="No space left"):
        run(cast("Opened", cast("Any", project)), order(changes, state), state, parallelism=2)
    assert hands.done == [A, B, C]
    assert {*store.state.records} == {Address.parse(f"context.{name}") for name in "abc"}
    assert (store.state.pending, view.asked) == ({}, 1)
