"""What a builder type is: a schema with pure derivations, and a lifecycle that does the work."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Event as Flag
from typing import TYPE_CHECKING, Final, Protocol

from envdplan.core.engine.protocols import Reporter
from envdplan.core.state.observed import Observation
from envdplan.ground.addresses import Address, Kind
from envdplan.ground.schema import ResourceType
from envdplan.ground.values import Attributes
from envdplan.resources.builders.ownership import Claim

if TYPE_CHECKING:
    from envdplan.clients.buildkit.client import BuildKit


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a driver may know of the run it works for."""

    environment: Mapping[str, str]
    """Environment variables: DOCKER_HOST and its kin."""
    lineage: str
    """Identity of the state that owns what a driver creates."""
    fresh: bool = False
    """The state has no history: what carries our mark for an address is ours all the same."""


@dataclass(frozen=True, slots=True)
class Undeclared:
    """A builder that no block declares: one that a context of envd's store names by its address.

    It is no `Attributes` on purpose: all that is known of it is how to reach it, so it can be
    looked at, and compared with nothing.
    """

    reach: Attributes
    """The attributes with x-connection, as far as the address tells them; "name" for containers."""


NOBODY: Final = Address(Kind.BUILDER, "undeclared")
"""Whose what is only looked at is."""


class Lifecycle(Protocol):
    """How builders of one type are looked at and changed. Errors are EnvdplanErrors.

    What changes a thing looks right before whose it is, and raises Conflict for somebody else's.

    Attributes are complete (defaults filled in, derived ones too) and may hold Sensitive parts.
    """

    def read(self, address: Address, attributes: Attributes) -> Observation:
        """What is live: Present with every attribute of the schema, Absent, or Unreachable.

        Present.attributes hold the computed ones too: version, platforms, workers, capabilities.
        """

    def look(self, builder: Undeclared) -> Observation:
        """What is live of a builder that is only used: Present, Absent, or Unreachable.

        Present.attributes are `status`, the `network` of a container, and the computed ones where
        it is "running".
        """

    def create(
        self, claim: Claim, attributes: Attributes, report: Reporter, cancel: Flag
    ) -> Attributes:
        """Create it, wait until it is ready; its attributes as they are then.

        What a failed attempt made is removed again.
        """

    def update(
        self,
        claim: Claim,
        before: Attributes,
        after: Attributes,
        report: Reporter,
        cancel: Flag,
    ) -> Attributes:
        """Make it as `after`; when that fails, it is again (or still) as `before`."""

    def delete(self, claim: Claim, attributes: Attributes, report: Reporter, cancel: Flag) -> None:
        """Remove it; nothing happens when it is gone already."""

    def stop(self, attributes: Attributes) -> None:
        """Stop it, keeping its cache. Raises Refused for one that envdplan did not make."""

    def start(self, attributes: Attributes, report: Reporter, cancel: Flag) -> None:
        """Start it again, and wait until it answers. Raises as `stop`."""

    def logs(self, attributes: Attributes, lines: int) -> str:
        """The last `lines` of what its daemon said. Raises as `stop`."""

    def connect(self, attributes: Attributes) -> "BuildKit":
        """A client of its BuildKit, to be used as a context manager.

        Only the attributes with x-connection are needed. Connects at the first call.
        """


@dataclass(frozen=True, slots=True)
class Driver:
    """One builder type."""

    type: ResourceType
    lifecycle: Callable[[Surroundings], Lifecycle]
    """Makes the lifecycle; importing slow libraries is left to it."""
    from_address: Callable[[str], Undeclared | None]
    """The builder behind an address as envd writes it (`tcp://HOST:PORT`, or the bare name of a
    container); None when it makes no sense.
    """
