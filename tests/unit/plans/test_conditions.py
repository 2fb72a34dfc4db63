"""Preconditions, postconditions, checks, ignore_changes and replace_triggered_by in a plan."""

from collections.abc import Mapping

import pytest

from envdplan.app.catalog import CATALOG
from envdplan.app.workflow import check
from envdplan.core.plan.changes import Action, Change
from envdplan.core.plan.diff import diff
from envdplan.core.plan.options import PlanOptions
from envdplan.core.plan.wording import worded
from envdplan.core.plan.world import Diff
from envdplan.core.state.desired import DesiredState
from envdplan.core.state.observed import Absent, Observation, Present
from envdplan.core.state.recorded import Record, State
from envdplan.ground.addresses import Address
from envdplan.ground.values import Attributes
from tests.unit.config.test_for_each import complaints, desired

BUILDER = Address.parse("builder.far")
LIVE: Attributes = {"name": "far", "address": "10.0.0.1:8888", "version": "v0.26.2"}


def planned(wanted: DesiredState, live: Mapping[str, Attributes] | None = None) -> Diff:
    """The plan where `live` is what is there, and recorded so."""
    seen = {Address.parse(name): one for name, one in (live or {}).items()}
    resources = wanted.resources
    observed: dict[Address, Observation] = {
        address: Present(seen[address]) if address in seen else Absent() for address in resources
    }
    kept = {name: Record(name, resources[name].type, one) for name, one in seen.items()}
    return diff(wanted, State("x", 1, kept), observed, CATALOG, PlanOptions())


def told(found: Diff) -> list[tuple[str, str]]:
    return [(one.summary, one.detail) for one in found.diagnostics]


CONDITIONS = """
locals { most = 1 }
builder "far" {
  type    = "tcp"
  address = "10.0.0.1:8888"
  precondition {
    condition     = local.most > 1
    error_message = "There may be ${local.most} at most."
  }
  postcondition {
    condition     = self.version == "v9"
    error_message = "It is ${self.version}."
  }
}
"""


def test_what_surely_does_not_hold_is_an_error_of_the_plan() -> None:
    found = planned(desired(CONDITIONS), {"builder.far": LIVE})
    assert told(found) == [
        ("Precondition failed", "There may be 1 at most."),
        ("Postcondition failed", "It is v0.26.2."),
    ]


def test_what_is_known_after_apply_is_left_to_apply() -> None:
    wanted = desired(CONDITIONS.replace("most = 1", "most = 2"))
    assert told(planned(wanted)) == []
    test = wanted.resources[BUILDER].postconditions[0]
    assert test.judge({}).holds is None
    assert test.judge({BUILDER: {**LIVE, "version": "v9"}}).holds is True
    assert test.judge({BUILDER: LIVE}).message == "It is v0.26.2."


def test_conditions_know_each_instance() -> None:
    wanted = desired(
        """
        builder "far" {
          for_each = { a = 1, b = 2 }
          type     = "tcp"
          address  = "10.0.0.${each.value}:8888"
          precondition {
            condition     = each.value < 2
            error_message = "${each.key} is too much at ${self.address}."
          }
        }
        """
    )
    assert told(planned(wanted)) == [("Precondition failed", "b is too much at 10.0.0.2:8888.")]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("precondition { condition = true }", "needs both"),
        ('precondition {\ncondition = true\nerror_message = "x"\nmessage = "y"\n}', '"message"'),
        ("lifecycle { ignore_change = [] }", 'Did you mean "ignore_changes"?'),
        ("lifecycle { ignore_changes = [adress] }", 'Did you mean "address"?'),
        ('lifecycle { ignore_changes = "x" }', "or all"),
        ("lifecycle { replace_triggered_by = [local.x] }", "takes resources"),
        ("lifecycle { replace_triggered_by = [build.x] }", "There is no build.x"),
        ("lifecycle { replace_triggered_by = [context.c.nmae] }", 'Did you mean "name"?'),
    ],
)
def test_what_is_wrong_with_meta_arguments(body: str, words: str) -> None:
    other = 'context "c" {\n builder = "tcp"\n builder_address = "10.0.0.2:8888"\n}\n'
    block = f'builder "x" {{\ntype = "tcp"\naddress = "10.0.0.1:8888"\n{body}\n}}'
    found = complaints(other + block)
    assert any(words in one for one in found), found


