"""What a plan is made from, and what comes out of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envdplan.core.plan.changes import Change, Drift
from envdplan.core.plan.options import PlanOptions
from envdplan.core.state.desired import DesiredState, Resource
from envdplan.core.state.observed import Cause, ObservedState
from envdplan.core.state.recorded import Record, State
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.schema import Catalog
from envdplan.ground.values import Attributes


@dataclass(slots=True)
class Diff:
    """The outcome: changes in no order yet, drift, and what the user has to know."""

    changes: dict[Address, Change] = field(default_factory=dict)
    drift: list[Drift] = field(default_factory=list)
    diagnostics: Diagnostics = field(default_factory=Diagnostics)
    notes: list[tuple[Cause, Resource]] = field(default_factory=list)
    """What was found to be wrong around resources, though it changes nothing."""
    known: dict[Address, Attributes] = field(default_factory=dict)
    """Attributes of every desired resource after apply, as far as they are known now."""


@dataclass(frozen=True, slots=True)
class World:
    """What a plan is made from."""

    desired: DesiredState
    state: State
    observed: ObservedState
    catalog: Catalog
    options: PlanOptions
    only: frozenset[Address] | None
    """What the plan is about; None means all."""
    heirs: Mapping[tuple[object, ...], Record]
    """Records without a block, by what they are in the world: a renamed block inherits one."""
