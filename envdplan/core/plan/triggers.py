"""Why a resource is replaced, or a build runs, though it may be as wanted; and why one goes."""

from collections.abc import Mapping

from envdplan.core.plan.changes import Change
from envdplan.core.plan.options import PlanOptions
from envdplan.core.plan.reasons import Code, Reason, Turn, of_resource
from envdplan.core.state.desired import Resource
from envdplan.core.state.recorded import Record
from envdplan.ground.addresses import Address
from envdplan.ground.values import AttributePath, Value


def why_forced(resource: Resource, changes: Mapping[Address, Change]) -> Reason | None:
    """Why it is replaced (or runs again) though it may be as wanted; None when it is not.

    Lifecycle.may_force tells before any change is known whether there can be a reason.
    """
    if resource.lifecycle.asked:
        return Reason(Code.REPLACE_ASKED)
    for trigger, path in resource.lifecycle.triggers:
        change = changes.get(trigger)
        if change is not None and _has_changed(change, path):
            name = ".".join(map(str, (trigger, *path)))
            return Reason(Code.REPLACE_TRIGGERED, trigger.kind.value, name, Turn.CHANGED)
    return None


def waits_for(other: Change) -> Reason:
    """That something waits for what nobody can tell about."""
    return of_resource(Code.WAITS, other.address, because=other.reasons[0])


def why_going(record: Record, only: frozenset[Address] | None, options: PlanOptions) -> Reason:
    """Why something that is recorded is to go; `only` is what the plan is about."""
    if not options.destroy:
        return Reason(Code.UNDECLARED)
    if only is None:
        return Reason(Code.DESTROY_ALL)
    if {record.address, record.address.block} & {*options.targets}:
        return Reason(Code.DESTROY_TARGET)
    needed = next((one for one in record.depends_on if one in only), None)
    return (
        Reason(Code.DESTROY_TARGET) if needed is None else of_resource(Code.DESTROY_NEEDED, needed)
    )


def _has_changed(change: Change, path: AttributePath) -> bool:
    if not change.action.is_change:
        return False
    before, after = (_part(one, path) for one in (change.before or {}, change.after or {}))
    return not path or before != after


def _part(value: Value, path: AttributePath) -> Value:
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
