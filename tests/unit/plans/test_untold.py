"""What refers to the image of a build that is not pushed: told by the plan, not by the apply."""

import pytest

from envdplan.app.workflow import make_plan
from envdplan.core.plan.changes import Action, Change
from envdplan.core.plan.options import PlanOptions
from envdplan.core.plan.promise import check_known
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Diagnostics, EnvdplanError, Rejected
from envdplan.ground.values import UNKNOWN
from tests.unit.plans.worlds import World, desired

BUILDS = """
context "k" { builder = "moby-worker" }
build "a" {
  context = context.k
  path    = "/p/a"
  tags    = ["r:1/a:1"]
  PUSH    = true
}
build "b" {
  context = context.k
  path    = "/p/b"
  tags    = ["r:1/b:1"]
  push    = true
  ARGS
}
"""


def told(push: str, args: str, more: str = "", *targets: str) -> Diagnostics:
    text = BUILDS.replace("PUSH", push).replace("ARGS", args) + more
    world = World()
    options = PlanOptions(targets=tuple(map(Address.parse, targets)))
    return make_plan(desired(text), world.state, lambda _: world, world.catalog, options)[1]


@pytest.mark.parametrize(
    ("args", "name"),
    [
        ("args = { A = build.a.image }", "args.A"),
        ('args = { A = build.a.digest, Z = "x-${split("@", build.a.image)[1]}" }', "args.Z"),
        ('labels = { l = coalesce(build.a.image, "none") }', "labels.l"),
        ('contexts = { base = "docker-image://${build.a.image}" }', "contexts.base"),
    ],
)  # fmt: skip
def test_a_build_that_could_never_run_is_refused(args: str, name: str) -> None:
    with pytest.raises(Rejected) as caught:
        told("load", args)
    (found,) = caught.value.diagnostics
    assert (found.summary, found.address) == ("Image of a build that is not pushed", "build.b")
    assert found.detail.startswith(f"{name} is made from the image of build.a, which is not")


@pytest.mark.parametrize(
    ("push", "args"),
    [
        ("push", "args = { A = build.a.image }"),
        ("load", "args = { A = build.a.digest }"),
        ("load", "depends_on = [build.a]"),
    ],
)
def test_what_will_be_known_is_no_mistake(push: str, args: str) -> None:
    assert [*told(push, args)] == []


def test_a_builder_that_could_never_be_made_is_refused() -> None:
    builder = 'builder "made" {\n type = "docker-container"\n image = build.a.image\n}'
    with pytest.raises(Rejected) as caught:
        told("load", "", builder)
    (found,) = caught.value.diagnostics
    assert (found.summary, found.address) == ("Image of a build that is not pushed", "builder.made")
    assert found.detail.startswith("image is made from the image of build.a")
    assert [*told("push", "", builder)] == []


def test_a_plan_about_others_is_not_refused() -> None:
    assert [*told("load", "args = { A = build.a.image }", "", "build.a")] == []


@pytest.mark.parametrize(
    ("value", "vain"),
    [
        ("build.a.image", True),
        ("[build.b.image, build.a.image]", True),
        ("build.b.image", False),
        ("build.a.image_id", False),
    ],
)
def test_an_output_that_will_have_no_value_is_told(value: str, vain: bool) -> None:
    found = [*told("load", "", f'output "o" {{ value = {value} }}')]
    assert [one.summary for one in found] == ["Output will have no value"] * vain
    assert all('"o" is made from the image of build.a' in one.detail for one in found)


def test_nothing_stands_in_place_of_a_value_that_no_step_told() -> None:
    change = Change(Address.parse("builder.made"), "docker-container", Action.CREATE)
    check_known(change, {"image": "r:1/a:1"})
    with pytest.raises(EnvdplanError, match=r"builder\.made needs image, and nothing before it"):
        check_known(change, {"name": "made", "image": UNKNOWN})
