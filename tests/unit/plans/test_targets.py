"""What a plan is about: -target, groups, modules and -replace."""

import pytest

from envdplan.app.workflow import make_plan
from envdplan.core.plan.changes import Action
from envdplan.core.plan.options import PlanOptions
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import EnvdplanError
from tests.unit.plans.worlds import World, actions, desired

TCP = '\n  builder = "tcp"\n  builder_address = "10.0.0.1:1"\n'
SOME = f"""
variable "names" {{ default = [] }}
context "kept" {{ {TCP} }}
context "c" {{
  for_each = toset(var.names)
  {TCP}
}}
module "m" {{ source = "./m" }}
group "none" {{ members = [context.c] }}
group "kept" {{ members = [context.kept] }}
"""
EMPTY_MODULE = f"""
context "c" {{
  for_each = toset([])
  {TCP}
}}
"""


@pytest.mark.parametrize("name", ["group.none", "module.m"])
@pytest.mark.parametrize("destroy", [False, True])
def test_a_name_that_stands_for_nothing_means_nothing(name: str, destroy: bool) -> None:
    wanted = desired(SOME, m=EMPTY_MODULE)
    world = World()
    world.apply(wanted, PlanOptions(names=("group.kept",)))
    assert world.plan(wanted, PlanOptions(names=(name,), destroy=destroy)).changes == ()


def test_a_block_without_resources_is_known_and_means_nothing() -> None:
    wanted = desired(SOME, m=EMPTY_MODULE)
    options = PlanOptions(targets=(Address.parse("context.c"),))
    assert World().plan(wanted, options).changes == ()
    with pytest.raises(EnvdplanError, match="Unknown resource"):
        World().plan(wanted, PlanOptions(targets=(Address.parse('context.c["k"]'),)))


DEFAULT = f"""
context "a" {{ {TCP} }}
context "z" {{ {TCP} }}
group "default" {{ members = [context.a] }}
"""


def test_replace_is_planned_beside_the_default_group() -> None:
    wanted = desired(DEFAULT)
    world = World()
    everything = PlanOptions(targets=(Address.parse("context.a"), Address.parse("context.z")))
    world.apply(wanted, everything)
    assert actions(world.plan(wanted)) == {}
    found = world.plan(wanted, PlanOptions(replace=(Address.parse("context.z"),)))
    assert actions(found) == {"context.z": Action.REPLACE}


BUILDS = """
context "k" {
  builder         = "moby-worker"
}
build "a" {
  context = context.k
  path    = "/p/a"
  load    = true
  tags    = ["a:1"]
}
build "b" {
  context = context.k
  path    = "/p/b"
  tags    = ["b:1"]
}
group "default" { members = [build.a] }
"""


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (PlanOptions(), []),
        (PlanOptions(targets=(Address.parse("build.a"),)), []),
        (PlanOptions(targets=(Address.parse("build.b"),)), ["build.b"]),
        (PlanOptions(names=("group.default",)), []),
    ],
)
def test_nothing_is_said_of_what_a_plan_is_not_about(options: PlanOptions, told: list[str]) -> None:
    """Nobody looked at the other build, and nothing is done to it."""
    world = World()
    plan = make_plan(desired(BUILDS), world.state, lambda _: world, world.catalog, options)
    assert [(one.summary, one.address) for one in plan[1]] == [
        ("Build result is discarded", address) for address in told
    ]
