"""Plan and apply as commands do them: with state, lock, view, question and Ctrl-C."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from envdplan.app import exit_codes
from envdplan.app.catalog import CATALOG
from envdplan.app.clock import SystemClock
from envdplan.app.interrupts import graceful
from envdplan.app.streams import OutputLost
from envdplan.app.wiring import Session
from envdplan.app.workflow import Loaded, apply, check, make_plan
from envdplan.core.engine.apply import Apply
from envdplan.core.engine.events import Finished
from envdplan.core.plan.options import PlanOptions
from envdplan.core.plan.plan import Plan
from envdplan.core.plan.targets import by_default
from envdplan.core.state.desired import DesiredState
from envdplan.core.state.recorded import State
from envdplan.ground.diagnostics import Diagnostics, EnvdplanError

if TYPE_CHECKING:
    from envdplan.app.edge import Edge
    from envdplan.store.local import LocalStore


@dataclass(frozen=True, slots=True)
class Opened:
    """A project with its state, ready to be planned."""

    session: Session
    loaded: Loaded
    store: "LocalStore"
    state: State
    edge: "Edge"
    told: Diagnostics = field(default_factory=Diagnostics)
    """Warnings of the plan."""

    def untold(self, found: Diagnostics) -> Diagnostics:
        """Those that the plan did not tell in the same words."""
        known = {(one.summary, one.detail) for one in self.told}
        fresh = Diagnostics()
        fresh.extend(one for one in found if (one.summary, one.detail) not in known)
        return fresh

    def plan(self, options: PlanOptions, *, parallelism: int, look: bool = True) -> Plan:
        """Plan, and tell the warnings."""
        plan, warnings = make_plan(
            self.loaded.desired,
            self.state,
            self.edge.reader,
            CATALOG,
            options,
            parallelism=parallelism,
            look=look,
        )
        self.session.view.diagnostics(warnings)
        self.told.extend(warnings)
        if by_default(options, self.loaded.desired):
            self.session.view.message(
                "Only what group.default names is planned; -target chooses something else."
            )
        return plan


@contextmanager
def opened(session: Session, loaded: Loaded) -> Iterator[Opened]:
    """The project for reading."""
    store = session.state_store(loaded.settings)
    state = store.load().with_moves(loaded.desired.moves)
    with session.edge(loaded.settings, store, state) as edge:
        yield Opened(session, loaded, store, state, edge)


@contextmanager
def locked(session: Session, loaded: Loaded, operation: str, timeout: float) -> Iterator[Opened]:
    """The project for writing: nobody else changes its state meanwhile."""
    store = session.state_store(loaded.settings)
    with store.lock(operation, timeout=timeout):
        state = store.load().with_moves(loaded.desired.moves)
        with session.edge(loaded.settings, store, state) as edge:
            yield Opened(session, loaded, store, state, edge)


def confirm(session: Session, plan: Plan, *, auto_approve: bool) -> bool:
    """Whether the user wants it. Raises EnvdplanError when nobody can be asked."""
    if auto_approve or not plan.asks_for_consent:
        return True
    if session.json or not sys.stdin.isatty():
        raise EnvdplanError(
            "No terminal to ask for approval",
            "This is not a terminal. Give --auto-approve, or apply a saved plan: `envdplan "
            "plan --out FILE`, then `envdplan apply FILE`.",
        )
    what = "destroy all this" if plan.options.destroy else "do this"
    sys.stdout.write(f"\nDo you want to {what}? Only `yes` is taken as approval: ")
    sys.stdout.flush()
    return sys.stdin.readline().strip() == "yes"


def run(project: Opened, plan: Plan, state: State, *, parallelism: int) -> int:
    """Apply `plan`, telling every event; the exit code."""
    cancel = threading.Event()
    work = Apply(
        plan=plan,
        desired=DesiredState() if plan.options.destroy else project.loaded.desired,
        writers=project.edge.writer,
        store=project.store,
        state=state,
        clock=SystemClock(),
        catalog=CATALOG,
        parallelism=parallelism,
        cancel=cancel,
    )
    view = project.session.view
    finished: Finished | None = None
    lost: OutputLost | None = None
    with graceful(cancel, view.message):
        for event in apply(work):
            try:
                if lost is None:
                    view.event(event)
            except OutputLost as error:
                lost = error  # what was begun is finished and saved all the same
            if isinstance(event, Finished):
                finished = event
    if lost is not None:
        raise lost
    view.diagnostics(Diagnostics() if finished is None else finished.problems)
    outputs = project.loaded.desired.outputs
    if finished is not None and finished.outputs:
        secret = frozenset(name for name, one in outputs.items() if one.sensitive)
        view.outputs(dict(finished.outputs), secret)
    if not plan.options.destroy:
        found = check(project.loaded.desired, work.state)
        view.diagnostics(project.untold(found))
    project.store.prune(work.state)
    if cancel.is_set():
        return exit_codes.INTERRUPTED
    done = finished is not None and finished.is_complete and not finished.problems
    return exit_codes.OK if done else exit_codes.ERROR
