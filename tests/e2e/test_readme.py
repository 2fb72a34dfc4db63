"""README's first configuration, typed into an empty folder, and bake files beside it."""

import re
import subprocess
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.e2e.conftest import ROOT, Project, Registry

pytestmark = [pytest.mark.docker, pytest.mark.registry]

README = (ROOT / "README.md").read_text()
PART = README.partition("## A configuration")[2]
BAKE = """
target "default" {
  dockerfile-inline = "FROM scratch\\nCOPY docker-bake.hcl /\\n"
  tags              = ["REGISTRY/readme-bake:1"]
  output            = ["type=registry"]
}
"""

NAMED = """
variable "registry" {}
variable "project" {}
build "x" {
  context           = "team"
  dockerfile_inline = "FROM scratch\\nLABEL of=${var.project}\\n"
  tags              = ["${var.registry}/readme-named:1"]
  push              = true
}
"""


def block(kind: str) -> str:
    """The first block of code of a kind in the section."""
    found = re.search(rf"```{kind}\n(.*?)```", PART, re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def typed(project: Project, services: Mapping[str, Any]) -> Iterator[Project]:
    """The configuration in its folder; the engine has the image of the builder already."""
    configuration = block("hcl")
    assert f'image   = "{services["images"]["buildkit_of_envd"].removeprefix("docker.io/")}"' in (
        configuration
    ), "the tests' engines cannot pull another one"
    project.write(configuration)
    for line in block("console").splitlines():
        command = line.removeprefix("$ ")
        if command.startswith(("mkdir", "printf")):
            subprocess.run(["sh", "-c", command], cwd=project.folder, check=True)
    yield project
    project.run("destroy", "--auto-approve")


def test_the_first_configuration_works_as_it_is_written(typed: Project, registry: Registry) -> None:
    plan = typed.plan()
    assert (plan.code, plan.err) == (2, "")
    typed.apply()
    assert registry.digest("base", "1") is not None
    assert registry.digest("train", "1") is not None
    typed.assert_settled()
    other = Project(typed.folder.parent / "other", typed.environment)
    other.folder.mkdir()
    other.write(BAKE.replace("REGISTRY", registry.address), "docker-bake.hcl")
    other.apply()
    assert registry.digest("readme-bake", "1") is not None
    other.assert_settled()
    listed = other.run("builder", "ls")
    assert listed.code == 0, listed.text
    assert "docker-container" in listed.out
    assert "moby-worker" in listed.out
    named = Project(typed.folder.parent / "named", typed.environment)
    named.folder.mkdir()
    named.write(NAMED)
    plan = named.plan()
    assert (plan.code, plan.err) == (2, ""), "its container has the host's network"
    named.apply()
    typed.assert_settled()
