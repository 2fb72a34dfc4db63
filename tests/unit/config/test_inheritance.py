"""Templates, inheritance, groups, and functions of the configuration."""

import pytest

from envdplan.core.plan.options import PlanOptions
from envdplan.core.plan.targets import scope, with_names
from envdplan.core.state.recorded import State
from envdplan.ground.addresses import Address
from envdplan.ground.values import Attributes
from tests.unit.config.test_for_each import complaints, desired

TEMPLATES = """
template "python" {
  args   = { PYTHON = "3.12", KEEP = "yes" }
  labels = { team = "ml" }
  tags   = ["never:1"]
  import_cache = ["a"]
}
template "gpu" {
  inherits = [template.python]
  args     = { CUDA = "12" }
  target   = "gpu"
}
"""


def build(body: str, more: str = "") -> Attributes:
    text = f'{TEMPLATES}{more}\nbuild "x" {{\n{body}\n}}\n'
    return desired(text).resources[Address.parse("build.x")].attributes


def test_maps_merge_lists_of_their_own_grow_and_the_rest_is_replaced() -> None:
    found = build(
        'inherits = [template.gpu]\nargs = { PYTHON = "3.13" }\ntags = ["x:1"]\n'
        'import_cache = ["b"]'
    )
    assert found["args"] == {"CUDA": "12", "KEEP": "yes", "PYTHON": "3.13"}
    assert found["labels"] == {"team": "ml"}
    assert found["target"] == "gpu"
    assert found["tags"] == ("x:1",)
    assert [one["ref"] for one in found["import_cache"]] == ["a", "b"]


def test_later_parents_win_and_a_diamond_counts_again() -> None:
    more = """
template "a" {
  inherits = [template.python]
  args     = { PYTHON = "a" }
}
template "b" { inherits = [template.python] }
"""
    assert build("inherits = [template.a, template.b]", more)["args"]["PYTHON"] == "3.12"
    assert build("inherits = [template.b, template.a]", more)["args"]["PYTHON"] == "a"


def test_null_takes_nothing_away_and_unset_does() -> None:
    assert build("inherits = [template.gpu]\ntarget = null")["target"] == "gpu"
    found = build('inherits = [template.gpu]\nunset = ["target", "args.KEEP"]')
    assert found.get("target") is None
    assert found["args"] == {"CUDA": "12", "PYTHON": "3.12"}


def test_a_build_may_inherit_from_a_build_but_not_its_name() -> None:
    found = desired(
        """
build "base" {
  args = { A = "1" }
  tags = ["base:1"]
}
build "x" {
  inherits = [build.base]
  tags     = ["x:1"]
}
"""
    )
    one = found.resources[Address.parse("build.x")]
    assert one.attributes["args"] == {"A": "1"}
    assert one.depends_on == ()


def test_what_a_template_mentions_is_needed_by_whoever_inherits() -> None:
    found = desired(
        """
template "t" { args = { BASE = build.base.image } }
build "base" { tags = ["base:1"] }
build "x" { inherits = [template.t] }
"""
    )
    assert [str(one) for one in found.resources[Address.parse("build.x")].depends_on] == [
        "build.base"
    ]


def test_a_template_sees_each_of_the_one_that_inherits() -> None:
    found = desired(
        """
template "t" { args = { KEY = each.key } }
build "x" {
  for_each = toset(["a", "b"])
  inherits = [template.t]
}
"""
    )
    keys = [one.attributes["args"]["KEY"] for one in found.resources.values()]
    assert keys == ["a", "b"]


def test_builders_inherit_their_type_too() -> None:
    found = desired(
        """
template "far" {
  type    = "tcp"
  timeout = 3
}
builder "b" {
  inherits = [template.far]
  address  = "h:1"
}
"""
    )
    assert found.resources[Address.parse("builder.b")].attributes["timeout"] == 3


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("inherits = [template.pyton]", 'Did you mean "template.python"?'),
        ("inherits = [builder.b]", "this is none"),
        ("inherits = template.python", "inherits is a list"),
        ('inherits = [template.gpu]\nunset = ["args.KEP"]', 'Did you mean "args.KEEP"?'),
        ("inherits = [build.x]", "inherit from each other"),
    ],
)
def test_a_wrong_inheritance_is_told(body: str, words: str) -> None:
    text = f'{TEMPLATES}\nbuild "x" {{\n{body}\n}}\n'
    assert any(words in one for one in complaints(text)), complaints(text)


