"""How plans, events and mistakes look; and what never shows."""

import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from envdplan.app.catalog import CATALOG
from envdplan.clients.buildkit.progress import Log, Status, Vertex
from envdplan.clients.buildkit.progress import Warning as BuildWarning
from envdplan.core.engine.events import (
    Event,
    Failed,
    Finished,
    Progressed,
    Skipped,
    Started,
    Succeeded,
)
from envdplan.core.plan.changes import Action, Change, Difference, Drift, Work
from envdplan.core.plan.options import PlanOptions
from envdplan.core.plan.plan import Plan
from envdplan.core.plan.reasons import Code, Reason, Turn, told
from envdplan.core.state.desired import DesiredState
from envdplan.core.state.observed import Cause
from envdplan.core.state.recorded import Pending, Record, State
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Diagnostics, EnvdplanError
from envdplan.ground.source import Position, SourceFile, SourceRange
from envdplan.ground.values import UNKNOWN, Sensitive, SetValue, Value
from envdplan.modules.events import ModuleEvent, Outcome
from envdplan.views import VIEWS, builders
from envdplan.views.base import View

SCHEMA = json.loads((Path(__file__).parents[3] / "schemas" / "output.schema.json").read_text())
BUILDER, CONTEXT, BUILD = (Address.parse(one) for one in ("builder.b", "context.c", "build.x"))
NO_ANSWER = Reason(Code.UNREACHABLE, detail="no answer")

PLAN = Plan(
    "l",
    1,
    (
        Change(BUILDER, "tcp", Action.CREATE, after={"address": "h:1", "version": UNKNOWN},
               reasons=(Reason(Code.ABSENT),)),
        Change(CONTEXT, "context", Action.UPDATE, {"name": "c"}, {"name": "c"},
               differences=(
                   Difference(("use",), False, True),
                   Difference(("name",), "a", "c", forces_replacement=True),
               ),
               reasons=(Reason(Code.ATTRIBUTE_CHANGED, "attribute", "use"),)),
        Change(BUILD, "dockerfile", Action.UPDATE, {}, {"tags": ("r/x:1",), "path": "/p"},
               reasons=(Reason(Code.INPUT_CHANGED, "file", "src/a.py", Turn.CHANGED),),
               work=(Work.BUILD, Work.PUSH)),
        Change(Address.parse("build.t"), "dockerfile", Action.UPDATE, {}, {"tags": ("r/t:2",)},
               reasons=(Reason(Code.TAG_MISSING, "image", "r/t:2"),), work=(Work.RETAG,),
               source="r/t@sha256:1", tags=("r/t:2",)),
        Change(Address.parse("builder.gone"), "tcp", Action.DELETE, {"address": "h:2"},
               reasons=(Reason(Code.UNDECLARED),)),
        Change(Address.parse("builder.far"), "tcp", Action.DEFER, after={},
               reasons=(NO_ANSWER,),
               cause=Cause("Docker Engine cannot be reached", "Start it.")),
        Change(Address.parse("build.f"), "dockerfile", Action.DEFER, after={},
               reasons=(Reason(Code.WAITS, "builder", "builder.far", because=NO_ANSWER),),
               cause=Cause("Docker Engine cannot be reached", "Start it.")),
    ),
    (
        Drift(CONTEXT, (Difference(("runner",), "docker", "envd-server"),)),
        Drift(BUILDER, gone=True),
    ),
    {"digest": UNKNOWN},
    ("digest",),
)  # fmt: skip

TEXT = """\
Changed outside of envdplan since it was recorded:

  ~ context.c
      runner = "docker" -> "envd-server"
  - builder.b is gone

envdplan will do the following:

  + builder.b (tcp) will be created
      because it does not exist
      + address = "h:1"
      + version = (known after apply)

  ~ context.c (context) will be updated in place
      because use differs
      ~ use = false -> true
      ~ name = "a" -> "c"  # forces replacement

  ~ build.x (dockerfile) will be built and pushed
      because ~ src/a.py
      path      "/p"
      tags      ["r/x:1"]

  ~ build.t (dockerfile) will be tagged
      because r/t:2 does not exist yet; the image does
      to r/t@sha256:1

  - builder.gone (tcp) will be destroyed
      because it is no longer in the configuration

  ? builder.far (tcp), build.f (dockerfile)
      cannot be decided now: Docker Engine cannot be reached

Outputs:
  ~ digest = (known after apply)

Plan: 1 to add, 3 to change, 1 to destroy.
Builds: 1 to build, 1 to push, 1 to retag.
Deferred: 2 resources cannot be decided now.
"""


