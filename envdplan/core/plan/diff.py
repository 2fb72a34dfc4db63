"""Three pictures in, changes out. Opens no file and asks nobody."""

from collections.abc import Iterator
from dataclasses import replace
from typing import cast

from envdplan.core.plan.changes import Action, Change, Difference, Drift, Work
from envdplan.core.plan.compare import (
    differences,
    drifted,
    identity,
    why_elsewhere,
    why_replaced,
    why_updated,
)
from envdplan.core.plan.conditions import check_after, check_before
from envdplan.core.plan.contextdiff import warn_of_rival
from envdplan.core.plan.options import PlanOptions
from envdplan.core.plan.orphans import add_orphans
from envdplan.core.plan.ownership import adopted, is_ours, refuse, strangers, warn_of_former
from envdplan.core.plan.reasons import Code, Reason
from envdplan.core.plan.resolve import resolve
from envdplan.core.plan.triggers import waits_for, why_forced
from envdplan.core.plan.untold import refuse_untold, unknown_names
from envdplan.core.plan.wording import words
from envdplan.core.plan.world import Diff, World
from envdplan.core.state.desired import DesiredState, Resource
from envdplan.core.state.ignoring import let_be
from envdplan.core.state.observed import (
    Absent,
    ObservedState,
    Present,
    Unreachable,
)
from envdplan.core.state.recorded import Record, State
from envdplan.ground.addresses import Address, Kind
from envdplan.ground.attributes import Computed
from envdplan.ground.graph import Graph
from envdplan.ground.schema import Catalog, ResourceType
from envdplan.ground.values import UNKNOWN, Attributes, is_known


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
        identity(catalog, one.address, one.type, one.attributes): one
        for one in state.records.values()
        if one.address not in desired.resources and one.address.kind is not Kind.BUILD
    }
    world = World(desired, state, observed, catalog, options, only, heirs)
    outcome = Diff(drift=list(find_drift(state, observed, catalog)))
    needs = {address: one.depends_on for address, one in desired.resources.items()}
    for address in Graph(needs).order():
        _add(outcome, world, desired.resources[address])
    add_orphans(outcome, world)
    return outcome


def find_drift(state: State, observed: ObservedState, catalog: Catalog) -> Iterator[Drift]:
    """What was changed or removed outside of envdplan since it was recorded."""
    for address, record in state.records.items():
        type = catalog.get(address.kind, record.type)
        if address.kind is Kind.BUILD or type is None or record.begun:
            continue
        match observed.get(address):
            case Absent():
                yield Drift(address, gone=True)
            case Present(attributes=live):
                if found := drifted(type, record.attributes, live):
                    yield Drift(address, found)
            case _:
                pass


def _add(outcome: Diff, world: World, resource: Resource) -> None:
    record = world.state.records.get(resource.address)
    attributes = resolve(resource, outcome.known, record)
    meant = world.only is None or resource.address in world.only
    if meant:
        check_before(resource, outcome.known, outcome.diagnostics)
    told = len(outcome.diagnostics)
    change = _change(outcome, world, resource, attributes)
    if not meant:  # nobody looked at it, and nothing will be done to it
        del outcome.diagnostics.items[told:]
    change = _with_needs(outcome, world, resource, change, attributes)
    outcome.changes[resource.address] = change
    outcome.known[resource.address] = change.after or attributes
    if meant and change.action is not Action.DEFER:
        check_after(resource, outcome.known, outcome.diagnostics)


def _change(outcome: Diff, world: World, resource: Resource, attributes: Attributes) -> Change:
    observation = world.observed.get(resource.address, Absent())
    record = world.state.records.get(resource.address)
    base = Change(
        address=resource.address,
        type=resource.type,
        action=Action.NOOP,
        after=attributes,
        depends_on=resource.depends_on,
        prevent_destroy=resource.lifecycle.prevent_destroy,
        adopted=() if record is None else record.adopted,
    )
    if isinstance(observation, Unreachable):
        return _deferred(world, base, observation)
    outcome.notes += [(note, resource) for note in observation.notes]
    type = world.catalog.types[resource.address.kind, resource.type]
    if type.decide is not None:
        return cast("Change", type.decide(outcome, world, resource, attributes, observation))
    refuse_untold(outcome, world, resource, unknown_names)
    if record is not None and record.type != resource.type:
        if isinstance(observation, Present) and strangers(observation, base.adopted):
            refuse(outcome, world, base, ())
            return base
        return _other_type(type, base, record)
    if isinstance(observation, Absent):
        return _create(type, base, attributes, Reason(Code.ABSENT))
    return _present_change(outcome, world, type, resource, base, observation)


def _deferred(world: World, base: Change, why: Unreachable) -> Change:
    record = world.state.records.get(base.address)
    after = {**(record.attributes if record else {}), **(base.after or {})}
    if base.address.kind is not Kind.BUILD:
        after |= _computed(world.catalog.types[base.address.kind, base.type], after)
    reasons = (Reason(Code.UNREACHABLE, detail=why.reason),)
    return replace(base, action=Action.DEFER, after=after, reasons=reasons, cause=why.cause)


