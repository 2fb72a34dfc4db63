"""What of the live things may be changed: a mark, or a consent; a name and a record are not enough.

Somebody else's container may have the name of a builder, also of one that is recorded: ours is
gone then, and theirs came after it.
"""

from envdplan.core.plan.changes import Change, Difference
from envdplan.core.plan.compare import identity
from envdplan.core.plan.world import Diff, World
from envdplan.core.state.observed import Present, Stranger
from envdplan.core.state.recorded import Record


def adopted(world: World, base: Change, live: Present) -> tuple[Stranger, ...]:
    """What others made and was taken over, or is by this plan.

    An import block says so of what is not recorded yet; and what carries the mark of this very
    address is ours although its state is lost.
    """
    record = _record(world, base)
    known = {*record.adopted} if record else set()
    if live.ours or (record is None and base.address in world.desired.imports):
        known |= {*live.strangers}
    return tuple(sorted(known))


def strangers(live: Present, adopted: tuple[Stranger, ...]) -> tuple[Stranger, ...]:
    """What of it is somebody else's."""
    return tuple(one for one in live.strangers if one not in adopted)


def is_ours(world: World, base: Change, live: Present) -> bool:
    """Whether it may be changed; `base` has what was taken over."""
    recorded = base.address in world.state.pending or _record(world, base) is not None
    wanted = base.address in world.desired.imports
    return (recorded or live.ours or wanted) and not strangers(live, base.adopted)


def warn_of_former(
    outcome: Diff, world: World, base: Change, live: Present, *, changes: bool
) -> None:
    """Another state made it: that one may be lost, or be that of a project with the same names."""
    known = _record(world, base) is not None or base.address in world.desired.imports
    if known or not live.ours or not live.strangers or not changes:
        return
    outcome.diagnostics.warn(
        "Builder was made from another state",
        f"{base.address} exists already, and another state than this one made it. Apply takes "
        "it over: it changes it, and a later destroy removes it. That is right if that state "
        "is lost. If another project declares it too, the two would undo each other: give the "
        "builder a name of its own (`name`, or another name of the block).",
        world.desired.resources[base.address].range,
        str(base.address),
    )


def refuse(outcome: Diff, world: World, base: Change, found: tuple[Difference, ...]) -> None:
    """Say why a thing of others is left alone, and what the user can do."""
    known = base.address in world.state.records
    outcome.diagnostics.error(
        "Already exists, not managed by envdplan",
        _recorded_detail(base) if known else _detail(base, found),
        world.desired.resources[base.address].range,
        str(base.address),
    )


def _detail(base: Change, found: tuple[Difference, ...]) -> str:
    names = ", ".join(".".join(map(str, one.path)) for one in found)
    how = f" with another configuration (it differs in: {names})" if names else ""
    return (
        f"{base.address} exists already{how} and is not in the state. Changing it could break what "
        f"others use. Adopt it with `envdplan import {base.address}`, make the configuration match "
        "it, or give it another name."
    )


def _recorded_detail(base: Change) -> str:
    return (
        f"{base.address} is in the state, but what has its name now carries no mark of this state: "
        "somebody else made it. Changing it could break what others use. Remove or rename it, and "
        f"apply makes {base.address} again; or take it over with `envdplan import {base.address}`."
    )


def _record(world: World, base: Change) -> Record | None:
    """Its record, or that of a removed block whose thing it takes over."""
    heir = identity(world.catalog, base.address, base.type, base.after or {})
    return world.state.records.get(base.address) or world.heirs.get(heir)
