"""The vocabulary in the middle: what compare decides, views print, and apply executes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from envdplan.core.plan.reasons import Code, Reason
from envdplan.core.state.observed import Cause, Input, Stranger
from envdplan.core.state.seals import Seal
from envdplan.ground.addresses import Address
from envdplan.ground.values import AttributePath, Attributes, Value


class Action(StrEnum):
    """What happens to a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    FORGET = "forget"
    """It is gone already (or never ours): only the record goes."""
    ADOPT = "adopt"
    """It is there and as wanted, but not recorded: only the record comes."""
    NOOP = "no-op"
    DEFER = "defer"
    """Nobody can tell what to do now; `reasons` says why."""

    @property
    def symbol(self) -> str:
        """Terraform's sign for it."""
        return _SYMBOLS[self]

    @property
    def is_change(self) -> bool:
        """Whether it touches the real thing."""
        return self in _CHANGES


_SYMBOLS: Mapping[Action, str] = {
    Action.CREATE: "+",
    Action.UPDATE: "~",
    Action.REPLACE: "-/+",
    Action.DELETE: "-",
    Action.FORGET: ".",
    Action.ADOPT: ".",
    Action.NOOP: " ",
    Action.DEFER: "?",
}
_CHANGES = frozenset({Action.CREATE, Action.UPDATE, Action.REPLACE, Action.DELETE})


class Work(StrEnum):
    """What a change of a build takes; decided by the plan, done by apply as it says."""

    BUILD = "build"
    PUSH = "push"
    RETAG = "retag"


@dataclass(frozen=True, slots=True)
class Difference:
    """One attribute: as it is and as it will be. Nested attributes have a longer path."""

    path: AttributePath
    before: Value
    after: Value
    forces_replacement: bool = False


@dataclass(frozen=True, slots=True)
class Change:
    """One resource's row of the plan."""

    address: Address
    type: str
    action: Action
    before: Attributes | None = None
    """As observed; None when there is nothing."""
    after: Attributes | None = None
    """As desired, with UNKNOWN where known after apply; None for delete and forget."""
    before_type: str | None = None
    """The builder type of what is there, where it is another one."""
    differences: tuple[Difference, ...] = ()
    reasons: tuple[Reason, ...] = ()
    """Why: every change that runs has at least one. `why` has those that go without saying too."""
    depends_on: tuple[Address, ...] = ()
    """Edges of the resource; for a delete those recorded with it."""
    work: tuple[Work, ...] = ()
    inputs: tuple[Input, ...] | None = None
    """The inputs of a build as planned; apply refuses when they are others by then."""
    anew: bool = False
    """For builds: no step is taken from the builder's cache, which cannot tell the difference."""
    source: str | None = None
    """For retags: digest of the image that the tags will point to."""
    tags: tuple[str, ...] = ()
    """For retags: the tags to be set."""
    prevent_destroy: bool = False
    cause: Cause | None = None
    """Of what is deferred: why nobody can tell. One cause is told once for all that it hinders."""
    warned: tuple[str, ...] = ()
    """What the plan warned of, and what is told again if the change fails."""
    kept: tuple[tuple[str, Cause], ...] = ()
    """What could not be found out though it hinders nothing: image names, and why."""
    adopted: tuple[Stranger, ...] = ()
    """What others made and may be changed all the same; kept in the record."""
    seal: Seal | None = None
    """Of a saved plan: what is kept of a build's sensitive inputs, whose values are given again."""

    @property
    def why(self) -> tuple[Reason, ...]:
        """All reasons: what is only recorded may have none but that the state lacks it."""
        if self.reasons or self.action is not Action.ADOPT:
            return self.reasons
        return (Reason(Code.UNRECORDED if self.before is None else Code.RECORD_STALE),)

    @property
    def needs_apply(self) -> bool:
        """Whether apply has anything to do for it, if only to record."""
        return self.action.is_change or self.action in (Action.FORGET, Action.ADOPT)


@dataclass(frozen=True, slots=True)
class Drift:
    """A resource that was changed outside of envdplan since it was recorded."""

    address: Address
    differences: tuple[Difference, ...] = field(default=())
    gone: bool = False
