"""What every view shows."""

from collections.abc import Callable
from typing import Protocol, TypeAlias

from envdplan.core.engine.events import Event
from envdplan.core.plan.plan import Plan
from envdplan.core.state.desired import DesiredState
from envdplan.core.state.recorded import State
from envdplan.ground.attributes import Hidden
from envdplan.ground.diagnostics import Diagnostics, EnvdplanError
from envdplan.ground.values import Value
from envdplan.modules.events import ModuleEvent

HiddenNames: TypeAlias = Callable[[Hidden], frozenset[str]]
"""The attributes that are not shown: `Catalog.hidden`, asked only when there is one to show."""


class View(Protocol):
    """How things look; decides nothing. Results go to stdout, everything else to stderr."""

    def diagnostics(self, diagnostics: Diagnostics) -> None:
        """Warnings and errors with their places."""

    def validation(self, diagnostics: Diagnostics, resources: int) -> None:
        """What a check of the configuration found, and how many resources it has."""

    def error(self, error: EnvdplanError) -> None:
        """What ended the command."""

    def plan(self, plan: Plan) -> None:
        """Drift, changes and outputs, and the summary line."""

    def plan_in_brief(self, plan: Plan) -> None:
        """The summary line alone, of a plan that was shown before."""

    def event(self, event: Event) -> None:
        """One event of an apply."""

    def state(self, state: State) -> None:
        """All that is recorded."""

    def configuration(self, desired: DesiredState) -> None:
        """All that the configuration resolves to, always in the same order."""

    def outputs(self, outputs: dict[str, Value], sensitive: frozenset[str]) -> None:
        """Values of outputs; those that are sensitive by name only."""

    def module(self, event: ModuleEvent) -> None:
        """What became of one module."""

    def message(self, text: str) -> None:
        """A sentence to the user."""

    def close(self) -> None:
        """Ends live displays; called once, on success and on failure."""
