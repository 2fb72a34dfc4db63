"""What can be known to fail before anything is begun stops the whole plan."""

import threading
from dataclasses import replace

import pytest

from envdplan.app.catalog import CATALOG
from envdplan.app.workflow import apply
from envdplan.core.engine.apply import Apply
from envdplan.core.engine.protocols import Reporter
from envdplan.core.plan.changes import Action, Change
from envdplan.core.plan.plan import order
from envdplan.core.state.desired import DesiredState, Known, Resource
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Conflict
from envdplan.ground.values import UNKNOWN, Attributes, Sensitive
from envdplan.store.memory import MemoryStore
from tests.unit.engine.test_apply import Clock

A, B = (Address.parse(f"context.{name}") for name in "ab")


class Hands:
    """Writes anything, but not what `refused` names when it is asked before."""

    quick = False

    def __init__(self, *refused: Address) -> None:
        self.refused = refused
        self.checked: dict[Address, Attributes | None] = {}
        self.done: list[Address] = []

    def check(self, change: Change) -> None:
        self.checked[change.address] = change.after
        if change.address in self.refused:
            raise Conflict("Not as planned", f"{change.address} changed.")

    def write(self, change: Change, report: Reporter, cancel: threading.Event) -> Attributes | None:
        self.done.append(change.address)
        return {"version": 7, **{k: v for k, v in (change.after or {}).items() if v is not UNKNOWN}}


def create(address: Address, **attributes: object) -> Change:
    return Change(address, "context", Action.CREATE, after={"name": address.name, **attributes})


def run(hands: Hands, store: MemoryStore, wanted: DesiredState, *changes: Change) -> None:
    state = store.load()
    list(
        apply(Apply(order(changes, state), wanted, lambda _: hands, store, state, Clock(), CATALOG))
    )


def desired(*changes: Change) -> DesiredState:
    return DesiredState({c.address: Resource(c.address, c.type, c.after or {}) for c in changes})


def test_nothing_is_begun_when_one_change_is_refused() -> None:
    hands, store = Hands(B), MemoryStore()
    changes = (create(A), create(B))
    with pytest.raises(Conflict, match="Not as planned"):
        run(hands, store, desired(*changes), *changes)
    assert set(hands.checked) == {A, B}
    assert (hands.done, store.saves) == ([], 0)
    run(Hands(), store, desired(*changes), *changes)
    assert set(store.state.records) == {A, B}


def test_other_values_than_planned_are_found_before_anything_is_begun() -> None:
    hands, store = Hands(), MemoryStore()
    planned = create(B, size=1)
    wanted = desired(create(A), create(B, size=2))
    with pytest.raises(Conflict, match=r"context\.b: size changed"):
        run(hands, store, wanted, create(A), planned)
    assert (hands.done, store.saves) == ([], 0)
    with pytest.raises(Conflict, match="does not fit the configuration"):
        run(hands, store, desired(create(A)), create(A), planned)
    assert (hands.done, store.saves) == ([], 0)


def test_what_other_changes_will_tell_is_no_obstacle() -> None:
    def resolve(known: Known) -> Attributes:
        told = known.get(A, {})
        found = {"name": "b", "of": told.get("name", UNKNOWN), "key": Sensitive("s")}
        return {**found, "version": told.get("version", UNKNOWN)}

    hands, store = Hands(), MemoryStore()
    # A is renamed by this plan: what is recorded of it is not what B will see.
    waiting = replace(create(B, of="new", key=Sensitive(None), version=UNKNOWN), depends_on=(A,))
    wanted = DesiredState(
        {
            A: Resource(A, "context", {"name": "new", "version": UNKNOWN}),
            B: Resource(B, "context", waiting.after or {}, (A,), resolve=resolve),
        }
    )
    first = replace(create(A, version=UNKNOWN), after={"name": "new", "version": UNKNOWN})
    run(hands, store, wanted, first, waiting)
    assert hands.done == [A, B]
    assert hands.checked[B] == {"name": "b", "of": "new", "key": Sensitive("s"), "version": UNKNOWN}
    assert store.state.records[B].attributes["version"] == 7


def test_nothing_is_done_with_a_value_that_no_step_told() -> None:
    hands, store = Hands(), MemoryStore()
    waiting = replace(create(B, of=UNKNOWN), depends_on=(A,))
    untold = Resource(B, "context", waiting.after or {}, (A,), resolve=lambda _: {"of": UNKNOWN})
    run(hands, store, DesiredState({**desired(create(A)).resources, B: untold}), create(A), waiting)
    assert hands.done == [A]
    assert {*store.state.records} == {A}
