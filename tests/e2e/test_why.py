"""The plan says why, also about what the last apply had nothing to do with."""

import shutil
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.conftest import Project
from tests.e2e.test_builds import HEAD

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry]

BUILDS = """
build "a" {
  path              = "a"
  dockerfile_inline = "FROM scratch\\nCOPY f /\\n"
  tags              = ["${local.image}/a:1"]
  push              = true
}
build "b" {
  path              = "b"
  dockerfile_inline = "FROM ${build.a.image}\\nCOPY f /g\\n"
  tags              = ["${local.image}/b:1"]
  push              = true
}
"""


@pytest.fixture
def built(project: Project, services: Mapping[str, Any]) -> Project:
    address = services["buildkitds"]["unix"]["address"]
    project.environment["ENVDPLAN_VAR_socket"] = address.removeprefix("unix://")
    project.write(HEAD + BUILDS)
    for name in ("a", "b"):
        (project.folder / name).mkdir()
        (project.folder / name / "f").write_text("one")
    project.apply()
    return project


def why(project: Project) -> dict[str, list[str]]:
    return {address: one["reasons"] for address, one in project.changes().items()}


def test_inputs_that_were_known_after_apply_only_have_a_list(built: Project) -> None:
    (built.folder / "b" / "f").write_text("two")
    assert why(built) == {"build.b": ["~ f"]}


def test_lists_of_inputs_stay_when_something_else_is_applied(built: Project) -> None:
    for name in ("a", "b"):
        (built.folder / name / "f").write_text("two")
    built.apply("-target", "build.a")
    assert why(built) == {"build.b": ["~ (inline) (Dockerfile)", "~ f"]}


def test_lists_that_are_lost_come_back_with_an_apply(built: Project) -> None:
    shutil.rmtree(built.folder / ".envdplan" / "state.json.inputs")
    built.apply()
    (built.folder / "a" / "f").write_text("two")
    assert why(built)["build.a"] == ["~ f"]
