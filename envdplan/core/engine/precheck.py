"""All or nothing: what would fail for being other than planned stops a plan before it begins."""

import threading
from dataclasses import replace

from envdplan.core.engine.protocols import Checker, Writers
from envdplan.core.plan.changes import Change
from envdplan.core.plan.plan import Plan
from envdplan.core.plan.promise import check_promise
from envdplan.core.plan.resolve import resolve
from envdplan.core.state.desired import DesiredState, Known, Resource
from envdplan.core.state.ignoring import let_be
from envdplan.ground.diagnostics import Conflict
from envdplan.ground.together import together


def precheck(
    plan: Plan,
    desired: DesiredState,
    writers: Writers,
    parallelism: int,
    cancel: threading.Event | None = None,
) -> None:
    """Look at all changes of `plan`; do nothing. Raises EnvdplanError: the first in its order,
    or Interrupted once `cancel` is set.

    Each is looked at again right before it is done, when more is known.
    """
    known = {one.address: one.after for one in plan.changes if one.after is not None}
    wanted = [_resolved(one, desired, known) for one in plan.to_apply if one.action.is_change]
    asked = [one for one in wanted if isinstance(writers(one.address.kind.value), Checker)]
    together(lambda change: _ask(change, writers), asked, parallelism, "check", cancel)


def _ask(change: Change, writers: Writers) -> None:
    writer = writers(change.address.kind.value)
    if isinstance(writer, Checker):
        writer.check(change)


def _resolved(change: Change, desired: DesiredState, known: Known) -> Change:
    """`change` with the values of now, such as those of secrets. Raises Conflict."""
    if change.after is None:
        return change
    resource = resource_of(change, desired)
    found = let_be(resolve(resource, known), resource.lifecycle.ignored, change.after)
    return replace(change, after=check_promise(change, found, early=True))


def resource_of(change: Change, desired: DesiredState) -> Resource:
    """What the configuration says. Raises Conflict when it says nothing."""
    resource = desired.resources.get(change.address)
    if resource is None:
        raise Conflict(
            "Plan does not fit the configuration",
            f"{change.address} is in the plan but no longer in the configuration. Plan again.",
        )
    return resource
