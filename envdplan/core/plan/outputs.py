"""Outputs of a plan: their values after apply, and which of them are new."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial

from envdplan.core.plan.plan import Plan
from envdplan.core.plan.untold import REMEDY, waits_in_vain, without_image
from envdplan.core.state.desired import DesiredState, Known
from envdplan.core.state.recorded import State
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.values import Unknown, Value, is_known, redact, walk


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


def never_known(plan: Plan, desired: DesiredState, known: Known) -> Diagnostics:
    """Warnings of outputs that will have no value, whatever is applied."""
    found = Diagnostics()
    builds = without_image(known, known)
    for name, one in desired.outputs.items():
        resolve = one.resolve
        if resolve is None or is_known(plan.outputs.get(name)):
            continue

        if (reason := waits_in_vain(partial(_gaps, resolve), known, builds)) is not None:
            what = f'Output "{name}" is made from the image of {reason[1]}, which is not pushed'
            found.warn("Output will have no value", f"{what}. {REMEDY}.")
    return found


def _gaps(resolve: Callable[[Known], Value], known: Known) -> Iterator[str]:
    """Where in the value something is not known."""
    return (str(path) for path, part in walk(resolve(known)) if isinstance(part, Unknown))


def _changes(now: Mapping[str, Value], before: Mapping[str, Value]) -> tuple[str, ...]:
    """Values are compared without what is secret: the state does not hold it."""
    names = sorted({*now, *before})
    return tuple(
        name
        for name in names
        if (name in now) != (name in before) or redact(now[name]) != redact(before[name])
    )
