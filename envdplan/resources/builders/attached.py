"""Builders that are there already: looked at and used, never made or removed."""

from abc import ABC, abstractmethod
from threading import Event as Flag
from typing import TYPE_CHECKING

from envdplan.core.engine.protocols import Reporter
from envdplan.core.state.observed import Observation, Present, Unreachable
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import EnvdplanError, Refused
from envdplan.ground.values import Attributes, Value
from envdplan.resources.builders.base import Undeclared
from envdplan.resources.builders.common import computed
from envdplan.resources.builders.ownership import Claim

if TYPE_CHECKING:
    from envdplan.clients.buildkit.client import BuildKit


def always(attributes: Attributes) -> bool:
    """`borrowed` of a type that is only ever attached to."""
    del attributes
    return True


class Attached(ABC):
    """A Lifecycle whose only question is whether the daemon answers."""

    @abstractmethod
    def connect(self, attributes: Attributes) -> "BuildKit":
        """A client of it."""

    def read(self, address: Address, attributes: Attributes) -> Observation:
        """Present when it answers. It is nobody's, so it counts as ours to use."""
        del address
        try:
            return Present({**attributes, **self.answers(attributes)}, ours=True)
        except EnvdplanError as error:
            return Unreachable.of(error)

    def look(self, builder: Undeclared) -> Observation:
        """See Lifecycle. What answers runs, and more cannot be seen of it."""
        try:
            return Present({"status": "running", **self.answers(builder.reach)})
        except EnvdplanError as error:
            return Unreachable.of(error)

    def answers(self, attributes: Attributes) -> dict[str, Value]:
        """Computed attributes. Raises EnvdplanError when it does not answer."""
        with self.connect(attributes) as client:
            return computed(client)

    def create(
        self, claim: Claim, attributes: Attributes, report: Reporter, cancel: Flag
    ) -> Attributes:
        """Nothing to make: it has to answer."""
        del claim, report, cancel
        return {**attributes, **self.answers(attributes)}

    def update(
        self,
        claim: Claim,
        before: Attributes,
        after: Attributes,
        report: Reporter,
        cancel: Flag,
    ) -> Attributes:
        """Nothing to change but what is recorded."""
        del before
        return self.create(claim, after, report, cancel)

    def stop(self, attributes: Attributes) -> None:
        """See Lifecycle."""
        raise _not_ours(attributes, "stopped")

    def start(self, attributes: Attributes, report: Reporter, cancel: Flag) -> None:
        """See Lifecycle."""
        del report, cancel
        raise _not_ours(attributes, "started")

    def logs(self, attributes: Attributes, lines: int) -> str:
        """See Lifecycle."""
        del lines
        raise _not_ours(attributes, "asked for its log")

    def delete(self, claim: Claim, attributes: Attributes, report: Reporter, cancel: Flag) -> None:
        """It was there before, and stays."""
        del claim, attributes, cancel
        report("left as it is: envdplan did not make it")


def _not_ours(attributes: Attributes, what: str) -> Refused:
    where = attributes.get("address") or attributes.get("name")
    return Refused(
        "Builder is not managed by envdplan",
        f"{where} is not managed by envdplan and cannot be {what} from here. Do this where it "
        "runs.",
    )