# -- functions


def test_functions_of_the_configuration_take_arguments_and_see_the_rest() -> None:
    found = desired(
        """
variable "registry" { default = "r:5000" }
function "image" {
  params          = [name]
  variadic_params = more
  result          = "${var.registry}/${name}:${join("-", more)}"
}
function "twice" {
  params = [text]
  result = image(text, text)
}
output "a" { value = image("x", "1", "2") }
output "b" { value = twice("y") }
"""
    )
    assert found.outputs["a"].value == "r:5000/x:1-2"
    assert found.outputs["b"].value == "r:5000/y:y"


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ('function "join" {\n params = []\n result = 1\n}', "the language's own"),
        ('function "f" { result = 1 }', "needs params"),
        ('function "f" { params = [] }', "needs a result"),
        ('function "f" {\n params = [a.b]\n result = 1\n}', "plain names"),
        ('function "f" {\n params = [a]\n result = a\n}\noutput "o" { value = f() }', "f"),
        ('function "f" {\n params = [a]\n result = b\n}\noutput "o" { value = f(1) }', '"b"'),
        (
            'function "f" {\n params = [a]\n result = f(a)\n}\noutput "o" { value = f(1) }',
            "function.f -> function.f",
        ),
    ],
)
def test_a_wrong_function_is_told(block: str, words: str) -> None:
    assert any(words in one for one in complaints(block)), complaints(block)


# -- groups

GROUPS = """
build "a" { tags = ["a:1"] }
build "b" { tags = ["b:1"] }
build "c" {
  for_each = toset(["x", "y"])
  tags     = ["c:${each.key}"]
}
group "most" { members = [build.a, group.rest] }
group "rest" { members = [build.c] }
"""


def test_a_group_stands_for_its_members_and_theirs() -> None:
    found = desired(GROUPS)
    options = with_names(PlanOptions(names=("group.most",)), found, State.new())
    only = scope(found, State.new(), options)
    assert only is not None
    assert sorted(map(str, only)) == ["build.a", 'build.c["x"]', 'build.c["y"]']
    one = scope(found, State.new(), PlanOptions(targets=(Address.parse("build.c"),)))
    assert one is not None
    assert sorted(map(str, one)) == ['build.c["x"]', 'build.c["y"]']


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ('group "g" { members = [build.z] }', "this is none"),
        ('group "g" { members = [group.g] }', "hold each other"),
        ('group "g" {}', "needs members"),
        ('group "g" {\n members = []\n targets = []\n}', '"targets"'),
    ],
)
def test_a_wrong_group_is_told(block: str, words: str) -> None:
    assert any(words in one for one in complaints(GROUPS + block)), complaints(GROUPS + block)


def test_yaml_says_all_of_it_too() -> None:
    hcl = """
template "t" { labels = { a = "b", c = "d" } }
function "f" {
  params = [x]
  result = "${x}-f"
}
group "g" { members = [context.c] }
moved {
  from = context.old
  to   = context.c
}
removed {
  from    = context.gone
  destroy = false
}
import { to = context.c }
context "c" { builder = "moby-worker" }
build "b" {
  inherits = [template.t]
  unset    = ["labels.a"]
  tags     = ["${f("x")}:1"]
}
"""
    yaml = """
template:
  t: {labels: {a: b, c: d}}
function:
  f: {params: [x], result: "${x}-f"}
group:
  g: {members: [context.c]}
moved:
  - {from: context.old, to: context.c}
removed: {from: context.gone, destroy: false}
import: {to: context.c}
context:
  c: {builder: moby-worker}
build:
  b:
    inherits: [template.t]
    unset: [labels.a]
    tags: ['${f("x")}:1']
"""
    found = desired(hcl)
    assert desired(yaml, "envdplan.yaml") == found
    assert found.resources[Address.parse("build.b")].attributes["tags"] == ("x-f:1",)
    assert all((found.moves, found.kept, found.imports, found.groups))
