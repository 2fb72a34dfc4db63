"""What goes, why, and what is protected from it."""

import pytest

from envdplan.core.plan.changes import Action
from envdplan.core.plan.options import PlanOptions
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Rejected
from tests.unit.plans.worlds import World, actions, desired, reasons

CONFIG = """
builder "box" {
  type = "docker-container"
}
context "c" {
  builder = builder.box
  lifecycle { prevent_destroy = PROTECTED }
}
build "i" {
  context = context.c
  tags    = ["i:1"]
}
"""
OPEN, PROTECTED = (CONFIG.replace("PROTECTED", one) for one in ("false", "true"))
DESTROY = PlanOptions(destroy=True)


def test_a_destroy_says_why_of_each() -> None:
    world, wanted = World(), desired(OPEN)
    world.apply(wanted)
    plan = world.plan(wanted, DESTROY)
    assert reasons(plan, "builder.box") == ("everything is to be destroyed",)
    images = "its images stay where they are"
    assert reasons(plan, "build.i") == (f"everything is to be destroyed; {images}",)
    one = PlanOptions(destroy=True, targets=(Address.parse("builder.box"),))
    plan = world.plan(wanted, one)
    assert reasons(plan, "builder.box") == ("it is to be destroyed by -target",)
    assert reasons(plan, "context.c") == ("builder.box, which it needs, is to be destroyed",)
    assert reasons(plan, "build.i")[0].startswith("context.c, which it needs, is to be destroyed")
    gone = world.plan(desired(""))
    told = f"it is no longer in the configuration; {images}"
    assert reasons(gone, "build.i") == (told,)


def test_a_change_of_the_protection_alone_is_recorded() -> None:
    world = World()
    world.apply(desired(OPEN))
    plan = world.apply(desired(PROTECTED))
    assert actions(plan) == {"context.c": Action.ADOPT}
    assert reasons(plan, "context.c") == ("it is now protected by prevent_destroy",)
    assert world.state.records[Address.parse("context.c")].prevent_destroy
    with pytest.raises(Rejected, match="Instance cannot be destroyed"):
        world.plan(desired(""))
    plan = world.apply(desired(OPEN))
    assert reasons(plan, "context.c") == ("it is no longer protected by prevent_destroy",)
    assert actions(world.plan(desired(OPEN))) == {}


def test_a_destroy_takes_the_protection_from_the_block_that_is_there() -> None:
    world = World()
    world.apply(desired(OPEN))
    with pytest.raises(Rejected, match="Instance cannot be destroyed"):
        world.plan(desired(PROTECTED), DESTROY)
    world.apply(desired(PROTECTED))
    assert world.plan(desired(OPEN), DESTROY).counts().destroy == 2


def test_what_a_removed_block_keeps_survives_a_destroy() -> None:
    world = World()
    world.apply(desired(OPEN))
    kept = desired("removed {\n from = context.c\n destroy = false\n}")
    assert actions(world.plan(kept, DESTROY))["context.c"] is Action.FORGET


def test_what_others_made_is_forgotten_and_counts_as_nothing_destroyed() -> None:
    world = World()
    wanted = desired(
        """
        builder "far" {
          type    = "tcp"
          address = "10.0.0.1:1"
        }
        builder "pod" {
          type = "kube-pod"
          mode = "attach"
          pod  = "p"
        }
        builder "box" { type = "docker-container" }
        """
    )
    world.apply(wanted)
    plan = world.plan(wanted, DESTROY)
    assert actions(plan) == {
        "builder.far": Action.FORGET,
        "builder.pod": Action.FORGET,
        "builder.box": Action.DELETE,
    }
    assert "it stays as it is, because envdplan did not make it" in reasons(plan, "builder.far")[0]
    assert plan.counts().destroy == 1