def _with_needs(
    outcome: Diff, world: World, resource: Resource, change: Change, attributes: Attributes
) -> Change:
    """What is made from something that nobody can tell about waits with it."""
    if not change.action.is_change:
        return change
    waits = Work.BUILD in change.work or not _is_settled(world, resource, attributes)
    for needed in resource.depends_on if waits else ():
        other = outcome.changes.get(needed)
        is_source = needed.kind is Kind.BUILD or resource.address.kind is not Kind.BUILD
        if other is not None and other.action is Action.DEFER and is_source:
            reasons = (waits_for(other),)
            return replace(change, action=Action.DEFER, reasons=reasons, work=(), cause=other.cause)
    return change


def _is_settled(world: World, resource: Resource, attributes: Attributes) -> bool:
    """Whether all is known that the configuration says of it."""
    type = world.catalog.types[resource.address.kind, resource.type]
    own = {*type.computed}
    return is_known({name: value for name, value in attributes.items() if name not in own})


def _create(type: ResourceType, base: Change, attributes: Attributes, reason: Reason) -> Change:
    after = {**attributes, **_computed(type, attributes)}
    return replace(base, action=Action.CREATE, after=after, reasons=(reason,))


def _computed(type: ResourceType, attributes: Attributes) -> Attributes:
    """Known after apply: what neither the configuration says nor follows from it."""
    return {name: UNKNOWN for name in type.computed if attributes.get(name) is None}


def _present_change(
    outcome: Diff,
    world: World,
    type: ResourceType,
    resource: Resource,
    base: Change,
    live: Present,
) -> Change:
    warn_of_rival(outcome, world, resource, live)
    wanted = let_be(base.after or {}, resource.lifecycle.ignored, live.attributes)
    found = differences(type, live.attributes, wanted)
    after = {**wanted, **_found_out(type, wanted, live)}
    base = replace(base, before=live.attributes, after=after)
    base = replace(base, adopted=adopted(world, base, live))
    if live.taken and (elsewhere := why_elsewhere(type, found)):
        _refuse_taken(outcome, resource, elsewhere)
        return base
    forced = why_forced(resource, outcome.changes)
    if (found or forced) and not is_ours(world, base, live):
        refuse(outcome, world, base, found)
        return base
    warn_of_former(outcome, world, base, live, changes=bool(found or forced))
    if forced:
        return _replace(type, base, found, forced)
    former = world.state.moved.get(base.address)
    because = (Reason(Code.MOVED, before=str(former)),) if former else _why_recorded(world, base)
    if not found:
        return replace(base, action=_quiet(world, base), reasons=because)
    if any(one.forces_replacement for one in found):
        return _replace(type, base, found, why_replaced(type, found))
    what_it_means = type.consequence(frozenset(one.path[0] for one in found), wanted)
    reasons = why_updated(found, what_it_means)
    return replace(base, action=Action.UPDATE, differences=found, reasons=reasons)


def _found_out(type: ResourceType, wanted: Attributes, live: Present) -> Attributes:
    """Computed attributes as they are, but for those that follow from what is wanted."""
    found = live.attributes
    follows = {name for name, value in wanted.items() if value is not None and is_known(value)}
    return {n: found.get(n) for n in type.computed if n not in follows}


def _quiet(world: World, base: Change) -> Action:
    """As wanted: but is it recorded, and as it is wanted now?"""
    record = world.state.records.get(base.address)
    if base.address in world.state.moved:
        return Action.ADOPT  # under its new name
    if base.address in world.state.pending:
        return Action.ADOPT  # what a crash left half told is told to its end
    if record is not None and not {*base.adopted} <= {*record.adopted}:
        return Action.ADOPT
    if record is None or record.depends_on != base.depends_on or record.type != base.type:
        return Action.ADOPT
    return Action.ADOPT if record.prevent_destroy != base.prevent_destroy else Action.NOOP


def _why_recorded(world: World, base: Change) -> tuple[Reason, ...]:
    """What changes in the state alone, where somebody should know of it."""
    record = world.state.records.get(base.address)
    if record is None and any(one.lineage for one in base.adopted):
        return (Reason(Code.TAKEN_OVER),)
    if record is None or record.begun or record.prevent_destroy == base.prevent_destroy:
        return ()
    before, after = record.prevent_destroy, base.prevent_destroy
    return (Reason(Code.PROTECTION_CHANGED, before=before, after=after),)


def _replace(
    type: ResourceType, base: Change, found: tuple[Difference, ...], reason: Reason
) -> Change:
    after = {**(base.after or {}), **dict.fromkeys(_live_only(type), UNKNOWN)}
    return replace(base, action=Action.REPLACE, differences=found, after=after, reasons=(reason,))


def _live_only(type: ResourceType) -> list[str]:
    """Computed attributes that a new thing gets anew; what follows from others is known."""
    return [*type.names(lambda one: one.computed is Computed.FOUND)]


def _other_type(type: ResourceType, base: Change, record: Record) -> Change:
    base = replace(base, before=record.attributes, before_type=record.type)
    reason = Reason(Code.TYPE_CHANGED, before=record.type, after=base.type)
    return _replace(type, base, (), reason)


def _refuse_taken(outcome: Diff, resource: Resource, reason: Reason) -> None:
    outcome.diagnostics.error(
        "New name is already taken",
        f"{resource.address} cannot be replaced: {words(reason)}, and there is such a thing "
        "already. Choose another name; or take the thing that has it away first; or, to use that "
        f"one and leave the former alone, forget the former: `envdplan state rm "
        f"'{resource.address}'`.",
        resource.range,
        str(resource.address),
    )
