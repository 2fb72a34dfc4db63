"""A plan that changes nothing but the state: what is live becomes what is recorded."""

from collections.abc import Iterator
from dataclasses import replace

from envdplan.core.plan.changes import Action, Change
from envdplan.core.plan.diff import find_drift
from envdplan.core.plan.reasons import Code, Reason
from envdplan.core.plan.world import Diff
from envdplan.core.state.observed import Absent, ObservedState, Present, Unreachable
from envdplan.core.state.recorded import Record, State
from envdplan.ground.addresses import Kind
from envdplan.ground.schema import Catalog
from envdplan.ground.values import Attributes


def refresh_only(state: State, observed: ObservedState, catalog: Catalog) -> Diff:
    """Records follow what was changed or removed outside of envdplan."""
    drift = list(find_drift(state, observed, catalog))
    drifted = {one.address for one in drift}
    changes = {
        change.address: change
        for record in state.records.values()
        for change in _changes(record, observed, drifted=record.address in drifted)
    }
    return Diff(changes=changes, drift=drift)


def _changes(record: Record, observed: ObservedState, *, drifted: bool) -> Iterator[Change]:
    base = Change(
        address=record.address,
        type=record.type,
        action=Action.NOOP,
        before=record.attributes,
        after=record.attributes,
        depends_on=record.depends_on,
        prevent_destroy=record.prevent_destroy,
        adopted=record.adopted,
    )
    match observed.get(record.address):
        case Absent() if record.address.kind is not Kind.BUILD:
            code = Code.NOTHING_CAME if record.begun else Code.REMOVED_OUTSIDE
            yield _with(base, Action.FORGET, None, Reason(code))
        case Present(attributes=live) if drifted:
            after = {**record.attributes, **live}
            yield _with(base, Action.ADOPT, after, Reason(Code.CHANGED_OUTSIDE))
        case Unreachable(reason=reason) as why:
            unreachable = Reason(Code.UNREACHABLE, detail=reason)
            deferred = _with(base, Action.DEFER, base.after, unreachable)
            yield replace(deferred, cause=why.cause)
        case _:
            yield base


def _with(base: Change, action: Action, after: Attributes | None, reason: Reason) -> Change:
    return replace(base, action=action, after=after, reasons=(reason,))
