"""What could not be found out is told once for each cause, and what needs it waits."""

from dataclasses import replace

import pytest

from envdplan.app.catalog import CATALOG
from envdplan.core.engine.refresh import unread
from envdplan.core.plan.changes import Action, Change
from envdplan.core.plan.diff import diff
from envdplan.core.plan.gaps import gaps, names
from envdplan.core.plan.options import PlanOptions
from envdplan.core.plan.refreshonly import refresh_only
from envdplan.core.state.observed import (
    Absent,
    BuildFacts,
    Cause,
    ImageMissing,
    ImageUnclear,
    Observation,
    Present,
    Unreachable,
)
from envdplan.core.state.recorded import Record, State
from envdplan.ground.addresses import Address, Kind
from envdplan.ground.diagnostics import Severity
from tests.unit.plans.worlds import desired

DOWN = Cause("Registry cannot be reached", "r:5000 refuses connections.", about="r:5000")
NO_ENGINE = Unreachable("no", Cause("Docker Engine cannot be reached", "Start Docker."))
TEXT = """
builder "b" {
  type  = "docker-container"
  name  = "ci"
  image = "i"
}
context "c" { builder = builder.b }
build "base" {
  context           = context.c
  dockerfile_inline = "FROM scratch"
  tags              = ["r:5000/base:1"]
  push              = true
}
build "app" {
  for_each          = toset(["1", "2"])
  context           = context.c
  dockerfile_inline = "FROM scratch"
  args              = { BASE = build.base.image }
  tags              = ["r:5000/app:${each.key}"]
  push              = true
}
context "other" {
  builder         = "tcp"
  builder_address = "h:1"
  runner_address  = build.base.image
}
"""


def changes(**found: Observation) -> dict[str, Change]:
    wanted = desired(TEXT)
    observed: dict[Address, Observation] = {}
    for address, resource in wanted.resources.items():
        tags = {ref: ImageMissing() for ref in resource.attributes.get("tags") or ()}
        facts = BuildFacts(files=(), tags=tags)
        is_build = address.kind is Kind.BUILD
        observed[address] = Present({}, facts=facts) if is_build else Absent()
    for name, one in found.items():
        kind, _, label = name.partition("_")
        observed[Address.parse(f"{kind}.{label}")] = one
    outcome = diff(wanted, State("l"), observed, CATALOG, PlanOptions())
    assert not outcome.diagnostics.has_errors
    return {str(address): change for address, change in outcome.changes.items()}


def deferred(found: dict[str, Change]) -> set[str]:
    return {name for name, one in found.items() if one.action is Action.DEFER}


def test_what_is_made_from_something_undecided_waits_with_it() -> None:
    tags = {"r:5000/base:1": ImageUnclear("refused", DOWN)}
    found = changes(build_base=Present({}, facts=BuildFacts(files=(), tags=tags)))
    apps = {'build.app["1"]', 'build.app["2"]'}
    assert deferred(found) == {"build.base", *apps, "context.other"}
    (told,) = gaps(found.values())
    assert (told.severity, told.summary) == (Severity.ERROR, DOWN.summary)
    assert set(told.addresses) == deferred(found)
    assert found["context.c"].action is Action.CREATE


def test_what_is_only_not_made_yet_is_waited_for_in_the_same_apply() -> None:
    found = changes()
    assert deferred(found) == set()
    assert {one.action for one in found.values()} == {Action.CREATE}


def test_an_engine_that_is_down_is_one_message_for_all_that_need_it() -> None:
    found = changes(builder_b=NO_ENGINE)
    assert deferred(found) == {
        "builder.b", "build.base", 'build.app["1"]', 'build.app["2"]', "context.other"
    }  # fmt: skip
    (told,) = gaps(
        found.values(), [(NO_ENGINE.cause, next(iter(desired(TEXT).resources.values())))]
    )
    assert told.summary == "Docker Engine cannot be reached"
    assert "Start Docker." in told.detail
    assert told.severity is Severity.ERROR


def test_what_hinders_nothing_is_a_warning_for_each_cause() -> None:
    where = next(iter(desired(TEXT).resources.values()))
    kept = tuple((f"r:5000/{n}", replace(DOWN, detail=f"{n}: refused.")) for n in "abc")
    change = Change(Address.parse("build.x"), "dockerfile", Action.NOOP, kept=kept)
    found = list(gaps([change], [(NO_ENGINE.cause, where)]))
    assert [one.severity for one in found] == [Severity.WARNING, Severity.WARNING]
    assert "Whether r:5000/a, r:5000/b and r:5000/c exist" in found[0].detail


def test_what_nobody_wanted_to_know_is_no_trouble() -> None:
    wanted = desired(TEXT)
    outcome = diff(wanted, State("l"), unread(wanted, State("l")), CATALOG, PlanOptions())
    assert {one.action for one in outcome.changes.values()} == {Action.DEFER}
    assert list(gaps(outcome.changes.values())) == []


def test_a_refresh_that_reaches_nothing_decides_nothing() -> None:
    address = Address.parse("builder.b")
    state = State("l", 1, {address: Record(address, "docker-container", {"name": "b"})})
    found = refresh_only(state, {address: NO_ENGINE}, CATALOG).changes[address]
    assert (found.action, found.cause) == (Action.DEFER, NO_ENGINE.cause)


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "a0"), (2, "a0 and a1"), (6, "a0, a1, a2, a3, a4 and a5"),
     (9, "a0, a1, a2, a3, a4 and 4 more")],
)  # fmt: skip
def test_many_names_are_cut(number: int, text: str) -> None:
    assert names(f"a{n}" for n in range(number)) == text
