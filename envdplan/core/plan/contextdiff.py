"""What a plan says of a context beside its differences: who chose another one meanwhile."""

from envdplan.core.plan.world import Diff, World
from envdplan.core.state.desired import Resource
from envdplan.core.state.observed import Present
from envdplan.ground.addresses import Kind


def warn_of_rival(outcome: Diff, world: World, resource: Resource, live: Present) -> None:
    """Warn when it was the current context after the last apply, and somebody chose another."""
    record = world.state.records.get(resource.address)
    was_current = record is not None and record.attributes.get("use") is True
    wanted = resource.attributes.get("use") is True
    if resource.address.kind is not Kind.CONTEXT or not (was_current and wanted and live.rival):
        return
    rival = f'"{live.rival}"'
    outcome.diagnostics.warn(
        "Current context was changed by others",
        f"After the last apply {resource.address} was the current context; now it is {rival}. "
        "Apply changes it back. There is one current context for all projects of a user: where "
        f"another project says use = true for {rival}, the two undo each other at every apply. "
        "Keep use = true in one of them, and name the context in builds of the others "
        f"(context = {rival}).",
        resource.range,
        str(resource.address),
    )
