"""What apply tells while it works: a closed list. Views end the flow of these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from envdplan.core.plan.changes import Change
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.values import Attributes, Value


@dataclass(frozen=True, slots=True)
class Started:
    """A change began; its pending operation is saved."""

    change: Change


@dataclass(frozen=True, slots=True)
class Progressed:
    """A step of a running change, in words or as data (`detail`: BuildKit's own progress)."""

    address: Address
    message: str = ""
    detail: object | None = None


@dataclass(frozen=True, slots=True)
class Succeeded:
    """A change is done and saved. `attributes` are None when the resource is gone."""

    change: Change
    attributes: Attributes | None
    seconds: float = 0.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """A change failed; what it leaves behind is recorded as pending."""

    change: Change
    summary: str
    detail: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Skipped:
    """A change was not begun: `because` names what it waited for, or that the user stopped."""

    change: Change
    because: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event: what became of it all, and the outputs as saved."""

    added: int
    changed: int
    destroyed: int
    failed: int
    skipped: int
    outputs: Mapping[str, Value] = field(default_factory=dict)
    problems: Diagnostics = field(default_factory=Diagnostics)
    """Outputs that have no value, and why."""
    deferred: int = 0
    """What the plan could not decide, so that nothing was done for it."""

    @property
    def is_complete(self) -> bool:
        """Whether all is done that the configuration asks for."""
        return not (self.failed or self.skipped or self.deferred)


Event: TypeAlias = Started | Progressed | Succeeded | Failed | Skipped | Finished
