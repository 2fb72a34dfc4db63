"""`data "image"` and digest(): what is in registries, looked at while planning."""

import pytest

from envdplan.app.catalog import CATALOG
from envdplan.app.workflow import Project, load
from envdplan.core.state.desired import DesiredState
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import EnvdplanError, Rejected
from envdplan.ground.source import SourceFile
from envdplan.ground.values import UNKNOWN, Value
from envdplan.language.evaluation.context import nobody_asked
from envdplan.language.evaluation.data import AskImage
from envdplan.language.functions import FUNCTIONS

HCL = """
variable "base" { default = "python:3.12" }
data "image" "base" { ref = var.base }
build "x" {
  args = { BASE = data.image.base.pinned }
  tags = ["x:1"]
}
output "digest" { value = digest("python:3.12") }
output "platforms" { value = data.image["base"].platforms }
"""
YAML = """
variable: {base: {default: "python:3.12"}}
data: {image: {base: {ref: "${var.base}"}}}
build: {x: {args: {BASE: "${data.image.base.pinned}"}, tags: ["x:1"]}}
output:
  digest: {value: '${digest("python:3.12")}'}
  platforms: {value: '${data.image["base"].platforms}'}
"""


def answer(ref: str) -> Value:
    if ref == "python:3.12":
        return {
            "created": None,
            "digest": "sha256:1",
            "pinned": "docker.io/library/python@sha256:1",
            "platforms": ("linux/amd64",),
            "ref": ref,
        }
    raise EnvdplanError("Image not found", f"{ref} does not exist.")


def desired(text: str, name: str = "envdplan.hcl", ask: AskImage = answer) -> DesiredState:
    project = Project((SourceFile(name, text, "/p"),), "/p", image=ask)
    return load(project, CATALOG, FUNCTIONS, "0.1.0").desired


@pytest.mark.parametrize(("name", "text"), [("envdplan.hcl", HCL), ("envdplan.yaml", YAML)])
def test_an_image_is_a_value(name: str, text: str) -> None:
    found = desired(text, name)
    build = found.resources[Address.parse("build.x")]
    assert build.attributes["args"] == {"BASE": "docker.io/library/python@sha256:1"}
    assert found.outputs["digest"].value == "sha256:1"
    assert found.outputs["platforms"].value == ("linux/amd64",)


def test_nobody_is_asked_where_nothing_may_be_looked_at() -> None:
    found = desired(HCL, ask=nobody_asked)
    assert found.outputs["digest"].value is UNKNOWN
    assert found.resources[Address.parse("build.x")].attributes["args"] == {"BASE": UNKNOWN}


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ('data "image" "x" {\n  ref = "gone:1"\n}', "gone:1 does not exist", 2),
        ('data "image" "x" {\n  ref = 1\n}', "reference of an image", 2),
        ('data "image" "x" {}', "needs its ref", 1),
        ('data "image" "x" {\n  reef = "a"\n}', 'Did you mean "ref"?', 2),
        ('data "imag" "x" {\n}', 'Did you mean "image"?', 1),
        ('data "image" {\n}', "a type and a name", 1),
        ('output "o" {\n  value = digest("gone:1")\n}', "gone:1 does not exist", 2),
        ('output "o" {\n  value = data.image.x\n}', 'nothing called "data.image"', 2),
    ],
)
def test_what_is_wrong_with_data(text: str, words: str, line: int) -> None:
    with pytest.raises(Rejected) as caught:
        desired(text)
    found = [(one.detail, one.range) for one in caught.value.diagnostics]
    assert any(words in detail for detail, _ in found), found
    assert found[0][1] is not None
    assert found[0][1].start.line == line


def test_a_secret_reference_is_not_shown() -> None:
    text = """
    variable "pw" {
      default   = "hush"
      sensitive = true
    }
    data "image" "x" { ref = "r/${var.pw}:1" }
    """
    with pytest.raises(Rejected) as caught:
        desired(text)
    assert "hush" not in str(caught.value)


def test_instances_that_only_a_registry_tells_are_left_to_the_plan() -> None:
    text = """
    data "image" "x" { ref = "python:3.12" }
    build "b" {
      for_each = toset(data.image.x.platforms)
      tags     = ["b:${replace(each.key, "/", "-")}"]
    }
    output "o" { value = build.b["linux/amd64"].digest }
    """
    assert list(map(str, desired(text).resources)) == ['build.b["linux/amd64"]']
    assert desired(text, ask=nobody_asked).resources == {}
