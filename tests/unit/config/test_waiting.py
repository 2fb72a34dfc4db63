"""depends_on and replace_triggered_by, across modules and keys too."""

import pytest

from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Rejected
from tests.unit.plans.worlds import desired

INNER = """
variable "after" { default = "" }
context "c" {
  builder         = "tcp"
  builder_address = "10.0.0.1:1"
  name            = "inner"
}
build "many" {
  for_each = toset(["x", "y"])
  tags     = ["${each.key}:1"]
}
"""
CALL = 'module "m" { source = "./m" }\n'
INSIDE = ['module.m.build.many["x"]', 'module.m.build.many["y"]', "module.m.context.c"]


def edges(text: str, address: str = "build.b") -> list[str]:
    other = INNER.replace("inner", "other").replace('["$', '["n-$')
    found = desired(text, m=INNER, n=other)
    return sorted(map(str, found.resources[Address.parse(address)].depends_on))


def complaints(text: str) -> list[str]:
    with pytest.raises(Rejected) as caught:
        desired(text, m=INNER)
    return [
        f"{one.range and one.range.start.line}: {one.detail}" for one in caught.value.diagnostics
    ]


@pytest.mark.parametrize(
    ("named", "wanted"),
    [("module.m", INSIDE), ("module.m.context.c", INSIDE[2:]), ("module.m.build.many", INSIDE[:2])],
)
@pytest.mark.parametrize(
    "attribute", ["depends_on = [NAME]", "lifecycle { replace_triggered_by = [NAME] }"]
)
def test_a_resource_waits_for_modules_and_what_is_in_them(
    attribute: str, named: str, wanted: list[str]
) -> None:
    text = f'build "b" {{\n tags = ["b:1"]\n {attribute.replace("NAME", named)}\n}}\n'
    assert edges(CALL + text) == wanted


def test_a_module_waits_for_another_one() -> None:
    text = CALL + 'module "n" {\n source = "./n"\n depends_on = [module.m]\n}\n'
    assert edges(text, "module.n.context.c") == INSIDE


def test_what_triggers_in_a_module_is_known_by_its_instances() -> None:
    text = """
    build "b" {
      tags = ["b:1"]
      lifecycle { replace_triggered_by = [module.m.context.c.name, module.m.build.many["x"]] }
    }
    """
    (resource,) = (
        one for a, one in desired(CALL + text, m=INNER).resources.items() if not a.module
    )
    inner = Address.parse("module.m.context.c")
    assert resource.lifecycle.triggers == ((inner, ("name",)), (Address.parse(INSIDE[0]), ()))


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ("depends_on = [module.k]", 'Did you mean "module.m"?'),
        ("depends_on = [module.m.context.d]", 'Did you mean "module.m.context.c"?'),
        ('depends_on = [module.m.build.many["x"]]', "whole resources"),
        ("lifecycle { replace_triggered_by = [module.k] }", 'Did you mean "module.m"?'),
        ("lifecycle { replace_triggered_by = [module.m.context.d.name] }", 'module.m.context.c"?'),
        (
            'lifecycle { replace_triggered_by = [module.m.build.many["z"]] }',
            'There is no module.m.build.many["z"].',
        ),
        (
            'lifecycle { replace_triggered_by = [build.own["nokey"]] }',
            'There is no build.own["nokey"]. Did you mean "build.own["key"]"?',
        ),
    ],
)
def test_what_is_not_there_is_told_with_its_place(block: str, words: str) -> None:
    own = 'build "own" {\n for_each = toset(["key"])\n tags = ["o:1"]\n}\n'
    text = f'{CALL}{own}build "b" {{\n tags = ["b:1"]\n {block}\n}}\n'
    (told,) = complaints(text)
    assert told.startswith("8: ")
    assert words in told


AFTER = 'module "m" {\n source = "./m"\n after = build.b.digest\n}\n'
WAITING = 'module "m" {\n source = "./m"\n depends_on = [build.b]\n}\n'
USER = 'build "b" {\n tags = ["b:1"]\n depends_on = [NAME]\n}\n'


@pytest.mark.parametrize(
    "text",
    [
        AFTER + USER.replace("NAME", "module.m"),
        WAITING + USER.replace("NAME", "module.m.context.c"),
    ],
)
def test_waiting_in_a_circle_is_drawn(text: str) -> None:
    used = INNER.replace('name            = "inner"', "runner_address = var.after")
    with pytest.raises(Rejected, match="Reference cycle"):
        desired(text, m=used)
