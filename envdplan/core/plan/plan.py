"""The plan: every change in the order in which it can be done, and the state it was made from."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from envdplan.core.plan.changes import Action, Change, Drift, Work
from envdplan.core.plan.options import PlanOptions
from envdplan.core.plan.wording import worded
from envdplan.core.state.recorded import State
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.graph import Graph
from envdplan.ground.values import Value


@dataclass(frozen=True, slots=True)
class Counts:
    """The numbers of the summary line."""

    add: int = 0
    change: int = 0
    destroy: int = 0
    builds: int = 0
    pushes: int = 0
    retags: int = 0
    deferred: int = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """Complete: apply needs nothing else but the resolved configuration."""

    lineage: str
    serial: int
    changes: tuple[Change, ...] = ()
    """In order: a change comes after all that it needs."""
    drift: tuple[Drift, ...] = ()
    outputs: Mapping[str, Value] = field(default_factory=dict)
    """Output values after apply, UNKNOWN where known only then."""
    output_changes: tuple[str, ...] = ()
    options: PlanOptions = PlanOptions()

    @property
    def is_empty(self) -> bool:
        """Whether the world is as the configuration wants it."""
        busy = any(c.action.is_change or c.action is Action.DEFER for c in self.changes)
        return not busy and not self.output_changes

    @property
    def asks_for_consent(self) -> bool:
        """Whether apply would change more than the record of what is so already."""
        return any(one.action.is_change for one in self.changes) or bool(self.output_changes)

    @property
    def kept(self) -> tuple[Address, ...]:
        """What is as it is recorded, though nobody could tell whether it still is so."""
        return tuple(one.address for one in self.changes if one.kept)

    @property
    def to_apply(self) -> tuple[Change, ...]:
        """The changes that apply has to do or to record."""
        return tuple(change for change in self.changes if change.needs_apply)

    def counts(self) -> Counts:
        """How many of what."""
        actions = [change.action for change in self.changes]
        replaced = actions.count(Action.REPLACE)
        works = [work for change in self.changes if change.action.is_change for work in change.work]
        return Counts(
            add=actions.count(Action.CREATE) + replaced,
            change=actions.count(Action.UPDATE),
            destroy=actions.count(Action.DELETE) + replaced,
            builds=works.count(Work.BUILD),
            pushes=works.count(Work.PUSH),
            retags=works.count(Work.RETAG),
            deferred=actions.count(Action.DEFER),
        )

    def graph(self) -> Graph[Address]:
        """Which change waits for which."""
        return Graph(edges(self.changes))


def edges(changes: Iterable[Change]) -> dict[Address, tuple[Address, ...]]:
    """A change waits for what it needs; a delete waits for its former users instead."""
    by_address = {change.address: change for change in changes}
    going = {a for a, c in by_address.items() if c.after is None}
    waits: dict[Address, list[Address]] = {address: [] for address in by_address}
    for change in by_address.values():
        for needed in change.depends_on:
            if needed in going:
                waits[needed].append(change.address)
            elif change.address not in going:
                waits[change.address].append(needed)
    return {address: tuple(wanted) for address, wanted in waits.items()}


def with_former_users(changes: Iterable[Change], state: State) -> list[Change]:
    """Add recorded edges: what used a thing until now has to let go of it before its delete."""
    found = list(changes)
    going = {change.address for change in found if change.after is None}
    return [_with_recorded(change, state, going) for change in found]


def _with_recorded(change: Change, state: State, going: set[Address]) -> Change:
    from dataclasses import replace

    record = state.records.get(change.address)
    if record is None:
        return change
    former = [one for one in record.depends_on if one in going and one not in change.depends_on]
    return replace(change, depends_on=(*change.depends_on, *former)) if former else change


def order(
    changes: Iterable[Change],
    state: State,
    drift: Iterable[Drift] = (),
    options: PlanOptions = PlanOptions(),
) -> Plan:
    """The plan that does `changes`, each after what it needs."""
    linked = with_former_users(changes, state)
    by_address = {change.address: change for change in linked}
    ordered = Graph(edges(linked)).order()
    return Plan(
        lineage=state.lineage,
        serial=state.serial,
        changes=tuple(by_address[address] for address in ordered),
        drift=tuple(drift),
        options=options,
    )


def check_protection(plan: Plan, diagnostics: Diagnostics) -> None:
    """prevent_destroy holds against deletes and replacements, with or without its block."""
    for change in plan.changes:
        if change.prevent_destroy and change.action in (Action.DELETE, Action.REPLACE):
            why = "; ".join(worded(change.reasons))
            diagnostics.error(
                "Instance cannot be destroyed",
                f"{change.address} has lifecycle.prevent_destroy, but this plan would destroy it: "
                f"{why}. Remove the protection and apply that first, or leave it out with -target.",
                address=str(change.address),
            )
