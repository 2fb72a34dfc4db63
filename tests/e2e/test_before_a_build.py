"""What a build needs at its end is looked at before the first one begins."""

import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from tests.e2e.conftest import Project, Registry

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry]

HEAD = """
envdplan { context_store = "../contexts" }
variable "registry" {}
variable "project" {}
variable "socket" {}
variable "second" { default = "127.0.0.1:1" }
builder "b" {
  type    = "unix"
  address = var.socket
}
context "c" { builder = builder.b }
build "first" {
  context           = context.c
  dockerfile_inline = "FROM scratch\\nLABEL a=${var.project}\\n"
  tags              = ["${var.registry}/${var.project}/first:1"]
  push              = true
}
"""


@pytest.fixture
def here(project: Project, services: Mapping[str, Any]) -> Project:
    socket = services["buildkitds"]["unix"]["address"].removeprefix("unix://")
    project.environment["ENVDPLAN_VAR_socket"] = socket
    return project


def assert_nothing_was_begun(here: Project, registry: Registry, *words: str) -> None:
    done = here.run("apply", "--auto-approve")
    assert done.code == 1, done.text
    told = " ".join(done.err.split())
    assert "so nothing was begun" in told, done.text
    for one in words:
        assert one in told
    name = here.environment["ENVDPLAN_VAR_project"]
    assert registry.digest(f"{name}/first", "1") is None
    assert not (here.folder / ".envdplan" / "state.json").exists()


SECRET = """
build "second" {
  context           = context.c
  dockerfile_inline = "FROM scratch\\nLABEL b=${var.project}\\n"
  depends_on        = [build.first]
  tags              = ["${var.registry}/${var.project}/second:1"]
  push              = true
  secret {
    id = "token"
    SOURCE
  }
}
"""


@pytest.mark.parametrize(
    ("source", "word"),
    [
        ('env = "NO_SUCH_TOKEN"', "NO_SUCH_TOKEN, which is not set"),
        ('file = "no/such"', "no/such, which"),
    ],
)
def test_a_secret_without_a_source_stops_everything(
    here: Project, registry: Registry, source: str, word: str
) -> None:
    here.write(HEAD + SECRET.replace("SOURCE", source))
    assert here.plan().code == 2
    assert_nothing_was_begun(here, registry, "Secret cannot be read", "build.second", word)
    here.environment["NO_SUCH_TOKEN"] = "there"
    (here.folder / "no").mkdir()
    (here.folder / "no" / "such").write_text("there")
    here.apply()
    here.assert_settled()


SECOND = """
build "second" {
  context           = context.c
  dockerfile_inline = "FROM scratch\\nLABEL b=${var.project}\\n"
  depends_on        = [build.first]
  tags              = ["${var.second}/${var.project}/second:1"]
  push              = true
}
"""


@pytest.fixture
def read_only(tmp_path: Path, services: Mapping[str, Any]) -> Iterator[str]:
    """The address of a real registry that takes no uploads."""
    config = tmp_path / "registry.yml"
    storage = {
        "filesystem": {"rootdirectory": str(tmp_path / "registry")},
        "maintenance": {"readonly": {"enabled": True}},
    }
    settings = {"version": 0.1, "storage": storage, "http": {"addr": "127.0.0.1:0"}}
    config.write_text(json.dumps(settings))
    log = tmp_path / "registry.log"
    with log.open("wb") as out:
        command = [services["programs"]["registry"], "serve", str(config)]
        with subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT) as process:
            try:
                yield address_of(process, log)
            finally:
                process.terminate()


def address_of(process: "subprocess.Popen[bytes]", log: Path) -> str:
    """As the log tells it, when it answers."""
    mark = "listening on "
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None:
        text = log.read_text()
        if mark in text:
            address = text.partition(mark)[2].split('"')[0].split()[0]
            with urlopen(f"http://{address}/v2/") as answer:
                assert answer.status == 200
            return address
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def test_a_registry_that_takes_nothing_stops_everything(
    here: Project, registry: Registry, read_only: str
) -> None:
    here.environment["ENVDPLAN_VAR_second"] = read_only
    here.write(HEAD + SECOND)
    plan = here.plan()
    assert plan.code == 2, plan.text
    name = here.environment["ENVDPLAN_VAR_project"]
    assert_nothing_was_begun(here, registry, f"could not push to {read_only}/{name}/second")
    here.write(HEAD)
    here.apply()


APART = """
envdplan { context_store = "../contexts" }
variable "registry" {}
variable "project" {}
variable "buildkit_image" {}
builder "ci" {
  type  = "docker-container"
  name  = "${var.project}-apart"
  image = var.buildkit_image
  pull  = "never"
}
context "c" { builder = builder.ci }
build "x" {
  for_each          = toset(["1", "2"])
  context           = context.c
  dockerfile_inline = "FROM scratch\\nLABEL a=${var.project}${each.key}\\n"
  tags              = ["${var.registry}/${var.project}/apart:${each.key}"]
  push              = true
}
"""


def test_a_localhost_of_its_own_is_told_by_the_plan_and_by_the_build_that_fails(
    project: Project,
) -> None:
    project.write(APART)
    try:
        plan = project.plan()
        assert plan.code == 2, plan.text
        assert plan.err.count("Warning: Builder has its own localhost") == 1
        assert 'in build.x["1"] and 1 more' in plan.err
        done = project.run("apply", "--auto-approve")
        assert done.code == 1
        failed = " ".join(done.out.split())
        assert "The plan warned: The builder's container has a network" in failed, done.text
        assert 'Set network = "host" in the builder' in failed
    finally:
        project.run("destroy", "--auto-approve")
