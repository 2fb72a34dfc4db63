"""Records without a block: what becomes of things that nobody declares any more."""

from collections.abc import Mapping
from dataclasses import replace

from envdplan.core.plan.changes import Action, Change
from envdplan.core.plan.compare import identity
from envdplan.core.plan.ownership import strangers
from envdplan.core.plan.reasons import Code, Reason, of_resource
from envdplan.core.plan.triggers import why_going
from envdplan.core.plan.world import Diff, World
from envdplan.core.state.observed import Absent, Present, Unreachable
from envdplan.core.state.recorded import Record
from envdplan.ground.addresses import Address, Kind


def add_orphans(outcome: Diff, world: World) -> None:
    """Records without a block: deleted, or only forgotten where there is nothing to delete."""
    resources = world.desired.resources
    declared = {
        identity(world.catalog, one, resources[one].type, known): one
        for one, known in outcome.known.items()
    }
    for address, record in world.state.records.items():
        if address not in world.desired.resources:
            outcome.changes[address] = _orphan(world, record, declared)


def _orphan(world: World, record: Record, declared: Mapping[tuple[object, ...], Address]) -> Change:
    observation = world.observed.get(record.address, Absent())
    live = observation.attributes if isinstance(observation, Present) else {}
    why = why_going(record, world.only, world.options)
    base = Change(
        address=record.address,
        type=record.type,
        action=Action.DELETE,
        before={**record.attributes, **live},
        depends_on=record.depends_on,
        prevent_destroy=_is_protected(world, record),
        adopted=record.adopted,
        reasons=(why,),
    )
    if world.desired.kept.has(record.address):
        reason = Reason(Code.KEPT_BY_BLOCK)
        return replace(base, action=Action.FORGET, reasons=(reason,))
    if record.address.kind is Kind.BUILD:
        reason = Reason(Code.IMAGES_STAY, because=why)
        return replace(base, action=Action.FORGET, reasons=(reason,))
    heir = declared.get(identity(world.catalog, record.address, record.type, record.attributes))
    if heir is not None:
        reason = of_resource(Code.DECLARED_AS, heir)
        return replace(base, action=Action.FORGET, reasons=(reason,))
    type = world.catalog.get(record.address.kind, record.type)
    if type is not None and type.borrowed(record.attributes):
        reason = Reason(Code.BORROWED, because=why)
        return replace(base, action=Action.FORGET, reasons=(reason,))
    if isinstance(observation, Present) and strangers(observation, record.adopted):
        reason = Reason(Code.NAME_TAKEN)
        return replace(base, action=Action.FORGET, reasons=(reason,))
    if isinstance(observation, Unreachable):
        reasons = (Reason(Code.UNREACHABLE, detail=observation.reason),)
        return replace(base, action=Action.DEFER, reasons=reasons, cause=observation.cause)
    if isinstance(observation, Absent) and not observation.remains:
        reason = Reason(Code.NOTHING_CAME if record.begun else Code.GONE)
        return replace(base, action=Action.FORGET, reasons=(reason,))
    return base


def _is_protected(world: World, record: Record) -> bool:
    """As its block says, where it has one; a block that is gone leaves its protection."""
    block = world.desired.going.get(record.address)
    return record.prevent_destroy if block is None else block.lifecycle.prevent_destroy
