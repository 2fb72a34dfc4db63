"""From texts to a desired state: variables, links, order, and the two syntaxes."""

from collections.abc import Mapping
from typing import Any

import pytest

from envdplan.app.catalog import CATALOG
from envdplan.app.workflow import Loaded, Project, load, load_settings
from envdplan.core.state.desired import DesiredState
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Rejected
from envdplan.ground.source import SourceFile
from envdplan.ground.values import UNKNOWN, Sensitive, Value
from envdplan.language.functions import FUNCTIONS

HCL = """
envdplan {
  state = "state/s.json"
}
variable "registry" {
  type    = string
  default = "localhost:5000"
}
locals { image = "${var.registry}/x" }
builder "gpu" {
  type   = "docker-container"
  name   = "gpu-1"
  memory = "2g"
  config {
    worker {
      oci { max-parallelism = 4 }
    }
    registry "r:5000" {
      http = true
    }
  }
}
context "demo" {
  builder = builder.gpu
  use     = true
}
build "base" {
  path = "./base"
  tags = [local.image]
  push = true
}
build "app" {
  context = context.demo
  args    = { BASE = build.base.image, N = 3 }
  output {
    type = "tar"
    dest = "out.tar"
  }
  lifecycle { prevent_destroy = true }
}
output "image" { value = build.base.image }
"""
YAML = """
envdplan: {state: state/s.json}
variable:
  registry: {type: string, default: "localhost:5000"}
locals: {image: "${var.registry}/x"}
builder:
  gpu:
    type: docker-container
    name: gpu-1
    memory: 2g
    config:
      worker: {oci: {max-parallelism: 4}}
      registry: {"r:5000": {http: true}}
context:
  demo: {builder: "${builder.gpu}", use: true}
build:
  base: {path: ./base, tags: ["${local.image}"], push: true}
  app:
    context: ${context.demo}
    args: {BASE: "${build.base.image}", N: 3}
    output: [{type: tar, dest: out.tar}]
    lifecycle: {prevent_destroy: true}
output:
  image: {value: "${build.base.image}"}
"""


def loaded(text: str, name: str = "f.hcl", **more: Any) -> Loaded:
    project = Project((SourceFile(name, text, "/p"),), "/p", **more)
    return load(project, CATALOG, FUNCTIONS, "0.1.0")


def attributes(state: DesiredState, address: str) -> Mapping[str, Value]:
    return state.resources[Address.parse(address)].attributes


def test_the_two_syntaxes_mean_the_same() -> None:
    hcl, yaml = loaded(HCL), loaded(YAML, "f.yaml")
    assert hcl.desired == yaml.desired
    assert hcl.settings == yaml.settings


def test_references_become_what_is_needed() -> None:
    state = loaded(HCL).desired
    context = attributes(state, "context.demo")
    assert (context["builder"], context["builder_address"]) == ("docker-container", "gpu-1")
    base, app = attributes(state, "build.base"), attributes(state, "build.app")
    assert base["context"] == "demo"
    assert base["connection"]["resource"] == "builder.gpu"
    assert base["path"] == "/p/base"
    assert app["args"] == {"BASE": UNKNOWN, "N": "3"}
    assert app["output"] == ({"type": "tar", "dest": "/p/out.tar"},)
    assert attributes(state, "builder.gpu")["memory"] == 2 * 1024**3
    resource = state.resources[Address.parse("build.app")]
    assert [str(one) for one in resource.depends_on] == ["context.demo", "build.base"]
    assert resource.lifecycle.prevent_destroy


def test_what_was_unknown_is_evaluated_again() -> None:
    state = loaded(HCL).desired
    resource = state.resources[Address.parse("build.app")]
    assert resource.resolve is not None
    base = Address.parse("build.base")
    again = resource.resolve({base: {"image": "r/x@sha256:1"}})
    assert again["args"] == {"BASE": "r/x@sha256:1", "N": "3"}
    assert again["connection"]["resource"] == "builder.gpu"
    output = state.outputs["image"]
    assert output.resolve is not None
    assert output.resolve({base: {"image": "i"}}) == "i"


def test_paths_of_one_more_expression_start_at_the_project() -> None:
    assert loaded("").value('abspath("x")', {}) == "/p/x"


def test_order_of_files_and_blocks_does_not_matter() -> None:
    blocks = HCL.split("\n}\n")
    files = [SourceFile(f"{n}.hcl", text + "\n}\n", "/p") for n, text in enumerate(blocks[:-1])]
    files.append(SourceFile("z.hcl", blocks[-1], "/p"))
    one = load(Project(tuple(files), "/p"), CATALOG, FUNCTIONS, "0.1.0")
    other = load(Project(tuple(reversed(files)), "/p"), CATALOG, FUNCTIONS, "0.1.0")
    assert one.desired == other.desired == loaded(HCL).desired


