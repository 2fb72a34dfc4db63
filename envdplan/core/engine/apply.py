"""Does a plan: in parallel where it may, saving before telling, and never more than planned."""

import queue
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from graphlib import TopologicalSorter

from envdplan.core.engine.attempts import attempt
from envdplan.core.engine.events import (
    Event,
    Failed,
    Finished,
    Progressed,
    Skipped,
    Started,
    Succeeded,
)
from envdplan.core.engine.precheck import resource_of
from envdplan.core.engine.protocols import Clock, StateStore, Writers
from envdplan.core.engine.record import nothing_done, record
from envdplan.core.engine.refresh import as_recorded
from envdplan.core.plan.changes import Action, Change
from envdplan.core.plan.conditions import broken
from envdplan.core.plan.plan import Plan
from envdplan.core.plan.promise import check_known, check_promise
from envdplan.core.plan.resolve import resolve
from envdplan.core.state.desired import DesiredState, Known, Requirement
from envdplan.core.state.ignoring import let_be
from envdplan.core.state.recorded import State
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Diagnostics, EnvdplanError, Interrupted, Rejected
from envdplan.ground.graph import Graph
from envdplan.ground.schema import Catalog
from envdplan.ground.values import Attributes, Value, is_sensitive

STOPPED = "the user asked to stop"
_LOOK_UP = 0.1
"""Seconds between two looks at a wish to stop."""
_TOGETHER = 250
"""So many quick changes run at once, each in a thread that mostly waits."""


