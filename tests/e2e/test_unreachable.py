"""What cannot be reached is never a success, and is told once for all that it hinders."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.conftest import Project

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry]

HEAD = """
envdplan { context_store = "../contexts" }
variable "registry" {}
variable "project" {}
variable "socket" {}
context "c" { builder = builder.ci }
build "x" {
  for_each          = toset([for n in range(13) : tostring(n)])
  context           = context.c
  dockerfile_inline = "FROM scratch\\nLABEL n=${each.key}\\n"
  tags              = ["${var.registry}/${var.project}/x:${each.key}"]
  push              = true
}
"""
IN_ENGINE = """
builder "ci" {
  type  = "docker-container"
  image = "moby/buildkit"
}
"""
ON_SOCKET = """
builder "ci" {
  type    = "unix"
  address = var.socket
}
"""


@pytest.fixture
def here(project: Project, services: Mapping[str, Any]) -> Project:
    socket = services["buildkitds"]["unix"]["address"].removeprefix("unix://")
    project.environment["ENVDPLAN_VAR_socket"] = socket
    return project


def errors(project: Project) -> list[dict[str, Any]]:
    done = project.run("plan", "--json")
    assert done.code == 1
    lines = [json.loads(line) for line in done.out.splitlines()]
    return [one for one in lines if one["type"] == "diagnostic" and one["severity"] == "error"]


def assert_told_once(project: Project, summary: str, number: int) -> None:
    for options in ((), ("--detailed-exitcode",)):
        plan = project.run("plan", *options)
        assert plan.code == 1, plan.text
        assert plan.err.count(f"Error: {summary}\n") == 1, plan.err
        assert f"Deferred: {number} resources" in plan.out
        assert len(plan.text.splitlines()) < 60, plan.text
    (told,) = errors(project)
    assert told["summary"] == summary
    assert len(told["addresses"]) == number
    applied = project.run("apply", "--auto-approve")
    assert applied.code == 1
    assert "Apply incomplete!" in applied.out
    assert "Apply complete!" not in applied.out


def test_without_an_engine_an_apply_is_incomplete(here: Project) -> None:
    here.environment["DOCKER_HOST"] = "unix:///no/such/docker.sock"
    here.write(HEAD + IN_ENGINE)
    assert_told_once(here, "Docker Engine cannot be reached", 14)


def test_without_a_registry_nothing_counts_as_never_built(here: Project) -> None:
    here.environment["ENVDPLAN_VAR_registry"] = "127.0.0.1:1"
    here.write(HEAD + ON_SOCKET)
    assert_told_once(here, "Registry cannot be reached", 13)
    assert "never built" not in here.run("plan").out


def test_a_saved_plan_tells_what_it_leaves_out(here: Project) -> None:
    here.environment["ENVDPLAN_VAR_registry"] = "127.0.0.1:1"
    here.write(HEAD + ON_SOCKET)
    assert here.run("plan", "--out", "p").code == 1
    applied = here.run("apply", "p")
    assert applied.code == 1
    assert "Error: Registry cannot be reached" in applied.err
    assert "13 could not be decided" in applied.out


def test_output_after_a_failed_build_says_what_has_to_succeed(here: Project) -> None:
    here.write(
        HEAD.replace("LABEL n=${each.key}", "COPY nothing /")
        + ON_SOCKET
        + 'output "image" { value = build.x["1"].image }\n'
    )
    assert here.run("apply", "--auto-approve", "-target", 'build.x["1"]').code == 1
    shown = here.run("output", "-json", "image")
    assert (shown.code, shown.out) == (1, "")
    assert 'Output "image" is known when build.x has succeeded.' in " ".join(shown.err.split())
