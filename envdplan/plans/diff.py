"""Three pictures in, changes out. Opens no file and asks nobody."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from envdplan.addresses import Address, Kind
from envdplan.diagnostics import Diagnostics
from envdplan.graph import Graph
from envdplan.plans import builds
from envdplan.plans.capabilities import check_capabilities
from envdplan.plans.changes import Action, Change, Difference, Drift, Work
from envdplan.plans.compare import differences, drifted
from envdplan.plans.conditions import check_after, check_before
from envdplan.plans.options import PlanOptions
from envdplan.plans.resolve import resolve
from envdplan.plans.triggers import why_forced
from envdplan.schema import Catalog, ResourceType
from envdplan.states.desired import DesiredState, Resource
from envdplan.states.ignoring import let_be
from envdplan.states.observed import (
    Absent,
    BuildFacts,
    ImageUnclear,
    ObservedState,
    Present,
    Unreachable,
)
from envdplan.states.recorded import Record, State
from envdplan.values import UNKNOWN, Attributes


@dataclass(slots=True)
class Diff:
    """The outcome: changes in no order yet, drift, and what the user has to know."""

    changes: dict[Address, Change] = field(default_factory=dict)
    drift: list[Drift] = field(default_factory=list)
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    known: dict[Address, Attributes] = field(default_factory=dict)
    """Attributes of every desired resource after apply, as far as they are known now."""


@dataclass(frozen=True, slots=True)
class _World:
    desired: DesiredState
    state: State
    observed: ObservedState
    catalog: Catalog
    options: PlanOptions
    only: frozenset[Address] | None
    """What the plan is about; None means all."""
    heirs: Mapping[tuple[object, ...], Record]
    """Records without a block, by what they are in the world: a renamed block inherits one."""


def diff(
    desired: DesiredState,
    state: State,
    observed: ObservedState,
    catalog: Catalog,
    options: PlanOptions,
    only: frozenset[Address] | None = None,
) -> Diff:
    """What has to change so that the world is as desired; complaints are about `only`."""
    heirs = {
        identity(one.address, one.type, one.attributes): one
        for one in state.records.values()
        if one.address not in desired.resources and one.address.kind is not Kind.BUILD
    }
    world = _World(desired, state, observed, catalog, options, only, heirs)
    outcome = Diff(drift=list(find_drift(state, observed, catalog)))
    needs = {address: one.depends_on for address, one in desired.resources.items()}
    for address in Graph(needs).order():
        _add(outcome, world, desired.resources[address])
    _add_orphans(outcome, world)
    return outcome


def identity(address: Address, type: str, attributes: Attributes) -> tuple[object, ...]:
    """What a resource is in the world, whatever its block is called."""
    names = {Kind.CONTEXT: ("name",), Kind.BUILDER: ("host", "name", "address")}
    return (address.kind, type, *(attributes.get(name) for name in names.get(address.kind, ())))


def find_drift(state: State, observed: ObservedState, catalog: Catalog) -> Iterator[Drift]:
    """What was changed or removed outside of envdplan since it was recorded."""
    for address, record in state.records.items():
        type = catalog.get(address.kind, record.type)
        if address.kind is Kind.BUILD or type is None:
            continue
        match observed.get(address):
            case Absent():
                yield Drift(address, gone=True)
            case Present(attributes=live):
                if found := drifted(type, record.attributes, live):
                    yield Drift(address, found)
            case _:
                pass


def _add(outcome: Diff, world: _World, resource: Resource) -> None:
    record = world.state.records.get(resource.address)
    attributes = resolve(resource, outcome.known, record)
    meant = world.only is None or resource.address in world.only
    if meant:
        check_before(resource, outcome.known, outcome.diagnostics)
    change = _change(outcome, world, resource, attributes)
    outcome.changes[resource.address] = change
    outcome.known[resource.address] = change.after or attributes
    if meant and change.action is not Action.DEFER:
        check_after(resource, outcome.known, outcome.diagnostics)


def _change(outcome: Diff, world: _World, resource: Resource, attributes: Attributes) -> Change:
    observation = world.observed.get(resource.address, Absent())
    base = Change(
        address=resource.address,
        type=resource.type,
        action=Action.NOOP,
        after=attributes,
        depends_on=resource.depends_on,
        prevent_destroy=resource.lifecycle.prevent_destroy,
    )
    if isinstance(observation, Unreachable):
        return _deferred(world, base, observation.reason)
    for note in observation.notes:
        outcome.diagnostics.warn(
            "The runner would run nothing", note, resource.range, str(resource.address)
        )
    if resource.address.kind is Kind.BUILD:
        return _build_change(outcome, world, resource, attributes, observation)
    type = world.catalog.types[resource.address.kind, resource.type]
    if (record := world.state.records.get(resource.address)) and record.type != resource.type:
        return _other_type(type, base, record)
    if isinstance(observation, Absent):
        return _create(type, base, attributes, "it does not exist")
    return _present_change(outcome, world, type, resource, base, observation)


def _deferred(world: _World, base: Change, reason: str) -> Change:
    record = world.state.records.get(base.address)
    after = {**(record.attributes if record else {}), **(base.after or {})}
    return replace(base, action=Action.DEFER, after=after, reasons=(reason,))


def _create(type: ResourceType, base: Change, attributes: Attributes, reason: str) -> Change:
    after = {**attributes, **_computed(type, attributes)}
    return replace(base, action=Action.CREATE, after=after, reasons=(reason,))


def _computed(type: ResourceType, attributes: Attributes) -> Attributes:
    """Known after apply: what neither the configuration says nor follows from it."""
    names = type.with_annotation("readOnly")
    return {name: UNKNOWN for name in names if attributes.get(name) is None}


def _present_change(
    outcome: Diff,
    world: _World,
    type: ResourceType,
    resource: Resource,
    base: Change,
    live: Present,
) -> Change:
    wanted = let_be(base.after or {}, resource.lifecycle.ignored, live.attributes)
    found = differences(type, live.attributes, wanted)
    computed = {name: live.attributes.get(name) for name in type.with_annotation("readOnly")}
    base = replace(base, before=live.attributes, after={**wanted, **computed})
    if forced := why_forced(resource, outcome.changes, world.options):
        return _replace(type, base, found, forced)
    former = world.state.moved.get(base.address)
    because = (f"it was {former} before",) if former else ()
    if not found:
        return replace(base, action=_quiet(world, base), reasons=because)
    if not _is_ours(world, base, live):
        _refuse_foreign(outcome, world, base, found)
        return base
    if any(one.forces_replacement for one in found):
        return _replace(type, base, found, "an attribute cannot be changed in place")
    reasons = tuple(f"{'.'.join(map(str, one.path))} differs" for one in found)
    what_it_means = type.consequence(frozenset(one.path[0] for one in found), wanted)
    if what_it_means:
        reasons = (*reasons[:-1], f"{reasons[-1]}: {what_it_means}")
    return replace(base, action=Action.UPDATE, differences=found, reasons=reasons)


def _quiet(world: _World, base: Change) -> Action:
    """As wanted: but is it recorded, and as it is wanted now?"""
    record = world.state.records.get(base.address)
    if base.address in world.state.moved:
        return Action.ADOPT  # under its new name
    if base.address in world.state.pending:
        return Action.ADOPT  # what a crash left half told is told to its end
    if record is None or record.depends_on != base.depends_on or record.type != base.type:
        return Action.ADOPT
    return Action.NOOP


def _replace(
    type: ResourceType, base: Change, found: tuple[Difference, ...], reason: str
) -> Change:
    after = {**(base.after or {}), **dict.fromkeys(_live_only(type), UNKNOWN)}
    return replace(base, action=Action.REPLACE, differences=found, after=after, reasons=(reason,))


def _live_only(type: ResourceType) -> list[str]:
    """Computed attributes that a new thing gets anew; the address stays what it is."""
    return [name for name in type.with_annotation("readOnly") if name != "address"]


def _other_type(type: ResourceType, base: Change, record: Record) -> Change:
    base = replace(base, before=record.attributes, before_type=record.type)
    return _replace(type, base, (), f"its type changes from {record.type} to {base.type}")


def _is_ours(world: _World, base: Change, live: Present) -> bool:
    recorded = base.address in world.state.records or base.address in world.state.pending
    inherits = identity(base.address, base.type, base.after or {}) in world.heirs
    wanted = base.address in world.desired.imports
    return recorded or live.ours or inherits or wanted


def _refuse_foreign(
    outcome: Diff, world: _World, base: Change, found: tuple[Difference, ...]
) -> None:
    names = ", ".join(".".join(map(str, one.path)) for one in found)
    outcome.diagnostics.error(
        "Exists already, and is not envdplan's",
        f"{base.address} exists already with another configuration (it differs in: {names}) and "
        f"is not in the state. Changing it could break what others use. Adopt it with "
        f"`envdplan import {base.address}`, make the configuration match it, or give it another "
        "name.",
        world.desired.resources[base.address].range,
        str(base.address),
    )


def _build_change(
    outcome: Diff,
    world: _World,
    resource: Resource,
    attributes: Attributes,
    observation: Present | Absent,
) -> Change:
    facts = observation.facts if isinstance(observation, Present) else None
    facts = facts or BuildFacts(files=None)
    if facts.problem is not None:
        outcome.diagnostics.error(
            "Source of a build cannot be read", facts.problem, resource.range, str(resource.address)
        )
    record = world.state.records.get(resource.address)
    forced = why_forced(resource, outcome.changes, world.options) if record else ""
    change = builds.decide(resource, attributes, record, facts, forced=forced)
    change = replace(change, prevent_destroy=resource.lifecycle.prevent_destroy)
    _warn_unclear(outcome, resource, facts)
    former = world.state.moved.get(resource.address)
    if change.action is Action.NOOP and former is not None:
        reasons = (f"it was {former} before",)
        return replace(change, action=Action.ADOPT, reasons=reasons)
    if change.action is Action.NOOP and resource.address in world.state.pending:
        return replace(change, action=Action.ADOPT)
    if Work.BUILD not in change.work and Work.PUSH not in change.work:
        return change
    return _with_builder(outcome, resource, change, facts)


def _warn_unclear(outcome: Diff, resource: Resource, facts: BuildFacts) -> None:
    for ref, fact in facts.tags.items():
        if isinstance(fact, ImageUnclear):
            outcome.diagnostics.warn(
                "Registry gave no clear answer",
                f"Whether {ref} exists could not be found out: {fact.reason} What is recorded is "
                "kept.",
                resource.range,
                str(resource.address),
            )


def _with_builder(outcome: Diff, resource: Resource, change: Change, facts: BuildFacts) -> Change:
    """The build has to run: can its builder do it, and can it be reached?"""
    builder = _builder_of(change)
    if facts.builder_problem is not None:
        return replace(change, action=Action.DEFER, reasons=(facts.builder_problem,))
    planned = outcome.changes.get(builder) if builder else None
    if planned is not None and planned.action is Action.DEFER:
        reason = f"{builder} is deferred: {planned.reasons[0]}"
        return replace(change, action=Action.DEFER, reasons=(reason,))
    live = outcome.known.get(builder) if builder else facts.builder
    for problem in check_capabilities(change.after or {}, live or {}):
        outcome.diagnostics.error(
            "The builder cannot do this", problem, resource.range, str(resource.address)
        )
    return change


def _builder_of(change: Change) -> Address | None:
    connection = (change.after or {}).get("connection") or {}
    name = connection.get("resource")
    return Address.parse(name) if isinstance(name, str) else None


def _add_orphans(outcome: Diff, world: _World) -> None:
    """Records without a block: deleted, or only forgotten where there is nothing to delete."""
    resources = world.desired.resources
    declared = {
        identity(one, resources[one].type, known): one for one, known in outcome.known.items()
    }
    for address, record in world.state.records.items():
        if address not in world.desired.resources:
            outcome.changes[address] = _orphan(world, record, declared)


def _orphan(
    world: _World, record: Record, declared: Mapping[tuple[object, ...], Address]
) -> Change:
    observation = world.observed.get(record.address, Absent())
    live = observation.attributes if isinstance(observation, Present) else {}
    base = Change(
        address=record.address,
        type=record.type,
        action=Action.DELETE,
        before={**record.attributes, **live},
        depends_on=record.depends_on,
        prevent_destroy=record.prevent_destroy,
        reasons=("it is no longer in the configuration",),
    )
    if {record.address, record.address.block} & world.desired.kept:
        reason = "a removed block says that it is to be kept"
        return replace(base, action=Action.FORGET, reasons=(reason,))
    if record.address.kind is Kind.BUILD:
        reason = "it is no longer in the configuration; its images stay where they are"
        return replace(base, action=Action.FORGET, reasons=(reason,))
    heir = declared.get(identity(record.address, record.type, record.attributes))
    if heir is not None:
        return replace(base, action=Action.FORGET, reasons=(f"it is now declared as {heir}",))
    if isinstance(observation, Unreachable):
        return replace(base, action=Action.DEFER, reasons=(observation.reason,))
    if isinstance(observation, Absent) and not observation.remains:
        return replace(base, action=Action.FORGET, reasons=("it is gone already",))
    reason = "everything is to be destroyed" if world.options.destroy else base.reasons[0]
    return replace(base, reasons=(reason,))
