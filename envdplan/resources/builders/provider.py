"""Builders: finds the driver of their type and hands over."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Event as Flag

from envdplan.core.engine.protocols import Reporter
from envdplan.core.plan.changes import Action, Change
from envdplan.core.state.desired import Resource
from envdplan.core.state.observed import Observation
from envdplan.core.state.observed import Unreachable as NotSeen
from envdplan.core.state.recorded import Record
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.values import Attributes
from envdplan.resources.builders import driver
from envdplan.resources.builders.base import Lifecycle, Surroundings
from envdplan.resources.builders.ownership import Claim


class Lifecycles:
    """The lifecycle of each driver, made when it is first needed."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._made: dict[str, Lifecycle] = {}

    def __call__(self, type: str) -> Lifecycle:
        """The lifecycle of a builder type. Raises EnvdplanError for an unknown one."""
        if type not in self._made:
            found = driver(type)
            if found is None:
                raise EnvdplanError(
                    "Unknown builder type",
                    f'The state holds a builder of type "{type}", which this version of envdplan '
                    "does not know. Use the version that made it.",
                )
            self._made[type] = found.lifecycle(self._surroundings)
        return self._made[type]


@dataclass(slots=True)
class BuilderReader:
    """Looks at live builders."""

    lifecycles: Callable[[str], Lifecycle]
    concurrent: bool = field(default=True, init=False)

    def read(
        self, resource: Resource | None, attributes: Attributes, record: Record | None
    ) -> Observation:
        """What is live."""
        known = resource or record
        assert known is not None  # noqa: S101  one of the two is why it is looked at
        try:
            return self.lifecycles(known.type).read(known.address, attributes)
        except EnvdplanError as error:
            return NotSeen.of(error)


@dataclass(slots=True)
class BuilderWriter:
    """Creates, updates and removes builders."""

    lifecycles: Callable[[str], Lifecycle]
    quick: bool = field(default=False, init=False)

    def write(self, change: Change, report: Reporter, cancel: Flag) -> Attributes | None:
        """Do `change`; the builder's attributes as they are then."""
        lifecycle = self.lifecycles(change.type)
        claim = Claim(change.address, frozenset(change.adopted))
        before, after = change.before, change.after
        match change.action:
            case Action.CREATE if after is not None:
                return lifecycle.create(claim, after, report, cancel)
            case Action.UPDATE if before is not None and after is not None:
                return lifecycle.update(claim, before, after, report, cancel)
            case Action.REPLACE if after is not None:
                former = self.lifecycles(change.before_type or change.type)
                former.delete(claim, before or {}, report, cancel)
                return lifecycle.create(claim, after, report, cancel)
            case Action.DELETE:
                former = self.lifecycles(change.before_type or change.type)
                former.delete(claim, before or {}, report, cancel)
        return None