def test_a_condition_that_needs_its_own_resource_by_name_is_a_cycle() -> None:
    text = CONDITIONS.replace("self.version", "builder.far.version")
    assert any("builder.far -> builder.far" in one for one in complaints(text))


# -- checks

CHECK = """
builder "far" {
  type    = "tcp"
  address = "10.0.0.1:8888"
}
check "new" {
  assert {
    condition     = builder.far.version == "v9"
    error_message = "It is ${builder.far.version}."
  }
}
"""
CHECK_YAML = """
builder: {far: {type: tcp, address: "10.0.0.1:8888"}}
check:
  new:
    assert:
      condition: '${builder.far.version == "v9"}'
      error_message: "It is ${builder.far.version}."
"""


@pytest.mark.parametrize(("name", "text"), [("a.envdplan.hcl", CHECK), ("a.yaml", CHECK_YAML)])
def test_a_check_only_warns(name: str, text: str) -> None:
    wanted = desired(text, name)
    record = Record(BUILDER, "tcp", LIVE)
    found = check(wanted, State("x", 1, {BUILDER: record}))
    assert not found.has_errors
    assert [(one.summary, one.detail, one.address) for one in found] == [
        ("Check failed", "It is v0.26.2.", "check.new")
    ]
    assert list(check(wanted, State("x", 1))) == []


@pytest.mark.parametrize(
    ("body", "words"),
    [("", "needs an assert"), ("x = 1", '"x"'), ("data {}", '"data"')],
)
def test_what_is_wrong_with_a_check(body: str, words: str) -> None:
    found = complaints(f'check "c" {{\n{body}\n}}')
    assert any(words in one for one in found), found


# -- lifecycle

CONTEXT = """
context "team" {
  builder         = "tcp"
  builder_address = "10.0.0.1:8888"
  use             = true
  lifecycle { ignore_changes = [builder_address, use] }
}
"""


def test_ignored_changes_stay_as_they_are() -> None:
    wanted = desired(CONTEXT)
    address = Address.parse("context.team")
    live = {**wanted.resources[address].attributes, "builder_address": "10.9.9.9:1", "use": False}
    found = planned(wanted, {"context.team": live}).changes[address]
    assert found.action is Action.NOOP
    other = {**live, "runner": "envd-server", "runner_address": "http://x"}
    found = planned(wanted, {"context.team": other}).changes[address]
    assert found.action is Action.UPDATE
    assert {one.path[0] for one in found.differences} == {"runner", "runner_address"}
    assert found.after is not None
    assert found.after["builder_address"] == "10.9.9.9:1"
    everything = desired(CONTEXT.replace("[builder_address, use]", "all"))
    assert planned(everything, {"context.team": other}).changes[address].action is Action.NOOP


TRIGGER = """
builder "far" {
  type    = "tcp"
  address = "10.0.0.1:8888"
}
context "team" {
  builder         = "tcp"
  builder_address = "10.0.0.1:8888"
}
context "other" {
  builder         = "tcp"
  builder_address = "10.0.0.3:8888"
  lifecycle { replace_triggered_by = [%s] }
}
"""


def triggered(by: str, live: Attributes) -> Change:
    wanted = desired(TRIGGER % by)
    names = [str(one) for one in wanted.resources if str(one) != "builder.far"]
    pictures = {one: wanted.resources[Address.parse(one)].attributes for one in names}
    pictures["context.team"] = {**pictures["context.team"], **live}
    return planned(wanted, pictures).changes[Address.parse("context.other")]


def test_a_resource_is_replaced_when_what_it_names_changes() -> None:
    found = triggered("context.team", {"runner": "envd-server"})
    assert found.action is Action.REPLACE
    assert worded(found.reasons) == ("context.team changes, which replace_triggered_by names",)
    assert triggered("context.team", {}).action in (Action.NOOP, Action.ADOPT)
    assert triggered("context.team.builder", {"runner": "envd-server"}).action is not Action.REPLACE
    found = triggered("context.team.runner", {"runner": "envd-server"})
    assert worded(found.reasons) == (
        "context.team.runner changes, which replace_triggered_by names",
    )
    assert Address.parse("context.team") in found.depends_on


