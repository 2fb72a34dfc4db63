"""State to bytes and back: versioned JSON with a checksum. Secrets are never written."""

from collections.abc import Mapping
from typing import Final

from envdplan.core.state.observed import Stranger
from envdplan.core.state.recorded import Pending, Record, State
from envdplan.core.state.seals import seal_from_json, seal_to_json
from envdplan.ground.addresses import Address
from envdplan.ground.checksum import corrupt_content, seal, unseal
from envdplan.ground.encoding import from_json, to_json
from envdplan.ground.values import Value, redact_sensitive

VERSION: Final = 1
KIND: Final = "state"


def encode(state: State) -> bytes:
    """The bytes of a state file."""
    return seal(
        KIND,
        VERSION,
        {
            "lineage": state.lineage,
            "serial": state.serial,
            "resources": [_record(one) for one in state.records.values()],
            "pending": [_pending(one) for one in state.pending.values()],
            "outputs": to_json(redact_sensitive(state.outputs)),
        },
    )


def decode(data: bytes, name: str, mend: str) -> State:
    """The state in `data`. Raises CorruptFile, whose last words are `mend`."""
    content = unseal(data, KIND, VERSION, name, mend)
    try:
        records = [_to_record(one) for one in content["resources"]]
        pending = [_to_pending(one) for one in content["pending"]]
        outputs = _mapping(from_json(content["outputs"]))
        lineage, serial = str(content["lineage"]), int(content["serial"])
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        reason = f"its content is not valid ({type(error).__name__}: {error})"
        raise corrupt_content(KIND, name, reason, mend) from None
    return State(
        lineage,
        serial,
        {one.address: one for one in records},
        {one.address: one for one in pending},
        outputs,
    )


def _record(one: Record) -> Mapping[str, Value]:
    content: dict[str, Value] = {
        "address": str(one.address),
        "type": one.type,
        "attributes": to_json(redact_sensitive(one.attributes)),
        "depends_on": [str(address) for address in one.depends_on],
        "prevent_destroy": one.prevent_destroy,
        **({} if one.seal is None else {"seal": seal_to_json(one.seal)}),
    }
    return {**content, "adopted": strangers_to_json(one.adopted)} if one.adopted else content


def _to_record(one: Mapping[str, Value]) -> Record:
    return Record(
        address=Address.parse(one["address"]),
        type=str(one["type"]),
        attributes=_mapping(from_json(one["attributes"])),
        depends_on=tuple(Address.parse(address) for address in one["depends_on"]),
        prevent_destroy=bool(one["prevent_destroy"]),
        seal=seal_from_json(one["seal"]) if one.get("seal") is not None else None,
        adopted=strangers_from_json(one.get("adopted", ())),
    )


def strangers_to_json(strangers: tuple[Stranger, ...]) -> Value:
    """As a state or plan file holds them."""
    return [[one.id, one.lineage] for one in strangers]


def strangers_from_json(value: Value) -> tuple[Stranger, ...]:
    """Raises TypeError or ValueError when they make no sense."""
    return tuple(Stranger(str(id), str(lineage)) for id, lineage in value)


def _pending(one: Pending) -> Mapping[str, Value]:
    return {
        "address": str(one.address),
        "action": one.action,
        "type": one.type,
        "started": one.started,
        "attributes": to_json(redact_sensitive(one.attributes)),
    }


def _to_pending(one: Mapping[str, Value]) -> Pending:
    return Pending(
        address=Address.parse(one["address"]),
        action=str(one["action"]),
        type=str(one["type"]),
        started=str(one["started"]),
        attributes=_mapping(from_json(one["attributes"])),
    )


def _mapping(value: Value) -> Mapping[str, Value]:
    if not isinstance(value, dict):
        raise TypeError("an object is required")
    return value
