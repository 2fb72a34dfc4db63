"""What envdplan remembers: the state, saved after every step."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from uuid import uuid4

from envdplan.addresses import Address
from envdplan.values import Attributes, Value


@dataclass(frozen=True, slots=True)
class Record:
    """One resource as it was when we last wrote or adopted it."""

    address: Address
    type: str
    attributes: Attributes
    depends_on: tuple[Address, ...] = ()
    """Direct edges at that time: what is no longer declared is still deleted in order."""
    prevent_destroy: bool = False
    """Kept here too, so that removing the block does not remove the protection (Pulumi)."""


@dataclass(frozen=True, slots=True)
class Pending:
    """An operation that was begun; still here after a crash, so that the next plan looks."""

    address: Address
    action: str
    type: str
    started: str
    """RFC 3339, UTC."""
    attributes: Attributes = field(default_factory=dict)
    """Enough to find the thing again: its name and where it runs."""


@dataclass(frozen=True, slots=True)
class State:
    """All records. `lineage` is the identity of this history, `serial` counts its changes."""

    lineage: str
    serial: int = 0
    records: Mapping[Address, Record] = field(default_factory=dict)
    pending: Mapping[Address, Pending] = field(default_factory=dict)
    outputs: Mapping[str, Value] = field(default_factory=dict)

    @classmethod
    def new(cls) -> "State":
        """An empty state with a lineage of its own."""
        return cls(lineage=str(uuid4()))

    def with_begun(self) -> "State":
        """With a record for each thing that a crash may have left without one.

        A pending creation may be real by now; where its block is gone, it has to go too.
        """
        begun = {
            address: Record(address, one.type, one.attributes)
            for address, one in self.pending.items()
            if address not in self.records
        }
        return replace(self, records={**self.records, **begun}) if begun else self
