"""Whose a live thing is: its marks decide, never its name or what a state says of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from envdplan.core.state.observed import Stranger
from envdplan.ground.addresses import Address

OWNER: Final = "dev.envdplan.address"
LINEAGE: Final = "dev.envdplan.lineage"


@dataclass(frozen=True, slots=True)
class Claim:
    """What a change of one builder may touch: what carries its mark, and what was taken over."""

    address: Address
    adopted: frozenset[Stranger] = frozenset()


@dataclass(frozen=True, slots=True)
class Mark:
    """What a thing says of its owner; empty where it says nothing."""

    address: str = ""
    lineage: str = ""

    @classmethod
    def of_labels(cls, labels: Mapping[str, str]) -> "Mark":
        """That of a container or volume."""
        return cls(labels.get(OWNER, ""), labels.get(LINEAGE, ""))


@dataclass(frozen=True, slots=True)
class Owner:
    """Whom a builder belongs to."""

    claim: Claim
    lineage: str
    fresh: bool = False
    """The state is new, so that the mark of any state will do: its own may be lost."""

    def labels(self) -> Mapping[str, str]:
        """The mark on containers and volumes."""
        return {OWNER: str(self.claim.address), LINEAGE: self.lineage}

    def made(self, mark: Mark) -> bool:
        """Whether it carries the mark of this very address (and, where one is known, state)."""
        same = mark.address == str(self.claim.address)
        return same and (self.fresh or mark.lineage == self.lineage)

    def stranger(self, id: str, mark: Mark) -> tuple[Stranger, ...]:
        """The thing, unless it carries the mark of this state."""
        return () if mark.lineage == self.lineage else (Stranger(id, mark.lineage),)

    def owns(self, id: str, mark: Mark) -> bool:
        """Whether it may be changed and removed."""
        return self.made(mark) or {*self.stranger(id, mark)} <= self.claim.adopted

    def owns_remains(self, mark: Mark) -> bool:
        """Whether a thing without an id is ours: as `owns`, or of a state that was taken over."""
        taken_over = {one.lineage for one in self.claim.adopted if one.lineage}
        return self.made(mark) or mark.lineage in {self.lineage, *taken_over}
