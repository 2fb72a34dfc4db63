"""Folds what happened into the state. Pure: apply saves the result before it tells anyone."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from envdplan.core.engine.events import Event, Finished, Started, Succeeded
from envdplan.core.plan.changes import Change, Work
from envdplan.core.plan.inputs import sensitive_inputs
from envdplan.core.state.recorded import Pending, Record, State
from envdplan.core.state.seals import Seal, seal
from envdplan.ground.addresses import Address, Kind
from envdplan.ground.schema import Catalog
from envdplan.ground.values import Attributes, redact_sensitive


def record(state: State, event: Event, now: str, catalog: Catalog) -> State:
    """The state after `event`; the very same object when the event changes nothing."""
    match event:
        case Started(change=change) if change.action.is_change:
            return replace(
                state, pending={**state.pending, change.address: _pending(change, now, catalog)}
            )
        case Succeeded(change=change, attributes=attributes):
            return _done(state, change, attributes, catalog)
        case Finished(outputs=outputs) if outputs != state.outputs:
            return replace(state, outputs=outputs)
        case _:
            return state


def _pending(change: Change, now: str, catalog: Catalog) -> Pending:
    """What is begun, with that by which the thing is found again after a crash."""
    type = catalog.get(change.address.kind, change.type)
    finding = () if type is None else type.names(lambda one: one.finds)
    attributes = change.after if change.after is not None else change.before
    return Pending(
        address=change.address,
        action=change.action.value,
        type=change.type,
        started=now,
        attributes=redact_sensitive({k: v for k, v in (attributes or {}).items() if k in finding}),
    )


def _done(state: State, change: Change, attributes: Attributes | None, catalog: Catalog) -> State:
    pending = _without(state.pending, change.address)
    records = dict(state.records)
    if attributes is None:
        records.pop(change.address, None)
    else:
        records[change.address] = _to_record(change, attributes, state, catalog)
    return replace(state, records=records, pending=pending)


def _to_record(change: Change, attributes: Attributes, state: State, catalog: Catalog) -> Record:
    """The record of a resource with these attributes; secrets stay out."""
    return Record(
        address=change.address,
        type=change.type,
        attributes=redact_sensitive(attributes),
        depends_on=change.depends_on,
        prevent_destroy=change.prevent_destroy,
        seal=_seal(change, attributes, state, catalog),
        adopted=change.adopted,
    )


def _seal(change: Change, attributes: Attributes, state: State, catalog: Catalog) -> Seal | None:
    """What a build keeps of the sensitive values that its image was made from.

    Where the image stays, so does what is kept: by now there may be other values.
    """
    type = catalog.get(change.address.kind, change.type)
    values = {} if type is None else sensitive_inputs(type, attributes)
    now = seal(values, state.key) if values else None
    former = state.records.get(change.address)
    if now is None or former is None or former.seal is None or _is_new(change, attributes, former):
        return now
    kept = {name: one for name, one in former.seal.digests.items() if name in values}
    return replace(now, digests={**now.digests, **kept})


def _is_new(change: Change, attributes: Attributes, former: Record) -> bool:
    """Whether a build has another result than the recorded one."""
    names = ("digest", "inputs_digest")
    changed = any(attributes.get(name) != former.attributes.get(name) for name in names)
    return changed or Work.BUILD in change.work


def nothing_done(state: State, before: State, begun: Collection[Address]) -> State:
    """The state after an apply that recorded nothing; writers were asked for what is `begun`.

    A build that failed leaves only what every plan looks at anyway. Where nothing else was begun,
    the serial is that of `before`, so that a saved plan can be applied when its obstacle is gone.
    """
    pending = {address: one for address, one in state.pending.items() if address in begun}
    harmless = all(address.kind is Kind.BUILD for address in begun)
    serial = before.serial if harmless else state.serial + 1
    return replace(state, serial=serial, pending={**before.pending, **pending})


def _without(pending: Mapping[Address, Pending], address: Address) -> Mapping[Address, Pending]:
    return {key: value for key, value in pending.items() if key != address}
