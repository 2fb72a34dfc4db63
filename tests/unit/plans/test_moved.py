"""moved and removed blocks: which records go where."""

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
