"""What the engine asks of the edges. Reading and writing are different protocols: a plan is
given readers only, so that it cannot write by type.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from threading import Event as Flag
from typing import Protocol, runtime_checkable

from envdplan.core.plan.changes import Change
from envdplan.core.state.desired import Resource
from envdplan.core.state.observed import Input, Observation
from envdplan.core.state.recorded import Record, State
from envdplan.ground.values import Attributes


class Reader(Protocol):
    """Looks at the live things of one kind; changes nothing."""

    concurrent: bool
    """Whether a read waits for others (network, files), so that many should run at once."""

    def read(
        self, resource: Resource | None, attributes: Attributes, record: Record | None
    ) -> Observation:
        """What is there for a resource that is desired, recorded, or both.

        `attributes` are the desired ones as far as known, else the recorded ones.
        """


class Reporter(Protocol):
    """How a writer tells what it does."""

    def __call__(self, message: str = "", detail: object | None = None) -> None:
        """Tell a step in words, or as data for views that know it."""


class Writer(Protocol):
    """Does the changes of one kind."""

    quick: bool
    """Whether its changes are better begun all together than a few at a time."""

    def write(self, change: Change, report: Reporter, cancel: Flag) -> Attributes | None:
        """Do `change`; the attributes as they are then, or None when the resource is gone.

        Raises EnvdplanError. When `cancel` is set, stops soon and raises Interrupted.
        """


@runtime_checkable
class Checker(Protocol):
    """What a writer is besides if it can see beforehand that a change would fail."""

    def check(self, change: Change) -> None:
        """Whether `change` can be done as planned, as far as it is known now; changes nothing.

        Raises EnvdplanError.
        """


class StateReader(Protocol):
    """Where the state can be read."""

    def load(self) -> State:
        """The state; a new empty one when none was ever saved. Raises CorruptFile."""

    def inputs(self, digest: str) -> tuple[Input, ...] | None:
        """The list behind an inputs digest, when it is still here."""


class StateStore(StateReader, Protocol):
    """Where the state is kept."""

    def lock(self, operation: str, *, timeout: float = 0.0) -> AbstractContextManager[None]:
        """Hold the state for one operation, waiting up to `timeout` seconds for it.

        Raises Conflict naming the holder.
        """

    def save(self, state: State) -> None:
        """Keep `state`: either wholly or not at all. Raises EnvdplanError."""

    def keep_inputs(self, digest: str, inputs: Iterable[Input]) -> None:
        """Keep the list behind an inputs digest, so that the next plan can say why."""


class Clock(Protocol):
    """Time as an argument, so that tests can fake it."""

    def now(self) -> str:
        """The time, RFC 3339 in UTC."""

    def monotonic(self) -> float:
        """Seconds from an arbitrary start."""


Readers = Callable[[str], Reader]
"""The reader of a kind by its name."""
Writers = Callable[[str], Writer]
"""The writer of a kind by its name."""
