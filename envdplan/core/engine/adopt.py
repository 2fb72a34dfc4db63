"""Takes what exists already into the state, exactly as it is."""

from dataclasses import replace

from envdplan.core.engine.protocols import Readers
from envdplan.core.plan.resolve import resolve
from envdplan.core.state.desired import Resource
from envdplan.core.state.observed import Absent, Present, Unreachable
from envdplan.core.state.recorded import Record, State
from envdplan.ground.addresses import Kind
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.values import redact_sensitive


def adopted(resource: Resource, state: State, readers: Readers) -> State:
    """`state` with a record of `resource` as it is live.

    What others made may be changed from now on. Raises EnvdplanError when it is recorded already
    (and not because something of others has taken its place), does not exist, or cannot be reached.
    """
    address = resource.address
    former = state.records.get(address)
    if address.kind is Kind.BUILD:
        raise EnvdplanError(
            "Builds need no import",
            "An image that was built from the same inputs is found in its registry by itself.",
        )
    known = {one: record.attributes for one, record in state.records.items()}
    attributes = resolve(resource, known)
    match readers(address.kind.value).read(resource, attributes, None):
        case Present(strangers=strangers) if former and {*strangers} <= {*former.adopted}:
            raise EnvdplanError(f"{address} is recorded already", "There is nothing to import.")
        case Present(attributes=live, strangers=strangers):
            record = Record(
                address,
                resource.type,
                redact_sensitive(live),
                resource.depends_on,
                resource.lifecycle.prevent_destroy,
                adopted=strangers,
            )
            records = {**state.records, address: record}
            return replace(state, serial=state.serial + 1, records=records)
        case Absent():
            detail = f"There is no {attributes.get('name')} to import; apply would create it."
            raise EnvdplanError(f"{address} does not exist", detail)
        case Unreachable(reason=reason):
            raise EnvdplanError(f"{address} cannot be reached", reason)
