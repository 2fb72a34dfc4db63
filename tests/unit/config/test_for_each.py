"""for_each: one block, many resources, each with its own edges."""

import pytest

from envdplan.app.catalog import CATALOG
from envdplan.app.workflow import Project, load
from envdplan.core.state.desired import DesiredState
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Rejected
from envdplan.ground.source import SourceFile
from envdplan.ground.values import UNKNOWN
from envdplan.language.functions import FUNCTIONS


def desired(text: str, name: str = "envdplan.hcl") -> DesiredState:
    project = Project((SourceFile(name, text, "/p"),), "/p")
    return load(project, CATALOG, FUNCTIONS, "0.1.0").desired


def complaints(text: str) -> list[str]:
    with pytest.raises(Rejected) as caught:
        desired(text)
    return [one.detail for one in caught.value.diagnostics]


HCL = """
locals { hosts = { a = "10.0.0.1", "b c" = "10.0.0.2" } }
builder "far" {
  for_each = local.hosts
  type     = "tcp"
  address  = "${each.value}:8888"
}
context "far" {
  for_each = builder.far
  builder  = each.value
}
context "one" {
  builder         = "tcp"
  builder_address = local.first
}
locals { first = builder.far["a"].address }
output "all" { value = [for one in builder.far : one.address] }
"""
YAML = """
locals:
  hosts: {a: 10.0.0.1, b c: 10.0.0.2}
  first: '${builder.far["a"].address}'
builder:
  far: {for_each: "${local.hosts}", type: tcp, address: "${each.value}:8888"}
context:
  far: {for_each: "${builder.far}", builder: "${each.value}"}
  one: {builder: tcp, builder_address: "${local.first}"}
output:
  all: {value: "${[for one in builder.far : one.address]}"}
"""


def test_each_key_is_a_resource_with_a_name_of_its_own() -> None:
    found = desired(HCL)
    assert [str(one) for one in found.resources] == [
        'builder.far["a"]', 'builder.far["b c"]', 'context.far["a"]', 'context.far["b c"]',
        "context.one",
    ]  # fmt: skip
    second = found.resources[Address.parse('context.far["b c"]')]
    assert second.attributes["name"] == "far-b-c"
    assert second.attributes["builder_address"] == "10.0.0.2:8888"
    assert found.outputs["all"].value == ("10.0.0.1:8888", "10.0.0.2:8888")


def test_edges_go_to_the_instances_that_are_used_and_to_no_others() -> None:
    found = desired(HCL).resources
    edges = {str(name): [str(one) for one in each.depends_on] for name, each in found.items()}
    assert edges['context.far["a"]'] == ['builder.far["a"]']
    assert edges['context.far["b c"]'] == ['builder.far["b c"]']
    assert edges["context.one"] == ['builder.far["a"]']


def test_yaml_says_the_same() -> None:
    assert desired(YAML, "envdplan.yaml") == desired(HCL)


def test_a_matrix_makes_every_combination() -> None:
    found = desired(
        """
build "x" {
  for_each = matrix({ py = ["3.11", "3.12"], cuda = ["12", "13"] })
  args     = { PY = each.value.py, CUDA = each.value.cuda }
  tags     = ["x:${each.key}"]
}
"""
    )
    names = [str(one.key) for one in found.resources]
    assert names == ["12-3.11", "12-3.12", "13-3.11", "13-3.12"]
    one = found.resources[Address.parse('build.x["13-3.11"]')]
    assert one.attributes["args"] == {"CUDA": "13", "PY": "3.11"}


def test_self_is_what_the_block_declares() -> None:
    found = desired('context "x" {\n  builder = "moby-worker"\n  name = "x-${self.builder}"\n}')
    assert found.resources[Address.parse("context.x")].attributes["name"] == "x-moby-worker"


def test_values_that_are_known_later_do_not_hold_up_the_keys() -> None:
    found = desired(
        """
build "base" {
  for_each = toset(["a", "b"])
  tags     = ["${each.key}:1"]
  push     = true
}
build "app" {
  for_each = build.base
  args     = { BASE = each.value.image }
  tags     = ["app-${each.key}:1"]
}
"""
    )
    app = found.resources[Address.parse('build.app["a"]')]
    assert app.attributes["args"] == {"BASE": UNKNOWN}
    assert [str(one) for one in app.depends_on] == ['build.base["a"]']
    assert app.resolve is not None
    known = {Address.parse('build.base["a"]'): {"image": "a@sha256:1"}}
    assert app.resolve(known)["args"] == {"BASE": "a@sha256:1"}


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('for_each = ["a"]', "toset(...)"),
        ("for_each = build.y.digest", "known only after apply"),
        ('for_each = toset([sensitive("a")])', "cannot be sensitive"),
        ("for_each = { a = 1 }\n args = { A = each.valu }", "valu"),
        ("args = { A = each.key }", "each"),
        ("path = self.target\n target = self.path", "refer to each other"),
        ("for_each = build.x", "depend on each other"),
    ],
)
def test_what_cannot_be_is_told(body: str, words: str) -> None:
    text = f'build "x" {{\n{body}\n}}\nbuild "y" {{ tags = ["y:1"] }}\n'
    assert any(words in one for one in complaints(text)), complaints(text)


def test_a_wrong_variable_is_not_told_again_by_what_is_made_of_it() -> None:
    project = Project(
        (
            SourceFile(
                "envdplan.hcl",
                """
                variable "names" { type = map(string) }
                build "x" {
                  for_each = var.names
                  tags     = ["x:${each.key}"]
                }
                output "o" { value = build.x["a"].digest }
                """,
                "/p",
            ),
        ),
        "/p",
        flags=(("names", "a,b"),),
    )
    with pytest.raises(Rejected) as caught:
        load(project, CATALOG, FUNCTIONS, "0.1.0")
    assert [one.summary for one in caught.value.diagnostics] == ["Value does not fit the type"]