VARIABLE = 'variable "v" { default = "0" }\noutput "o" { value = var.v }\n'


def value(text: str = VARIABLE, **more: Any) -> Value:
    return loaded(text, **more).desired.outputs["o"].value


def test_the_last_value_given_wins() -> None:
    environment = {"ENVDPLAN_VAR_v": "1"}
    files = tuple(SourceFile(f"{n}.vars.hcl", f'v = "{n}"\n', "/p") for n in (2, 3))
    assert value() == "0"
    assert value(environment=environment) == "1"
    assert value(environment=environment, variable_files=files) == "3"
    flags = (("v", "4"), ("v", "5"))
    assert value(environment=environment, variable_files=files, flags=flags) == "5"
    assert value(environment=environment, flags=flags, planned={"v": "6"}) == "6"


@pytest.mark.parametrize(
    ("type", "text", "expected"),
    [
        ("string", "[1]", "[1]"),
        ("number", "2.0", 2),
        ("bool", "true", True),
        ("list(number)", '["1", 2]', (1, 2)),
        ("map(string)", '{"a": 1}', {"a": "1"}),
        ("object({ a = string, b = optional(number, 7) })", '{"a": "x"}', {"a": "x", "b": 7}),
    ],
)
def test_text_is_read_by_the_type(type: str, text: str, expected: Value) -> None:
    config = f'variable "v" {{ type = {type} }}\noutput "o" {{ value = var.v }}\n'.replace(
        " { type", " {\n  type"
    ).replace(f"{type} }}\n", f"{type}\n}}\n")
    assert value(config, environment={"ENVDPLAN_VAR_v": text}) == expected
    assert value(config, flags=(("v", text),)) == expected


@pytest.mark.parametrize(
    "more",
    [
        {"flags": (("w", "1"),)},
        {"variable_files": (SourceFile("x.vars.hcl", 'w = "1"\n', "/p"),)},
        {"variable_files": (SourceFile("x.vars.yaml", "w: 1\n", "/p"),)},
    ],
)
def test_an_unknown_variable_is_a_mistake(more: dict[str, Any]) -> None:
    with pytest.raises(Rejected, match="Unknown variable"):
        value(**more)


def test_sensitive_values_are_marked_and_never_told() -> None:
    config = (
        'variable "v" {\n  type = number\n  sensitive = true\n}\n'
        'output "o" {\n  value = var.v\n  sensitive = true\n}\n'
    )
    assert value(config, flags=(("v", "1"),)) == Sensitive(1)
    with pytest.raises(Rejected) as caught:
        value(config, flags=(("v", "s3cr3t"),))
    assert "s3cr3t" not in "".join(one.detail for one in caught.value.diagnostics)


def test_settings_are_read_from_a_configuration_that_is_otherwise_wrong() -> None:
    project = Project((SourceFile("f.hcl", HCL + "build {\n", "/p"),), "/p")
    assert load_settings(project, "0.1.0").state == "/p/state/s.json"


def test_a_name_that_no_block_declares_is_left_to_the_store() -> None:
    state = loaded('build "x" { context = "elsewhere" }\n').desired
    assert attributes(state, "build.x")["connection"] is None


def test_long_chains_are_evaluated() -> None:
    lines = ["locals {", "  a0 = 1", *(f"  a{n} = local.a{n - 1} + 1" for n in range(1, 3000)), "}"]
    text = "\n".join(lines) + '\noutput "o" { value = local.a2999 }\n'
    assert value(text) == 3000


def test_a_variable_of_the_environment_that_nobody_declares_is_told() -> None:
    environment = {"ENVDPLAN_VAR_vv": "1", "ENVDPLAN_VAR_v": "2", "VV": "3"}
    found = loaded('variable "v" { default = "0" }\noutput "o" { value = var.v }\n',
                   environment=environment).warnings  # fmt: skip
    (told,) = found
    assert told.summary == "Unknown variable in the environment"
    assert told.detail.startswith("ENVDPLAN_VAR_vv has no effect")
    assert told.detail.endswith('Did you mean "v"?')


@pytest.mark.parametrize("name", ["state", "context_store"])
def test_an_address_is_no_path(name: str) -> None:
    with pytest.raises(Rejected) as refused:
        loaded(f'envdplan {{ {name} = "s3://bucket/key" }}\n')
    (problem,) = refused.value.diagnostics
    assert problem.summary == "Not a path"
    assert "cannot store anything at s3://" in problem.detail
