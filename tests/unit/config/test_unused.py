"""What nothing uses is a warning; whatever may use a name counts."""

import pytest

from envdplan.app.catalog import CATALOG
from envdplan.app.workflow import Project, load
from envdplan.ground.diagnostics import Diagnostic, Rejected, Severity
from envdplan.ground.source import SourceFile
from envdplan.language.functions import FUNCTIONS


def warnings(
    text: str, name: str = "envdplan.hcl", file: str = "", flags: tuple[tuple[str, str], ...] = ()
) -> list[Diagnostic]:
    files = (SourceFile("x.vars.hcl", file, "/p"),)
    project = Project((SourceFile(name, text, "/p"),), "/p", files, flags)
    return list(load(project, CATALOG, FUNCTIONS, "0.1.0").warnings)


def summaries(text: str) -> list[str]:
    return [one.summary for one in warnings(text)]


VARIABLE = 'variable "x" { default = "1" }\n'
VALIDATION = """
variable "_z" {
  default = 1
  validation {
    condition     = var._z <= var.x
    error_message = "E"
  }
}
"""
NESTED = """
builder "b" {
  type    = "tcp"
  address = "h:1"
  tls { server_name = var.x }
}
"""


def test_an_unused_variable_and_local_are_told_with_their_places() -> None:
    found = warnings(f"{VARIABLE}locals {{\n  y = 2\n}}\n")
    assert [(one.severity, one.summary, str(one.range)) for one in found] == [
        (Severity.WARNING, "Unused variable", "envdplan.hcl:1:1"),
        (Severity.WARNING, "Unused local", "envdplan.hcl:3:3"),
    ]
    assert found[0].detail == (
        'Nothing uses the variable "x". Remove it, or call it "_x" if this is intended.'
    )


@pytest.mark.parametrize(
    "user",
    [
        'output "o" { value = var.x }',
        'output "o" { value = "a ${var.x} b" }',
        'output "o" { value = var["x"] }',
        'output "o" { value = keys(var) }',
        'output "o" { value = [for k in ["x"] : var[k]] }',
        'output "o" { value = { (var.x) = 1 } }',
        'output "o" { value = [for one in [1] : one if one > var.x] }',
        "locals { _y = var.x }",
        'function "_f" {\n  params = []\n  result = var.x\n}',
        'template "_t" { args = { A = var.x } }',
        NESTED,
        VALIDATION,
        'build "b" {\n  for_each = toset(["${var.x}"])\n}',
    ],
)
def test_every_block_that_mentions_a_variable_uses_it(user: str) -> None:
    assert summaries(VARIABLE + user) == []


def test_its_own_validation_does_not_use_a_variable() -> None:
    text = """
variable "x" {
  default = 1
  validation {
    condition     = var.x > 0
    error_message = "E ${var.x}"
  }
}
"""
    assert summaries(text) == ["Unused variable"]


def test_in_yaml_it_is_the_same() -> None:
    text = """
variable:
  own: {default: 1, validation: [{condition: "${var.own > 0}", error_message: E}]}
  used: {default: 1}
template:
  t: {labels: {a: "${var.used}"}}
"""
    found = [(one.summary, str(one.range)) for one in warnings(text, "envdplan.yaml")]
    assert found == [
        ("Unused variable", "envdplan.yaml:3:3"),
        ("Unused template", "envdplan.yaml:6:3"),
    ]


def test_functions_and_templates_count_as_well() -> None:
    text = """
function "f" {
  params = [a]
  result = a
}
function "g" {
  params = [local]
  result = 1
}
template "t" { args = { A = g(1) } }
template "u" { args = { A = 1 } }
build "b" { inherits = [template.u] }
locals { unused = 1 }
"""
    assert sorted(summaries(text)) == ["Unused function", "Unused local", "Unused template"]


def test_a_name_with_an_underscore_is_meant_to_be_unused() -> None:
    assert summaries('variable "_x" { default = 1 }\nlocals { _y = 1 }') == []


def test_a_variable_that_files_or_flags_give_is_no_mistake() -> None:
    assert warnings(VARIABLE, flags=(("x", "2"),)) == []
    assert warnings(VARIABLE, file="x = 2\n") == []
    assert summaries(VARIABLE) == ["Unused variable"]


def test_a_configuration_with_mistakes_is_not_warned_of() -> None:
    project = Project((SourceFile("x.hcl", "locals { a = nope }", "/p"),), "/p")
    with pytest.raises(Rejected) as caught:
        load(project, CATALOG, FUNCTIONS, "0.1.0")
    assert [one.summary for one in caught.value.diagnostics] == ["Unknown name"]
