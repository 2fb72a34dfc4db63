"""What envdplan remembers: the state, saved after every step."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import uuid4

from envdplan.core.state.observed import Stranger
from envdplan.core.state.seals import Seal, new_key
from envdplan.ground.addresses import Address
from envdplan.ground.values import Attributes, Value

TREE: Final = "tree "
"""Begins the signature of a folder that a build wrote: then comes the digest of a list of it."""


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
    seal: Seal | None = None
    """Of a build: what tells that a sensitive input has another value now."""
    adopted: tuple[Stranger, ...] = ()
    """What others made and was taken over: by an import, or because a former state is lost."""
    begun: bool = False
    """No real record: a creation was begun, and little more is known of it. Not saved."""

    @property
    def lists(self) -> Iterator[str]:
        """Digests of the lists that tell more of it: its inputs, and folders that it wrote."""
        outputs = self.attributes.get("outputs")
        trees = outputs.values() if isinstance(outputs, Mapping) else ()
        yield from (one.removeprefix(TREE) for one in trees if str(one).startswith(TREE))
        if isinstance(digest := self.attributes.get("inputs_digest"), str):
            yield digest


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
    moved: Mapping[Address, Address] = field(default_factory=dict, compare=False)
    """Since it was loaded: former addresses by the new ones. Not saved."""

    @classmethod
    def new(cls) -> "State":
        """An empty state with a lineage of its own."""
        return cls(lineage=str(uuid4()))

    @property
    def key(self) -> str:
        """The key of the seals; a new one where there are none yet."""
        seals = (one.seal for one in self.records.values())
        return next((one.key for one in seals if one is not None), None) or new_key()

    def with_moves(self, moves: Iterable[tuple[Address, Address]]) -> "State":
        """With records under their new addresses, those of whole for_each blocks by key.

        One whose new address is recorded already stays where it is.
        """
        known = {*self.records, *self.pending}
        pairs = sorted(moves, key=lambda pair: pair[0].key is not None)  # a key of its own counts
        done = {
            former: now
            for pair in pairs
            for former, now in _pairs(pair, known)
            if former in known and now not in known
        }
        if not done:
            return self
        records = {
            done.get(address, address): replace(
                one,
                address=done.get(address, address),
                depends_on=tuple(sorted(done.get(edge, edge) for edge in one.depends_on)),
            )
            for address, one in self.records.items()
        }
        pending = {
            done.get(address, address): replace(one, address=done.get(address, address))
            for address, one in self.pending.items()
        }
        moved = {now: former for former, now in done.items()}
        return replace(self, records=records, pending=pending, moved=moved)

    def with_begun(self) -> "State":
        """With a record for each thing that a crash may have left without one.

        A pending creation may be real by now; where its block is gone, it has to go too.
        """
        begun = {
            address: Record(address, one.type, one.attributes, begun=True)
            for address, one in self.pending.items()
            if address not in self.records
        }
        return replace(self, records={**self.records, **begun}) if begun else self


def _pairs(
    pair: tuple[Address, Address], known: Iterable[Address]
) -> Iterator[tuple[Address, Address]]:
    """A move of whole blocks moves each key."""
    former, now = pair
    yield pair
    if former.key is None and now.key is None:
        for address in known:
            if address.key is not None and address.block == former:
                yield address, replace(now, key=address.key)
