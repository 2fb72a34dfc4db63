"""moved and removed blocks: which records go where."""

import pytest

from envdplan.core.plan.changes import Action
from envdplan.core.plan.options import PlanOptions
from envdplan.ground.diagnostics import Rejected
from tests.unit.config.test_for_each import complaints
from tests.unit.plans.worlds import World, actions, desired

TCP = '\n  builder = "tcp"\n  builder_address = "10.0.0.1:1"\n'
CALL = 'module "m" { source = "./m" }\n'


def recorded(world: World) -> list[str]:
    return sorted(map(str, world.state.records))


def many(key: str, block: str = "z", name: str = "one") -> str:
    return f'context "{block}" {{\n for_each = toset(["{key}"])\n name = "{name}"\n{TCP}}}\n'


def test_a_move_of_a_block_leaves_other_modules_alone() -> None:
    world, inner = World(), many("k", name="inner")
    world.apply(desired(CALL + many("k"), m=inner))
    move = "moved {\n from = context.z\n to = context.y\n}"
    plan = world.apply(desired(CALL + many("k", "y") + move, m=inner))
    assert actions(plan) == {'context.y["k"]': "adopt"}
    assert recorded(world) == ['context.y["k"]', 'module.m.context.z["k"]']


def test_a_key_that_is_empty_moves_with_its_block() -> None:
    world = World()
    world.apply(desired(many("")))
    moved = many("", "y") + "moved {\n from = context.z\n to = context.y\n}"
    assert actions(world.apply(desired(moved))) == {'context.y[""]': "adopt"}
    assert recorded(world) == ['context.y[""]']


def test_a_key_becomes_another_one() -> None:
    world = World()
    world.apply(desired(many("a")))
    move = 'moved {\n from = context.z["a"]\n to = context.z["c"]\n}'
    plan = world.apply(desired(many("c") + move))
    assert actions(plan) == {'context.z["c"]': "adopt"}
    assert recorded(world) == ['context.z["c"]']
    assert any("is still declared" in one for one in complaints(many("a") + move))


def call(name: str) -> str:
    return f'module "{name}" {{ source = "./{name}" }}\n'


def move(former: str, now: str) -> str:
    return f"moved {{\n from = {former}\n to = {now}\n}}\n"


TWO = f'context "c" {{{TCP}  name = "c"\n}}\n' + many("k").replace('"one"', '"k"')


def test_a_whole_module_moves_through_others_and_with_moves_of_its_own() -> None:
    world = World()
    world.apply(desired(call("m"), m=TWO))
    text = call("o") + move("module.m", "module.n") + move("module.n", "module.o")
    inner = TWO.replace('context "c"', 'context "d"') + move("context.c", "context.d")
    plan = world.apply(desired(text, o=inner))
    assert set(actions(plan).values()) == {Action.ADOPT}
    assert recorded(world) == ["module.o.context.d", 'module.o.context.z["k"]']


def test_a_resource_of_a_module_may_go_elsewhere() -> None:
    world = World()
    world.apply(desired(call("m"), m=TWO))
    text = call("n") + many("own", "own", "k") + move("module.m", "module.n")
    text += move('module.m.context.z["k"]', 'context.own["own"]')
    world.apply(desired(text, n=TWO.replace('toset(["k"])', "{}")))
    assert recorded(world) == ['context.own["own"]', "module.n.context.c"]


def test_a_module_becomes_the_one_that_called_it() -> None:
    world = World()
    world.apply(desired(call("m"), m=call("n"), n=TWO))
    plan = world.apply(desired(call("m") + move("module.m.module.n", "module.m"), m=TWO))
    assert set(actions(plan).values()) == {Action.ADOPT}


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (move("module.x", "module.y"), 'no module.y to move to. Did you mean "module.m"?'),
        (move("module.m", "module.m"), "module.m is still declared"),
        (move("module.x", "build.y"), "module.x cannot become build.y: a module stays a module."),
        (move("module.x", "module.m") * 2, "module.x has moved already"),
        (move("module.x", "module.y") + move("module.y", "module.x"), "form a circle"),
        ("removed {\n from = module.m\n destroy = false\n}", "module.m is still declared"),
        ("moved {\n from = modul.x\n to = module.m\n}", 'Did you mean "module"?'),
    ],
)
def test_what_is_wrong_with_a_move_of_a_module(block: str, words: str) -> None:
    with pytest.raises(Rejected) as caught:
        desired(call("m") + block, m=TWO)
    (problem,) = caught.value.diagnostics
    assert words in problem.detail


@pytest.mark.parametrize("destroy", [False, True])
def test_a_removed_module_is_forgotten_and_kept(destroy: bool) -> None:
    world = World()
    world.apply(desired(call("m"), m=call("n"), n=TWO))
    gone = desired("removed {\n from = module.m\n destroy = false\n}")
    plan = world.plan(gone, PlanOptions(destroy=destroy))
    assert set(actions(plan).values()) == {Action.FORGET}
