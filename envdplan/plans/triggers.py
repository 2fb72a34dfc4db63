"""Why a resource is replaced, or a build runs, though it may be as wanted; and why one goes."""

from collections.abc import Mapping

from envdplan.addresses import Address
from envdplan.plans.changes import Change
from envdplan.plans.options import PlanOptions
from envdplan.states.desired import Resource
from envdplan.states.recorded import Record
from envdplan.values import AttributePath, Value


def why_forced(resource: Resource, changes: Mapping[Address, Change]) -> str:
    """Why it is replaced (or runs again) though it may be as wanted; empty when it is not.

    Lifecycle.may_force tells before any change is known whether there can be a reason.
    """
    if resource.lifecycle.asked:
        return "it was asked for by -replace"
    for trigger, path in resource.lifecycle.triggers:
        change = changes.get(trigger)
        if change is not None and _has_changed(change, path):
            name = ".".join(map(str, (trigger, *path)))
            return f"{name} changes, which replace_triggered_by names"
    return ""


def why_going(record: Record, only: frozenset[Address] | None, options: PlanOptions) -> str:
    """Why something that is recorded is to go; `only` is what the plan is about."""
    if not options.destroy:
        return "it is no longer in the configuration"
    if only is None:
        return "everything is to be destroyed"
    if {record.address, record.address.block} & {*options.targets}:
        return "it is to be destroyed by -target"
    needed = next((one for one in record.depends_on if one in only), None)
    return f"{needed}, which it needs, is to be destroyed"


def _has_changed(change: Change, path: AttributePath) -> bool:
    if not change.action.is_change:
        return False
    before, after = (_part(one, path) for one in (change.before or {}, change.after or {}))
    return not path or before != after


def _part(value: Value, path: AttributePath) -> Value:
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value
