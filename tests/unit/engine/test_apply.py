"""Apply: in order, in parallel, saved before it is told, and never more than planned."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from envdplan.app.catalog import CATALOG
from envdplan.app.workflow import check_fresh
from envdplan.core.engine.apply import Apply
from envdplan.core.engine.events import Event, Failed, Finished, Skipped, Started, Succeeded
from envdplan.core.engine.protocols import Reporter
from envdplan.core.plan.changes import Action, Change
from envdplan.core.plan.plan import order
from envdplan.core.plan.promise import check_promise
from envdplan.core.state.desired import (
    DesiredState,
    Known,
    Lifecycle,
    Output,
    Requirement,
    Resource,
    Verdict,
)
from envdplan.core.state.observed import Input
from envdplan.core.state.recorded import Record, State
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Conflict, Diagnostics, EnvdplanError, Rejected
from envdplan.ground.source import Position, SourceFile, SourceRange
from envdplan.ground.values import UNKNOWN, Attributes, Sensitive, Value
from envdplan.store.memory import MemoryStore

A, B, C = (Address.parse(f"context.{name}") for name in "abc")


class Clock:
    def now(self) -> str:
        return "2026-01-01T00:00:00Z"

    def monotonic(self) -> float:
        return 0.0


class Hands:
    """A writer that does what it is told to."""

    quick = False

    def __init__(self, do: Callable[[Change], Attributes | None] | None = None) -> None:
        self.done: list[Address] = []
        self.do = do or (lambda change: change.after)

    def write(self, change: Change, report: Reporter, cancel: threading.Event) -> Attributes | None:
        self.done.append(change.address)
        report("working")
        return self.do(change)


def create(address: Address, *needs: Address, **attributes: object) -> Change:
    after = {"name": address.name, **attributes}
    return Change(address, "context", Action.CREATE, after=after, depends_on=needs)


def desired(*changes: Change) -> DesiredState:
    return DesiredState(
        {
            one.address: Resource(one.address, one.type, one.after or {}, one.depends_on)
            for one in changes
            if one.after is not None
        }
    )


def applied(
    changes: list[Change], hands: Hands, store: MemoryStore, wanted: DesiredState | None = None
) -> list[Event]:
    state = store.load()
    run = Apply(
        order(changes, state),
        wanted or desired(*changes),
        lambda _: hands,
        store,
        state,
        Clock(),
        CATALOG,
    )
    return list(run.run())


def test_a_change_comes_after_what_it_needs() -> None:
    hands, store = Hands(), MemoryStore()
    events = applied([create(C, B), create(B, A), create(A)], hands, store)
    assert hands.done == [A, B, C]
    assert set(store.state.records) == {A, B, C}
    assert store.state.records[C].depends_on == (B,)
    last = events[-1]
    assert isinstance(last, Finished)
    assert (last.added, last.failed) == (3, 0)


def test_independent_changes_run_at_the_same_time() -> None:
    together = threading.Barrier(3, timeout=10)

    def meet(change: Change) -> Attributes | None:
        together.wait()
        return change.after

    applied([create(A), create(B), create(C)], Hands(meet), MemoryStore())


def test_pending_operations_are_saved_before_anything_is_done() -> None:
    store = MemoryStore()
    seen: list[bool] = []

    def look(change: Change) -> Attributes | None:
        seen.append(change.address in store.state.pending)
        return change.after

    applied([create(A), create(B, A)], Hands(look), store)
    assert seen == [True, True]
    assert store.state.pending == {}


def test_an_event_is_told_after_its_state_is_saved() -> None:
    store, hands = MemoryStore(), Hands()
    changes = [create(A)]
    run = Apply(
        order(changes, store.load()),
        desired(*changes),
        lambda _: hands,
        store,
        store.load(),
        Clock(),
        CATALOG,
    )
    for event in run.run():
        if isinstance(event, Started):
            assert A in store.state.pending
        if isinstance(event, Succeeded):
            assert A in store.state.records


def test_a_failure_skips_its_dependents_only() -> None:
    def fail(change: Change) -> Attributes | None:
        if change.address == A:
            raise EnvdplanError("It broke", "Fix it.")
        return change.after

    store = MemoryStore()
    events = applied([create(A), create(B, A), create(C)], Hands(fail), store)
    assert [one.summary for one in events if isinstance(one, Failed)] == ["It broke"]
    assert [one.because for one in events if isinstance(one, Skipped)] == [f"{A} failed"]
    assert set(store.state.records) == {C}
    assert set(store.state.pending) == {A}


def test_a_bug_in_a_writer_loses_nothing_of_the_others() -> None:
    def crash(change: Change) -> Attributes | None:
        if change.address == A:
            raise ZeroDivisionError
        return change.after

    store = MemoryStore()
    events = applied([create(A), create(C)], Hands(crash), store)
    (failed,) = [one for one in events if isinstance(one, Failed)]
    assert failed.summary == "Internal error"
    assert set(store.state.records) == {C}


def test_a_stop_lets_running_ones_end_and_begins_no_new_ones() -> None:
    store = MemoryStore()
    changes = [create(A), create(B, A)]
    run: Apply

    def stop(change: Change) -> Attributes | None:
        run.cancel.set()
        return change.after

    run = Apply(
        order(changes, store.load()),
        desired(*changes),
        lambda _: Hands(stop),
        store,
        store.load(),
        Clock(),
        CATALOG,
    )
    events = list(run.run())
    assert set(store.state.records) == {A}
    assert [one.change.address for one in events if isinstance(one, Skipped)] == [B]


def test_what_hears_no_wish_to_stop_is_given_up_and_stays_pending() -> None:
    """An engine that pushes an image to a registry that says nothing, for example."""
    store, for_ever = MemoryStore(), threading.Event()
    changes = [create(A), create(B, A)]

    def hang(change: Change) -> Attributes | None:
        run.cancel.set()
        for_ever.wait()
        return change.after

    run = Apply(
        order(changes, store.load()),
        desired(*changes),
        lambda _: Hands(hang),
        store,
        store.load(),
        Clock(),
        CATALOG,
        grace=0.0,
    )
    events = list(run.run())
    for_ever.set()
    assert [one.summary for one in events if isinstance(one, Failed)] == ["Given up while it ran"]
    assert [one.change.address for one in events if isinstance(one, Skipped)] == [B]
    assert set(store.state.pending) == {A}
    assert not store.state.records


def test_deleting_removes_the_record_and_adopting_adds_one() -> None:
    store = MemoryStore(State("l", 3, {A: Record(A, "context", {"name": "a"})}))
    going = Change(A, "context", Action.DELETE, before={"name": "a"})
    coming = replace(create(B), action=Action.ADOPT)
    hands = Hands(lambda change: None)
    applied([going, coming], hands, store)
    assert hands.done == [A]
    assert set(store.state.records) == {B}
    assert store.state.serial > 3


def test_what_was_unknown_is_filled_in_and_outputs_are_saved() -> None:
    def resolve(known: Known) -> Attributes:
        return {"name": "b", "size": known.get(A, {}).get("version", UNKNOWN)}

    waiting = create(B, A, size=UNKNOWN)
    wanted = DesiredState(
        {
            A: Resource(A, "context", {"name": "a"}),
            B: Resource(B, "context", waiting.after or {}, (A,), resolve=resolve),
        },
        {"v": Output("v", UNKNOWN, resolve=lambda known: known[A]["version"])},
    )
    store = MemoryStore()
    hands = Hands(lambda change: {**(change.after or {}), "version": 7})
    applied([create(A), waiting], hands, store, wanted)
    assert store.state.records[B].attributes["size"] == 7
    assert store.state.outputs == {"v": 7}


def test_secrets_stay_out_of_the_record() -> None:
    store = MemoryStore()
    applied([create(A, password=Sensitive("s3cr3t"))], Hands(), store)
    assert "s3cr3t" not in repr(store.state.records[A].attributes["password"].value)


def test_a_promise_holds_what_was_known_and_fills_in_the_rest() -> None:
    change = create(A, size=UNKNOWN, tags=("x",))
    assert check_promise(change, {"name": "a", "size": 3, "tags": ("x",)})["size"] == 3
    with pytest.raises(Conflict, match="tags"):
        check_promise(change, {"name": "a", "size": 3, "tags": ("y",)})


def test_what_is_not_known_yet_breaks_a_promise_only_when_it_is_to_be_done() -> None:
    change = create(A, tags=("x", "y"))
    now = {"name": UNKNOWN, "tags": ("x", UNKNOWN)}
    assert check_promise(change, now, early=True)["name"] is UNKNOWN
    with pytest.raises(Conflict, match=r"name, tags\.1"):
        check_promise(change, now)


def test_a_plan_fits_the_state_it_was_made_from_only() -> None:
    plan = order([create(A)], State("l", 4))
    assert check_fresh(plan, State("l", 4)).serial == 4
    with pytest.raises(Conflict, match="stale"):
        check_fresh(plan, State("l", 5))
    with pytest.raises(Conflict, match="another state"):
        check_fresh(plan, State("m", 4))
    first = order([create(A)], State("first"))
    assert check_fresh(first, State("other")).lineage == "first"


class SlowStore(MemoryStore):
    """Takes so long that what ends meanwhile gathers, however busy the machine is."""

    def save(self, state: State) -> None:
        time.sleep(0.02)
        super().save(state)


def test_many_changes_are_saved_in_few_writes() -> None:
    store = SlowStore()
    changes = [create(Address.parse(f"context.c{number}")) for number in range(300)]

    def slowly(change: Change) -> Attributes | None:
        time.sleep(0.001)
        return change.after

    applied(changes, Hands(slowly), store)
    assert len(store.state.records) == 300
    assert store.saves < 300


def test_lists_of_inputs_are_kept_of_what_is_up_to_date_too() -> None:
    store, digest = MemoryStore(), "ab" * 16
    inputs = (Input("file", "a", "1"),)
    change = replace(building(), action=Action.NOOP, after={"inputs_digest": digest}, inputs=inputs)
    applied([change], Hands(), store)
    assert store.inputs(digest) == inputs
    assert store.saves == 0


# -- nothing done

BUILD = Address.parse("build.x")
BEFORE = State("l", 3, {C: Record(C, "context", {"name": "c"})}, outputs={"o": 1})


def refusing(change: Change) -> Attributes | None:
    raise EnvdplanError("The registry is away", "Wait.")


def building(*needs: Address) -> Change:
    return replace(create(BUILD, *needs), type="dockerfile", inputs=())


def test_a_saved_plan_still_fits_after_builds_that_failed() -> None:
    store = MemoryStore(BEFORE)
    changes = [building(), create(A, BUILD)]
    wanted = replace(desired(*changes), outputs={"o": Output("o", 2)})
    events = applied(changes, Hands(refusing), store, wanted)
    assert replace(store.state, pending={}) == BEFORE
    assert set(store.state.pending) == {BUILD}
    assert events[-1] == Finished(0, 0, 0, 1, 1, {"o": 1})
    applied(changes, Hands(), store, wanted)
    assert (store.state.outputs, store.state.pending) == ({"o": 2}, {})
    assert store.state.serial > BEFORE.serial


def test_what_may_have_left_something_makes_a_plan_stale() -> None:
    store = MemoryStore(BEFORE)
    applied([create(A), building()], Hands(refusing), store)
    assert store.state.serial > BEFORE.serial
    assert set(store.state.pending) == {A, BUILD}


def test_what_was_done_beside_a_failure_makes_a_plan_stale() -> None:
    store = MemoryStore(BEFORE)
    changes = [building(), create(A)]
    wanted = replace(desired(*changes), outputs={"o": Output("o", 2)})
    hands = Hands(lambda change: change.after if change.address == A else refusing(change))
    applied(changes, hands, store, wanted)
    assert store.state.serial > BEFORE.serial
    assert store.state.outputs == {"o": 2}


# -- conditions

HOLDS = Verdict(True)


def conditioned(
    *changes: Change, before: Verdict = HOLDS, after: Verdict = HOLDS, seen: list[Known]
) -> DesiredState:
    """The first change has conditions with these verdicts; `seen` gets what they knew."""
    place = SourceRange(SourceFile("a.hcl", ""), Position(1, 1), Position(1, 2))

    def judging(verdict: Verdict) -> Requirement:
        def judge(known: Known) -> Verdict:
            seen.append(known)
            return verdict

        return Requirement(place, judge)

    wanted = desired(*changes)
    first = wanted.resources[changes[0].address]
    first = replace(first, preconditions=(judging(before),), postconditions=(judging(after),))
    return DesiredState({**wanted.resources, first.address: first})


def test_a_precondition_that_does_not_hold_stops_a_change_before_it_begins() -> None:
    hands, store = Hands(), MemoryStore()
    changes = [create(A), create(B, A)]
    wanted = conditioned(*changes, before=Verdict(False, "Not today."), seen=[])
    events = applied(changes, hands, store, wanted)
    assert hands.done == []
    failed = next(one for one in events if isinstance(one, Failed))
    assert (failed.summary, failed.detail) == ("Precondition failed", "a.hcl:1:1: Not today.")
    assert any(isinstance(one, Skipped) for one in events)
    assert (store.state.serial, store.state.pending) == (0, {})


def test_what_cannot_be_known_even_then_does_not_hold() -> None:
    hands = Hands()
    changes = [create(A)]
    wanted = conditioned(*changes, before=Verdict(None), seen=[])
    events = applied(changes, hands, MemoryStore(), wanted)
    assert hands.done == []
    assert any("not known even now" in one.detail for one in events if isinstance(one, Failed))


def test_what_a_broken_postcondition_is_about_is_kept_but_nobody_builds_on_it() -> None:
    hands = Hands(lambda change: {**(change.after or {}), "digest": "sha256:1"})
    store, seen = MemoryStore(), list[Known]()
    changes = [create(A), create(B, A)]
    wanted = conditioned(*changes, after=Verdict(False, "Not good."), seen=seen)
    events = applied(changes, hands, store, wanted)
    assert hands.done == [A]
    assert store.state.records[A].attributes["digest"] == "sha256:1"
    assert store.state.pending == {}
    assert seen[-1][A]["digest"] == "sha256:1"
    failed = next(one for one in events if isinstance(one, Failed))
    assert (failed.summary, failed.detail) == ("Postcondition failed", "a.hcl:1:1: Not good.")
    last = events[-1]
    assert isinstance(last, Finished)
    assert (last.added, last.failed, last.skipped) == (0, 1, 1)


def test_what_is_ignored_stays_as_the_plan_said() -> None:
    hands, store = Hands(), MemoryStore()
    change = Change(
        A,
        "context",
        Action.UPDATE,
        before={"name": "a", "use": True},
        after={"name": "a", "use": True, "runner": "x"},
    )
    resource = Resource(
        A,
        "context",
        {"name": "a", "use": False, "runner": "x"},
        lifecycle=Lifecycle(ignored=(("use",),)),
    )
    events = applied([change], hands, store, DesiredState({A: resource}))
    assert not any(isinstance(one, Failed) for one in events), events
    assert store.state.records[A].attributes["use"] is True


def test_conditions_of_what_is_not_changed_are_judged_too() -> None:
    hands, store = Hands(), MemoryStore()
    quiet = Change(A, "context", Action.NOOP, before={}, after={}, depends_on=(C,))
    changes = [quiet, create(B, A), create(C)]
    wanted = conditioned(*changes, after=Verdict(False, "No more."), seen=[])
    events = applied(changes, hands, store, wanted)
    assert hands.done == [C]
    failed = next(one for one in events if isinstance(one, Failed))
    assert (failed.change.address, failed.detail) == (A, "a.hcl:1:1: No more.")
    assert any(isinstance(one, Skipped) and one.change.address == B for one in events)


def test_an_output_without_a_value_takes_no_other_one_with_it() -> None:
    def refuse(known: Known) -> Value:
        del known
        problems = Diagnostics()
        problems.error("Invalid function argument", "It is not a number.")
        raise Rejected(problems)

    store = MemoryStore()
    wanted = replace(
        desired(create(A)),
        outputs={
            "bad": Output("bad", UNKNOWN, resolve=refuse),
            "good": Output("good", UNKNOWN, resolve=lambda known: known[A]["name"]),
        },
    )
    last = applied([create(A)], Hands(), store, wanted)[-1]
    assert isinstance(last, Finished)
    assert [(one.detail, one.address) for one in last.problems] == [
        ("It is not a number.", "output.bad")
    ]
    assert store.state.outputs == {"good": "a"}