# -- conditions that cannot be evaluated, and what they see


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        ("nosuch.x == 1", 'nothing called "nosuch"'),
        ("self.nmae == 1", 'Did you mean "name"?'),
        ("self.version == 1", 'no attribute "version"'),
        ('"maybe"', "must be true or false"),
        ("1 / 0 == 1", "zero"),
    ],
)
def test_a_mistake_in_a_condition_is_told_before_any_plan(condition: str, words: str) -> None:
    found = complaints(
        f"""
        builder "far" {{
          type    = "tcp"
          address = "10.0.0.1:8888"
          precondition {{
            condition     = {condition}
            error_message = "x"
          }}
        }}
        """
    )
    assert any(words in one for one in found), found


def test_a_mistake_in_a_check_is_told_before_any_plan() -> None:
    found = complaints(CHECK.replace("builder.far.version ==", "builder.fra.version =="))
    assert any("builder.fra" in one for one in found), found


def test_self_has_what_is_inherited_and_the_default_name() -> None:
    wanted = desired(
        """
        template "t" { builder_address = "10.0.0.1:1" }
        context "c" {
          inherits = [template.t]
          builder  = "tcp"
          precondition {
            condition     = self.builder_address == "10.0.0.1:1" && self.name == "c"
            error_message = "${self.builder_address} ${self.name}"
          }
        }
        """
    )
    assert told(planned(wanted)) == []


@pytest.mark.parametrize(
    "stated",
    [
        "lifecycle { prevent_destroy = true }",
        "for_each = { a = 1 }",
        'postcondition {\ncondition = true\nerror_message = "x"\n}',
    ],
)
def test_a_template_cannot_guard_a_resource(stated: str) -> None:
    found = complaints(f'template "t" {{\n{stated}\n}}')
    assert any("into the block of the resource" in one for one in found), found


IGNORING = """
context "x" {
  builder         = "tcp"
  builder_address = "10.0.0.1:1"
  runner_address  = "http://a"
  lifecycle { ignore_changes = [runner_address] }
}
context "y" {
  builder         = "tcp"
  builder_address = "10.0.0.1:2"
  runner_address  = context.x.runner_address
}
"""


def test_who_refers_to_an_ignored_attribute_sees_what_is_there() -> None:
    wanted = desired(IGNORING)
    x, y = (Address.parse(f"context.{one}") for one in "xy")
    live = {**wanted.resources[x].attributes, "runner_address": "http://b"}
    found = planned(wanted, {"context.x": live})
    assert found.changes[x].action is not Action.UPDATE
    assert (found.changes[y].after or {})["runner_address"] == "http://b"
    fresh = planned(wanted)
    assert (fresh.changes[y].after or {})["runner_address"] == "http://a"


# -- builds whose result nobody gets


@pytest.mark.parametrize(
    ("stated", "warned"),
    [
        ('tags = ["r:5000/x:1"]', True),
        ('tags = ["r:5000/x:1"]\noutput {\n  type = "image"\n}', True),
        ('tags = ["r:5000/x:1"]\noutput {\n  type = "oci"\n  dest = "x.tar"\n}', False),
        ("", True),
        ('output {\n  type = "cacheonly"\n}', False),
        ('export_cache = ["type=registry,ref=r:5000/c:1"]', False),
    ],
)
def test_a_result_that_goes_nowhere_is_warned_of(stated: str, warned: bool) -> None:
    found = planned(desired(f'build "x" {{\n{stated}\n}}'))
    told_of = [one.summary for one in found.diagnostics]
    assert told_of == (["Build result is discarded"] if warned else [])


@pytest.mark.parametrize(
    ("own", "idle"),
    [
        ('names = ["y:1"]', True),
        ('names = ["y:1", "docker.io/library/x:1"]', False),
        ("", False),
        ('names = ["y:1"]\n}\noutput {\n  type = "docker"', False),
        ('names = ["y:1"]\n}\noutput {\n  type = "tar"\n  dest = "t.tar"', True),
    ],
)
def test_tags_that_no_output_has_are_told(own: str, idle: bool) -> None:
    output = f'output {{\n  type = "oci"\n  dest = "x.tar"\n  {own}\n}}'
    found = planned(desired(f'build "x" {{\ntags = ["x:1"]\n{output}\n}}'))
    told_of = [one.summary for one in found.diagnostics]
    assert told_of == (["Tags without an image"] if idle else [])