@dataclass(slots=True)
class Apply:
    """One run of a plan. Iterate over `run()`; set `cancel` to stop gracefully."""

    plan: Plan
    desired: DesiredState
    writers: Writers
    store: StateStore
    state: State
    clock: Clock
    catalog: Catalog
    parallelism: int = 10
    cancel: threading.Event = field(default_factory=threading.Event)
    grace: float = 30.0
    """Seconds that what runs has to end by itself once `cancel` is set; some waits hear nothing,
    such as that for an engine which pushes an image."""
    _graph: Graph[Address] = field(init=False)
    _events: "queue.SimpleQueue[Event]" = field(default_factory=queue.SimpleQueue)
    _outcomes: dict[Address, Event] = field(default_factory=dict)
    _before: State = field(init=False)
    _begun: set[Address] = field(default_factory=set)
    """What a writer was asked for."""

    _known: dict[Address, Attributes] = field(init=False)
    """What is recorded; it grows while changes are done."""
    _quiet: Mapping[Address, Change] = field(init=False)
    """What is as it is wanted."""

    def __post_init__(self) -> None:
        self._before = self.state
        self._graph = self.plan.graph()
        self._known = dict(as_recorded(self.state))
        self._quiet = {one.address: one for one in self.plan.changes if not one.needs_apply}

    def run(self) -> Iterator[Event]:
        """Every event, each after the state that it means is saved. Raises EnvdplanError.

        Exceptions come only from the state store: a change that fails is an event.
        """
        changes = {change.address: change for change in self.plan.to_apply}
        sorter = self._graph.sorter()
        ready: deque[Change] = deque()
        running: set[Address] = set()
        while sorter.is_active():
            yield from self._advance(sorter, changes, ready)
            yield from self._start(ready, running)
            if running:
                yield from self._settle(sorter, running)
        yield self._finish()

    def _advance(
        self,
        sorter: TopologicalSorter[Address],
        changes: Mapping[Address, Change],
        ready: deque[Change],
    ) -> Iterator[Event]:
        """Move what waits for nothing any more to `ready`; skip what cannot be done."""
        while found := sorter.get_ready():
            for address in found:
                change = changes.get(address)
                because = self._obstacle(address)
                if change is None or because:
                    if change is not None:
                        yield self._note(Skipped(change, because))
                    elif failed := self._broken(address):
                        yield failed
                    sorter.done(address)
                else:
                    ready.append(change)

    def _broken(self, address: Address) -> Failed | None:
        """What was not to be changed, where a condition that no plan could judge does not hold."""
        resource, change = self.desired.resources.get(address), self._quiet.get(address)
        if resource is None or change is None:
            return None
        for test in (*resource.preconditions, *resource.postconditions):
            verdict = test.judge(self._known)
            if verdict.holds is False:
                failed = Failed(change, "Condition failed", f"{test.range}: {verdict.message}")
                self._outcomes[address] = failed
                return failed
        return None

    def _obstacle(self, address: Address) -> str:
        for needed in self._graph[address]:
            match self._outcomes.get(needed):
                case Failed():
                    return f"{needed} failed"
                case Skipped():
                    return f"{needed} was skipped"
                case _:
                    pass
        return STOPPED if self.cancel.is_set() else ""

    def _start(self, ready: deque[Change], running: set[Address]) -> Iterator[Event]:
        """Start as many as may run at once; one save makes all their pending operations known."""
        starting: list[Change] = []
        for _ in range(len(ready)):
            change = ready.popleft()
            if len(running) < self._room(change):
                running.add(change.address)
                starting.append(change)
            else:
                ready.append(change)
        self._save(*(Started(change) for change in starting))
        for change in starting:
            yield Started(change)
            self._launch(change)

    def _room(self, change: Change) -> int:
        """So many may run at once: as the user says, or more where it costs nothing."""
        quick = not change.action.is_change or self.writers(change.address.kind.value).quick
        return max(self.parallelism, _TOGETHER) if quick else self.parallelism

    def _launch(self, change: Change) -> None:
        if not change.action.is_change:
            # adopting and forgetting touch only the state: no thread is worth it
            self._events.put(Succeeded(change, self._whole(change)))
            return
        name = f"apply {change.address}"
        threading.Thread(target=self._work, args=(change,), name=name, daemon=True).start()

    def _whole(self, change: Change) -> Attributes | None:
        """What is to be recorded; a saved plan holds no sensitive values, the variables do."""
        resource = self.desired.resources.get(change.address)
        if change.after is None or resource is None or not is_sensitive(change.after):
            return change.after
        known = resolve(resource, self._known)
        secret = {n: one for n, one in known.items() if n in change.after and is_sensitive(one)}
        return {**change.after, **secret}

    def _settle(self, sorter: TopologicalSorter[Address], running: set[Address]) -> Iterator[Event]:
        """Wait for an event; take all that are there, save them together, then tell them."""
        events = self._awaited(running)
        while not self._events.empty():
            events.append(self._events.get())
        self._save(*events)
        for event in map(self._judged, events):
            if isinstance(event, Succeeded | Failed):
                running.discard(event.change.address)
                self._outcomes[event.change.address] = event
                sorter.done(event.change.address)
            yield event

    def _awaited(self, running: set[Address]) -> list[Event]:
        """The next event; or, when what runs does not end though it was asked to, its failures."""
        asked: float | None = None
        while True:
            try:
                return [self._events.get(timeout=_LOOK_UP)]
            except queue.Empty:
                if not self.cancel.is_set():
                    continue
            now = self.clock.monotonic()
            asked = now if asked is None else asked
            if now - asked >= self.grace:
                left = [one for one in self.plan.to_apply if one.address in running]
                return [self._given_up(one) for one in left]

    def _given_up(self, change: Change) -> Event:
        detail = (
            f"It did not end within {self.grace:g} seconds after it was asked to stop, and was "
            "left running. The next plan checks its result."
        )
        return Failed(change, "Given up while it ran", detail, self.grace)

    def _work(self, change: Change) -> None:
        started = self.clock.monotonic()
        try:
            attributes = self._write(change)
        except EnvdplanError as error:
            seconds = self.clock.monotonic() - started
            detail = "\n".join((error.detail, *(f"The plan warned: {w}" for w in change.warned)))
            self._events.put(Failed(change, error.summary, detail, seconds))
        except Exception as error:  # noqa: BLE001  a bug of ours must not lose the state of others
            seconds = self.clock.monotonic() - started
            what = f"{type(error).__name__}: {error}"
            detail = f"{what}. This is a bug in envdplan; please report it."
            self._events.put(Failed(change, "Internal error", detail, seconds))
        else:
            self._events.put(Succeeded(change, attributes, self.clock.monotonic() - started))

    def _write(self, change: Change) -> Attributes | None:
        if self.cancel.is_set():
            raise Interrupted("Stopped before it began", STOPPED)
        if change.after is not None:
            resource = resource_of(change, self.desired)
            self._demand("Precondition failed", resource.preconditions, self._known)
            ignored = resource.lifecycle.ignored
            found = let_be(resolve(resource, self._known), ignored, change.after)
            change = replace(change, after=check_promise(change, found))
            if resource.resolve is not None:
                check_known(change, found)

        def report(message: str = "", detail: object | None = None) -> None:
            self._events.put(Progressed(change.address, message, detail))

        writer = self.writers(change.address.kind.value)
        self._begun.add(change.address)
        return attempt(
            change,
            lambda limit: writer.write(change, report, limit),
            report,
            self.cancel,
            self.clock,
        )

    def _judged(self, event: Event) -> Event:
        """What is done and saved fails all the same when a postcondition does not hold."""
        if not isinstance(event, Succeeded) or not event.change.action.is_change:
            return event
        resource = self.desired.resources.get(event.change.address)
        tests = () if resource is None else resource.postconditions
        known = {**self._known, event.change.address: event.attributes or {}}
        for message in broken(tests, known) if tests else ():
            return Failed(event.change, "Postcondition failed", message, event.seconds)
        return event

    def _demand(self, summary: str, tests: tuple[Requirement, ...], known: Known) -> None:
        """Raises EnvdplanError when a condition does not hold, now that all is known."""
        for message in broken(tests, known):
            raise EnvdplanError(summary, message)

    def _save(self, *events: Event) -> None:
        state = self.state
        for event in events:
            state = record(state, event, self.clock.now(), self.catalog)
            if isinstance(event, Succeeded):
                self._keep_inputs(event.change, event.attributes)
        self._learn(state, events)
        if state is not self.state:
            self.state = replace(state, serial=state.serial + 1)
            self.store.save(self.state)

    def _learn(self, state: State, events: Iterable[Event]) -> None:
        for address in (e.change.address for e in events if isinstance(e, Succeeded)):
            if (known := state.records.get(address)) is not None:
                self._known[address] = known.attributes
            else:
                self._known.pop(address, None)

    def _keep_inputs(self, change: Change, attributes: Attributes | None) -> None:
        digest = (attributes or {}).get("inputs_digest")
        if isinstance(digest, str) and change.inputs is not None:
            self.store.keep_inputs(digest, change.inputs)

    def _note(self, event: Skipped) -> Skipped:
        self._outcomes[event.change.address] = event
        return event

    def _finish(self) -> Finished:
        for change in self.plan.changes:
            if change.action is Action.NOOP:
                self._keep_inputs(change, change.after)
        outcomes = list(self._outcomes.values())
        done = [e.change for e in outcomes if isinstance(e, Succeeded)]
        actions = [change.action for change in done]
        replaced = actions.count(Action.REPLACE)
        problems = Diagnostics()
        nothing = len(outcomes) > 0 and self.state.records is self._before.records
        finished = Finished(
            added=actions.count(Action.CREATE) + replaced,
            changed=actions.count(Action.UPDATE),
            destroyed=actions.count(Action.DELETE) + replaced,
            failed=sum(isinstance(e, Failed) for e in outcomes),
            skipped=sum(isinstance(e, Skipped) for e in outcomes),
            deferred=self.plan.counts().deferred,
            outputs=self.state.outputs if nothing else dict(self._outputs(problems)),
            problems=problems,
        )
        if nothing:
            self._keep(nothing_done(self.state, self._before, self._begun))
        else:
            self._save(finished)
        return finished

    def _keep(self, state: State) -> None:
        if state != self.state:
            self.state = state
            self.store.save(state)

    def _outputs(self, problems: Diagnostics) -> Iterator[tuple[str, Value]]:
        """One that has no value is told, and takes no other one with it."""
        for name, one in self.desired.outputs.items():
            try:
                yield name, one.value if one.resolve is None else one.resolve(self._known)
            except Rejected as error:
                problems.extend(error.diagnostics, f"output.{name}")
