"""A mark or a consent decides what may be changed; a name and a record are not enough."""

from dataclasses import replace

import pytest

from envdplan.app.workflow import make_plan
from envdplan.core.engine.adopt import adopted
from envdplan.core.plan import planfile
from envdplan.core.plan.changes import Action, Change
from envdplan.core.plan.options import PlanOptions
from envdplan.core.plan.planfile import PlanFile
from envdplan.core.state import statefile
from envdplan.core.state.desired import DesiredState
from envdplan.core.state.observed import Stranger
from envdplan.core.state.recorded import State
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Rejected
from tests.unit.plans.worlds import World, actions, desired, reasons

BUILDER = Address.parse("builder.b")
THEIRS = Stranger("f00")
LOST = Stranger("f01", "a-lineage-that-is-lost")


def box(memory: str = "1g", more: str = "") -> DesiredState:
    block = f'type = "docker-container"\n name = "box"\n memory = "{memory}"\n'
    return desired(f'builder "b" {{\n{block}}}\n{more}')


def taken() -> World:
    """Ours was made and recorded; somebody else's has its name by now."""
    world = World()
    world.apply(box())
    world.strangers = (THEIRS,)
    return world


def change(world: World, wanted: DesiredState) -> Change:
    (found,) = world.plan(wanted).changes
    return found


@pytest.mark.parametrize(
    ("wanted", "options"),
    [(box("2g"), PlanOptions()), (box(), PlanOptions(replace=(BUILDER,)))],
)
def test_a_record_is_no_right_to_what_has_its_name(
    wanted: DesiredState, options: PlanOptions
) -> None:
    with pytest.raises(Rejected, match="carries no mark of this state") as caught:
        taken().plan(wanted, options)
    assert "envdplan import builder.b" in str(caught.value)


def test_replace_is_no_right_to_what_was_never_recorded() -> None:
    world = taken()
    world.state = State.new()
    with pytest.raises(Rejected, match="is not in the state"):
        world.plan(box(), PlanOptions(replace=(BUILDER,)))


def test_what_is_as_wanted_is_used_and_left_alone() -> None:
    assert actions(taken().plan(box())) == {}


@pytest.mark.parametrize("destroy", [True, False])
def test_what_is_somebody_elses_is_forgotten_and_never_destroyed(destroy: bool) -> None:
    wanted = box() if destroy else DesiredState()
    plan = taken().plan(wanted, PlanOptions(destroy=destroy))
    assert actions(plan) == {"builder.b": Action.FORGET}
    assert reasons(plan, "builder.b") == (
        "what has its name now is somebody else's, and stays as it is",
    )


def test_an_import_takes_over_the_very_thing_that_it_saw() -> None:
    world = taken()
    world.state = adopted(box().resources[BUILDER], world.state, lambda _: world)
    assert world.state.records[BUILDER].adopted == (THEIRS,)
    assert change(world, box("2g")).action is Action.UPDATE
    assert change(world, DesiredState()).action is Action.DELETE
    world.strangers = (Stranger("f02"),)  # another one took its place
    with pytest.raises(Rejected):
        world.plan(box("2g"))


def test_an_import_block_takes_over_too_and_the_change_knows_it() -> None:
    block = "import { to = builder.b }"
    world = taken()
    world.state = State.new()
    found = change(world, box("2g", block))
    assert (found.action, found.adopted) == (Action.UPDATE, (THEIRS,))
    world.apply(box(more=block))
    assert world.state.records[BUILDER].adopted == (THEIRS,)
    world.strangers = (Stranger("f02"),)  # a block that was left there says nothing of this one
    with pytest.raises(Rejected):
        world.plan(box("2g", block))


def test_a_change_of_type_looks_whose_the_former_thing_is() -> None:
    world = taken()
    wanted = desired('builder "b" {\n type = "podman-container"\n name = "box"\n}')
    with pytest.raises(Rejected, match="carries no mark of this state"):
        world.plan(wanted)
    world.strangers = ()
    assert change(world, wanted).action is Action.REPLACE


def test_what_a_lost_state_made_is_taken_over_for_good() -> None:
    world = taken()
    world.state, world.ours, world.strangers = State.new(), True, (LOST,)
    assert change(world, box()).action is Action.ADOPT
    world.apply(box())
    world.ours = False  # the state has a history again, and another lineage
    assert change(world, box("2g")).action is Action.UPDATE


def test_a_state_and_a_plan_keep_what_was_taken_over() -> None:
    world = taken()
    world.state = adopted(box().resources[BUILDER], world.state, lambda _: world)
    state = statefile.decode(statefile.encode(world.state), "state", "")
    assert state.records[BUILDER].adopted == (THEIRS,)
    plan = world.plan(box("2g"))
    saved = planfile.decode(planfile.encode(PlanFile(plan, ())), "plan")
    assert saved.plan.changes[0].adopted == (THEIRS,)


def test_a_state_without_takeovers_is_written_as_before() -> None:
    world = World()
    world.apply(box())
    assert b"adopted" not in statefile.encode(world.state)
    record = world.state.records[BUILDER]
    assert replace(record, adopted=()) == record


@pytest.mark.parametrize(
    ("wanted", "options"),
    [(box("2g"), PlanOptions()), (box(), PlanOptions(replace=(BUILDER,)))],
)
def test_a_change_of_what_another_state_made_is_told(
    wanted: DesiredState, options: PlanOptions
) -> None:
    """Two projects with the same names look like one whose state is lost."""
    world = taken()
    world.state, world.ours, world.strangers = State.new(), True, (LOST,)
    plan, told = make_plan(wanted, world.state, lambda _: world, world.catalog, options)
    assert plan.changes[0].action in (Action.UPDATE, Action.REPLACE)
    assert [(one.summary, one.address) for one in told] == [
        ("Builder was made from another state", "builder.b")
    ]
    world.apply(box())  # taken over for good: no longer said
    _, told = make_plan(wanted, world.state, lambda _: world, world.catalog, options)
    assert [*told] == []


def test_taking_over_what_another_state_made_is_a_reason() -> None:
    world = taken()
    world.state, world.ours, world.strangers = State.new(), True, (LOST,)
    assert reasons(world.plan(box()), "builder.b") == (
        "it is as wanted; another state made it, and this one takes it over",
    )
