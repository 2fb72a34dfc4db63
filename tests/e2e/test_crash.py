"""kill -9 at random moments of an apply: the next one converges, nothing is lost or doubled."""

import json
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from tests.e2e.conftest import Project, Registry

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry, pytest.mark.slow]

MOMENTS = 100
CONFIG = """
variable "registry" {}
variable "project" {}
variable "buildkit_image" {}
variable "round" {}
variable "socket" {}

envdplan { context_store = "../contexts" }

builder "container" {
  type    = "docker-container"
  name    = "${var.project}-crash"
  image   = var.buildkit_image
  network = "host"
  env     = { ROUND = var.round }
  config {
    registry = { (var.registry) = { http = true } }
  }
}

builder "daemon" {
  type    = "unix"
  address = var.socket
}

context "container" { builder = builder.container }
context "daemon" {
  builder = builder.daemon
  use     = true
}
context "tcp" {
  builder         = "tcp"
  builder_address = "10.0.0.1:${1000 + var.round}"
}

build "a" {
  path              = "app"
  dockerfile_inline = "FROM scratch\\nLABEL round=${var.round}\\n"
  tags              = ["${var.registry}/${var.project}/a:${var.round}"]
  push              = true
}
build "b" {
  context           = context.container
  path              = "app"
  dockerfile_inline = "FROM ${var.registry}/lib/busybox:1\\nLABEL round=${var.round}\\n"
  tags              = ["${var.registry}/${var.project}/b:${var.round}"]
  push              = true
}
"""


@pytest.mark.timeout(900)
def test_an_apply_that_is_killed_is_finished_by_the_next(
    project: Project,
    services: Mapping[str, Any],
    registry: Registry,
    docker: Callable[..., str],
) -> None:
    name = project.environment["ENVDPLAN_VAR_project"]
    socket = services["buildkitds"]["unix"]["address"].removeprefix("unix://")
    project.environment["ENVDPLAN_VAR_socket"] = socket
    project.write(CONFIG)
    (project.folder / "app").mkdir()
    moments = random.Random(17)
    try:
        for moment in range(MOMENTS):
            project.environment["ENVDPLAN_VAR_round"] = str(moment // 4)
            process = project.start("apply", "--auto-approve")
            time.sleep(moments.uniform(0.3, 1.9))
            process.kill()
            process.communicate()
            if moment % 4 == 3:
                settle(project, registry, name, str(moment // 4))
                assert docker("ps", "-aq", "--filter", f"name={name}-crash").count("\n") == 1
    finally:
        project.run("destroy", "--auto-approve")
    left = docker("ps", "-a", "--format", "{{.Names}}") + docker("volume", "ls", "-q")
    assert f"{name}-crash" not in left


def settle(project: Project, registry: Registry, name: str, round: str) -> None:
    project.apply()
    project.assert_settled()
    for image in ("a", "b"):
        assert registry.digest(f"{name}/{image}", round) is not None
    listed = project.run("context", "ls", "--store", "../contexts", "-f", "json")
    names = [one["context"] for one in json.loads(listed.out)]
    assert sorted(names) == ["container", "daemon", "default", "tcp"]
    state = json.loads((project.folder / ".envdplan" / "state.json").read_text())["content"]
    assert len(state["resources"]) == 7
    assert state["pending"] == []