def made(name: str, *, color: bool = False) -> tuple[View, io.StringIO, io.StringIO]:
    out, err = io.StringIO(), io.StringIO()
    return VIEWS[name](out, err, CATALOG.hidden, color=color, tty=False, width=80), out, err


def test_a_plan_says_what_how_and_why() -> None:
    view, out, _ = made("human")
    view.plan(PLAN)
    assert out.getvalue() == TEXT


def test_an_empty_plan_is_a_glance() -> None:
    view, out, _ = made("human")
    view.plan(Plan("l", 1, (Change(BUILDER, "tcp", Action.NOOP),)))
    assert out.getvalue() == "No changes.\nEverything is as the configuration says.\n"


def test_a_refresh_says_nothing_of_the_configuration() -> None:
    view, out, _ = made("human")
    view.plan(Plan("l", 1, (), options=PlanOptions(refresh_only=True)))
    assert out.getvalue() == "No changes.\nEverything is as it is recorded.\n"


def test_what_is_only_believed_is_not_told_as_known() -> None:
    view, out, _ = made("human")
    cause = Cause("Registry cannot be reached", "Nothing listens there.")
    view.plan(Plan("l", 1, (Change(BUILD, "dockerfile", Action.NOOP, kept=(("r/x:1", cause),)),)))
    assert "No changes, as far as could be determined." in out.getvalue()
    assert "as the configuration says" not in out.getvalue()


@pytest.mark.parametrize(("deferred", "word"), [(0, "Apply complete!"), (2, "Apply incomplete!")])
def test_an_apply_that_left_something_out_is_not_complete(deferred: int, word: str) -> None:
    view, out, _ = made("human")
    view.event(Finished(1, 0, 0, 0, 0, deferred=deferred))
    assert word in out.getvalue()
    assert ("2 could not be decided" in out.getvalue()) is bool(deferred)


def test_only_the_state_to_be_written_is_no_change() -> None:
    view, out, _ = made("human")
    view.plan(Plan("l", 1, (Change(BUILDER, "tcp", Action.ADOPT, after={}),)))
    assert out.getvalue().startswith("No changes.\n")
    assert ". builder.b will be recorded as it is: it exists already" in out.getvalue()


def test_what_is_only_recorded_has_a_reason_too() -> None:
    view, out, _ = made("human")
    view.plan(replace(PLAN, changes=(Change(BUILDER, "tcp", Action.ADOPT, {}, {}),)))
    assert "      because it is as wanted, but the state does not say so\n" in out.getvalue()


def test_json_has_reasons_in_words_and_for_programs() -> None:
    view, out, _ = made("json")
    adopted = Change(BUILDER, "tcp", Action.ADOPT, {}, {})
    view.plan(replace(PLAN, changes=(*PLAN.changes, adopted)))
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    planned = [one for one in lines if one["type"] == "planned_change"]
    assert [(one["reasons"], [each["code"] for each in one["why"]]) for one in planned] == [
        (["it does not exist"], ["absent"]),
        (["use differs"], ["attribute-changed"]),
        (["~ src/a.py"], ["input-changed"]),
        (["r/t:2 does not exist yet; the image does"], ["tag-missing"]),
        (["it is no longer in the configuration"], ["undeclared"]),
        (["no answer"], ["unreachable"]),
        (["builder.far is deferred: no answer"], ["waits"]),
        ([], ["record-stale"]),
    ]
    assert planned[6]["why"][0]["because"]["detail"] == "no answer"


