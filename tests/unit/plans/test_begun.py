"""What a failed or killed apply began: it is no record yet, and nobody else's doing."""

from envdplan.core.plan.changes import Action
from envdplan.core.plan.options import PlanOptions
from tests.unit.plans.worlds import World, actions, desired, reasons

CONTEXT = """
context "c" {
  builder         = "tcp"
  builder_address = "10.0.0.1:1"
}
"""
BUILD = """
build "b" {
  tags = ["b:1"]
  args = { A = "1" }
  lifecycle { ignore_changes = [tags, args] }
}
"""


def test_a_creation_that_failed_is_a_creation_again_and_no_drift() -> None:
    world, wanted = World(), desired(CONTEXT + BUILD)
    world.begin(wanted)
    plan = world.plan(wanted)
    assert plan.drift == ()
    assert actions(plan) == {"context.c": Action.CREATE, "build.b": Action.CREATE}
    assert reasons(plan, "build.b") == ("it was never built",)
    assert (plan.counts().add, plan.counts().change) == (2, 0)


def test_what_a_build_ignores_is_wanted_until_it_was_built() -> None:
    world, wanted = World(), desired(BUILD)
    world.begin(wanted)
    (change,) = world.plan(wanted).changes
    assert change.after is not None
    assert (change.after["tags"], change.after["args"]) == (("b:1",), {"A": "1"})


def test_nothing_came_of_it_and_nobody_wants_it_any_more() -> None:
    world = World()
    world.begin(desired(CONTEXT))
    told = ("its creation was begun, and nothing came of it",)
    assert reasons(world.plan(desired("")), "context.c") == told
    refreshed = world.plan(desired(CONTEXT), PlanOptions(refresh_only=True))
    assert actions(refreshed) == {"context.c": Action.FORGET}
    assert reasons(refreshed, "context.c") == told


def test_what_was_begun_is_looked_for_where_it_was_to_be() -> None:
    pod = """
    builder "pod" {
      type         = "kube-pod"
      namespace    = "team"
      kube_context = "far"
    }
    """
    world = World()
    world.begin(desired(pod))
    world.plan(desired(""))
    assert (world.asked[-1]["namespace"], world.asked[-1]["kube_context"]) == ("team", "far")
