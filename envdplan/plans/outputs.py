"""Outputs of a plan: their values after apply, and which of them are new."""

from collections.abc import Mapping
from dataclasses import replace

from envdplan.plans.plan import Plan
from envdplan.states.desired import DesiredState, Known
from envdplan.states.recorded import State
from envdplan.values import Value, redact


def with_outputs(plan: Plan, desired: DesiredState, known: Known, state: State) -> Plan:
    """`plan` with the outputs of `desired`, as far as `known` tells."""
    values = {
        name: one.value if one.resolve is None else one.resolve(known)
        for name, one in desired.outputs.items()
    }
    lost = not state.records and not any(one.action.is_change for one in plan.changes)
    # where the state was lost but nothing else, its outputs are no news either
    changes = () if lost and values else _changes(values, state.outputs)
    return replace(plan, outputs=values, output_changes=changes)


def _changes(now: Mapping[str, Value], before: Mapping[str, Value]) -> tuple[str, ...]:
    """Values are compared without what is secret: the state does not hold it."""
    names = sorted({*now, *before})
    return tuple(
        name
        for name in names
        if (name in now) != (name in before) or redact(now[name]) != redact(before[name])
    )