def test_outputs_are_shown_whatever_they_are_called() -> None:
    view, out, _ = made("json")
    view.outputs({"connection": "a", "capabilities": "b", "metadata": "c"}, frozenset())
    *_, told = map(json.loads, out.getvalue().splitlines())
    assert told["outputs"] == {"connection": "a", "capabilities": "b", "metadata": "c"}


def test_outputs_of_a_new_state_are_new() -> None:
    view, out, _ = made("human")
    view.plan(replace(PLAN, serial=0))
    assert "Outputs:\n  + digest = (known after apply)\n" in out.getvalue()


def test_a_plan_about_targets_says_so() -> None:
    view, out, _ = made("human")
    view.plan(replace(PLAN, drift=(), options=PlanOptions((BUILD, CONTEXT))))
    assert out.getvalue().startswith(
        "Because of -target this is only about these, and what they need:\n"
        "  build.x, context.c\n\nenvdplan will do"
    )
    view, out, _ = made("human")
    view.plan(Plan("l", 1, options=PlanOptions((BUILD,) * 7, destroy=True)))
    assert "what needs them:\n" in out.getvalue()
    assert "build.x, 2 more\n\nNo changes.\nNothing is recorded here" in out.getvalue()


EVENTS: list[Event] = [
    Started(PLAN.changes[2]),
    Progressed(BUILD, "sending"),
    Progressed(BUILD, detail=Vertex("d1", "[1/2] FROM x", 1.0, None, cached=False, error="")),
    Progressed(BUILD, detail=Vertex("d1", "[1/2] FROM x", 1.0, 2.5, cached=False, error="")),
    Progressed(BUILD, detail=Vertex("d2", "[2/2] RUN y", 1.0, 2.0, cached=True, error="")),
    Progressed(BUILD, detail=Vertex("d3", "[internal] load", 1.0, 2.0, cached=False, error="")),
    Progressed(BUILD, detail=Status("d1", "layer", 5, 10, completed=False)),
    Progressed(BUILD, detail=Log("d1", 1, b"output\n")),
    Progressed(BUILD, detail=BuildWarning("d1", "bad idea", (), "", "Dockerfile", 3)),
    Succeeded(PLAN.changes[2], {}, 1.25),
    Failed(PLAN.changes[1], "It broke", "Fix it.\n  as it was", 0.5),
    Skipped(PLAN.changes[0], "context.c failed"),
    Finished(0, 1, 0, 1, 1, {"digest": "d"}),
]

PLAIN = """\
build.x: Building and pushing...
build.x: sending
build.x: #1 [1/2] FROM x DONE 1.5s
build.x: #2 [2/2] RUN y CACHED
build.x: warning: bad idea
build.x: Built and pushed after 1.2s
context.c: Failed after 0.5s: It broke
    Fix it.
      as it was

builder.b: Skipped: context.c failed

Apply incomplete! Resources: 0 added, 1 changed, 0 destroyed. 1 failed, 1 skipped. Fix it and \
apply again.
Failed: context.c
"""


def test_an_apply_is_told_line_by_line() -> None:
    view, out, _ = made("human")
    for event in EVENTS:
        view.event(event)
    view.close()
    assert out.getvalue() == PLAIN


def test_every_line_of_json_is_as_published() -> None:
    view, out, _ = made("json")
    view.plan(PLAN)
    for event in EVENTS:
        view.event(event)
    problems = Diagnostics()
    file = SourceFile("f.hcl", "a = 1\n")
    problems.error("S", "D", SourceRange(file, Position(1, 1), Position(1, 2)), "builder.b")
    problems.warn("S", "D")
    view.diagnostics(problems)
    view.validation(problems, 3)
    view.error(EnvdplanError("S", "D"))
    record = Record(BUILDER, "tcp", {"address": "h:1"}, (CONTEXT,))
    view.state(State("l", 1, {BUILDER: record}, outputs={"o": (1, SetValue(("a",)))}))
    view.outputs({"o": 1, "p": "x"}, frozenset({"p"}))
    view.configuration(DesiredState(groups={"all": (BUILDER,)}))
    view.module(ModuleEvent(Outcome.LOCAL, "./a", "module.a"))
    view.module(ModuleEvent(Outcome.UPGRADED, "git::https://h/r", "module.b", "h1:", "b", "a"))
    view.message("done")
    validator = Draft202012Validator(SCHEMA)
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    for line in lines:
        validator.validate(line)
    types = {one["properties"]["type"]["const"] for one in SCHEMA["oneOf"]}
    assert {one["type"] for one in lines} == types


