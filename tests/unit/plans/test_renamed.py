"""A thing that is to have another name: the former one goes, and nobody else's is touched."""

from pathlib import Path

import pytest

from envdplan.app.catalog import CATALOG
from envdplan.cli.app import run
from envdplan.core.plan.changes import Action
from envdplan.core.plan.compare import identity
from envdplan.core.plan.options import PlanOptions
from envdplan.core.state.desired import DesiredState
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Rejected
from tests.unit.plans.worlds import World, actions, desired, reasons


def named(*names: str, more: str = "") -> DesiredState:
    return desired(
        "".join(
            f"""
            context "{label}" {{
              name            = "{name}"
              builder         = "tcp"
              builder_address = "10.0.0.1:{port}"
              {more}
            }}
            """
            for port, (label, name) in enumerate(zip("ab", names, strict=False), 1)
        )
    )


BOX = 'builder "b" {\n type = "docker-container"\n name = "NAME"\n}\n'


def test_another_name_replaces_the_former_thing() -> None:
    world = World()
    world.apply(named("z1"))
    plan = world.plan(named("z2"))
    assert actions(plan) == {"context.a": Action.REPLACE}
    assert reasons(plan, "context.a") == ("its name changes from z1 to z2",)
    assert plan.drift == ()
    world.apply(named("z2"))
    assert [one["name"] for one in world.live.values()] == ["z2"]
    assert actions(world.plan(named("z2"))) == {}


def test_a_builder_gets_another_name_and_address() -> None:
    world = World()
    world.apply(desired(BOX.replace("NAME", "box1")))
    (change,) = world.plan(desired(BOX.replace("NAME", "box2"))).changes
    assert change.action is Action.REPLACE
    assert change.before is not None
    assert change.after is not None
    assert (change.before["name"], change.after["name"]) == ("box1", "box2")
    assert change.after["address"] == "box2"
    plan = world.plan(desired(BOX.replace("NAME", 'box1"\n host = "tcp://far')))
    assert reasons(plan, "builder.b") == ("its host changes to tcp://far",)


def test_nodes_are_looked_for_as_they_were_called() -> None:
    text = BOX.replace("\n}", '\n node "a" {}\n node "b" {}\n}')
    world = World()
    world.apply(desired(text.replace("NAME", "box1")))
    (change,) = world.plan(desired(text.replace("NAME", "box2"))).changes
    assert change.action is Action.REPLACE
    new, former = world.asked[-2:]
    called = [[node["name"] for node in one["node"].values()] for one in (former, new)]
    assert called == [["box1-a", "box1-b"], ["box2-a", "box2-b"]]


def test_another_word_for_the_same_place_replaces_nothing() -> None:
    world, host = World(ours=True), "unix:///var/run/docker.sock"
    world.apply(desired(BOX.replace("NAME", "box1")))
    said = desired(BOX.replace("NAME", f'box1"\n host = "{host}'))
    (resource,) = said.resources.values()
    (live,) = world.live.values()
    same = {**live, "host": host}
    world.live[identity(CATALOG, resource.address, resource.type, same)] = same
    assert actions(world.plan(said)) == {}


def test_what_is_gone_is_drift_and_is_made_under_its_new_name() -> None:
    world = World()
    world.apply(named("z1"))
    world.live.clear()
    plan = world.plan(named("z2"))
    assert actions(plan) == {"context.a": Action.CREATE}
    assert [(str(one.address), one.gone) for one in plan.drift] == [("context.a", True)]


def test_a_name_that_somebody_has_is_refused() -> None:
    world = World()
    world.apply(named("z1", "z2"))
    with pytest.raises(Rejected) as caught:
        world.plan(named("z2", "z3"))
    (problem,) = caught.value.diagnostics
    assert problem.summary == "New name is already taken"
    assert "its name changes from z1 to z2" in problem.detail


def test_two_that_change_names_take_each_other_over() -> None:
    world = World()
    world.apply(named("z1", "z2"))
    plan = world.plan(named("z2", "z1"))
    assert set(actions(plan).values()) == {Action.UPDATE}


def test_a_protected_thing_keeps_its_name() -> None:
    world = World()
    world.apply(named("z1", more="lifecycle { prevent_destroy = true }"))
    with pytest.raises(Rejected, match="Instance cannot be destroyed"):
        world.plan(named("z2", more="lifecycle { prevent_destroy = true }"))


def test_a_destroy_finds_the_former_name() -> None:
    world = World()
    world.apply(named("z1"))
    options = PlanOptions(destroy=True, targets=(Address.parse("context.a"),))
    (change,) = world.apply(named("z2"), options).changes
    assert change.action is Action.DELETE
    assert world.live == {}


def test_a_name_that_is_ignored_stays() -> None:
    world = World()
    world.apply(named("z1"))
    assert actions(world.plan(named("z2", more="lifecycle { ignore_changes = [name] }"))) == {}


def test_the_store_has_the_new_name_only_and_what_was_current_stays_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    at = ["-C", str(tmp_path)]
    store = tmp_path / "contexts"
    for name in ("z1", "z2"):
        (tmp_path / "envdplan.hcl").write_text(
            f"""
            envdplan {{ context_store = "contexts" }}
            context "z" {{
              name            = "{name}"
              builder         = "tcp"
              builder_address = "10.0.0.1:1"
            }}
            """
        )
        assert run([*at, "apply", "-auto-approve"]) == 0
        assert run(["context", "use", "-n", name, "--store", str(store)]) == 0
    capsys.readouterr()
    assert run(["context", "ls", "--store", str(store)]) == 0
    listed = capsys.readouterr().out
    assert "z2 (current)" in listed
    assert "z1" not in listed
    assert run([*at, "plan", "-detailed-exitcode"]) == 0