@pytest.mark.parametrize(
    ("line", "start", "end", "shown"),
    [
        ("a = foo", 5, 8, "  1 | a = foo\n    |     ^^^\n"),
        ("\ta = é", 6, 7, "  1 |     a = é\n    |         ^\n"),
        ("a = 漢字 x", 5, 7, "  1 | a = 漢字 x\n    |     ^^^^\n"),
        ("a =", 4, 4, "  1 | a =\n    |    ^\n"),
    ],
)
def test_the_very_part_is_underlined(line: str, start: int, end: int, shown: str) -> None:
    view, _, err = made("human")
    problems = Diagnostics()
    place = SourceRange(SourceFile("f", line), Position(1, start), Position(1, end))
    problems.error("Wrong", "Detail.", place)
    view.diagnostics(problems)
    assert shown in err.getvalue()


def test_long_lines_are_cut_around_the_part() -> None:
    view, _, err = made("human")
    problems = Diagnostics()
    line = "x" * 500 + "HERE" + "y" * 500
    place = SourceRange(SourceFile("f", line), Position(1, 501), Position(1, 505))
    problems.error("Wrong", "Detail.", place)
    view.diagnostics(problems)
    assert "HERE" in err.getvalue()
    assert max(map(len, err.getvalue().splitlines())) <= 85


def test_nothing_that_commands_a_terminal_gets_through() -> None:
    evil = "\x1b]0;owned\x07\x9b31m"
    view, out, err = made("human")
    change = Change(BUILDER, "tcp", Action.CREATE, after={"a": evil}, reasons=(told(evil),))
    view.plan(Plan("l", 1, (change,)))
    view.event(Progressed(BUILDER, evil))
    view.event(Failed(change, evil, evil))
    view.error(EnvdplanError(evil, evil))
    for text in (out.getvalue(), err.getvalue()):
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\x9b" not in text


def test_colors_come_only_when_asked_for() -> None:
    assert "\x1b[" in drawn(color=True)
    assert "\x1b[" not in drawn(color=False)


def drawn(*, color: bool) -> str:
    view, out, _ = made("human", color=color)
    view.plan(PLAN)
    return out.getvalue()


secrets: st.SearchStrategy[Value] = st.recursive(
    st.just(Sensitive("s3cr3t")) | st.just(UNKNOWN) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=100, deadline=None)
@given(secrets)
def test_no_view_shows_a_secret(value: Value) -> None:
    for name in VIEWS:
        view, out, err = made(name)
        difference = Difference(("x",), value, Sensitive("s3cr3t"))
        change = Change(
            BUILDER, "tcp", Action.UPDATE, {"x": value}, {"x": value}, differences=(difference,)
        )
        create = Change(CONTEXT, "context", Action.CREATE, after={"x": value})
        view.plan(
            Plan("l", 1, (change, create), (Drift(BUILDER, (difference,)),), {"o": value}, ("o",))
        )
        pending = {BUILDER: Pending(BUILDER, "create", "tcp", "now", {"x": value})}
        view.state(State("l", 1, {BUILDER: Record(BUILDER, "tcp", {"x": value})}, pending))
        view.outputs({"o": value, "p": "s3cr3t"}, frozenset({"p"}))
        assert "s3cr3t" not in out.getvalue() + err.getvalue()


def test_a_problem_of_several_builders_is_told_once() -> None:
    lines = [
        builders.Line(name, "tcp", "x", "unreachable", problem=problem)
        for name, problem in (("builder.a", "No engine."), ("b", "No."), ("c", "No engine."))
    ]
    assert builders.table(lines).splitlines()[-2:] == ["builder.a, c: No engine.", "b: No."]
