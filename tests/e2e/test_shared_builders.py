"""A builder that one project declares, and others know by its context in envd's store alone."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Project, Registry

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry]
Docker = Callable[..., str]

OWNER = """
variable "registry" {}
variable "project" {}
variable "buildkit_image" {}

builder "ci" {
  type    = "docker-container"
  name    = "${var.project}-ci"
  image   = var.buildkit_image
  network = "host"
  config {
    registry = { (var.registry) = { http = true } }
  }
}

context "team" {
  builder = builder.ci
  use     = true
}

build "mine" {
  dockerfile_inline = "FROM ${var.registry}/lib/busybox:1\\nRUN true\\n"
  path              = "app"
  tags              = ["${var.registry}/${var.project}/mine:1"]
  push              = true
}
"""

BAKE = """
target "default" {
  context = "app"
  dockerfile-inline = "FROM REGISTRY/lib/busybox:1\\nRUN true\\n"
  tags = ["REGISTRY/PROJECT/theirs:1"]
  output = ["type=registry"]
}
"""


@pytest.fixture
def owner(project: Project) -> Iterator[Project]:
    """The project that declares the builder, applied."""
    (project.folder / "app").mkdir()
    project.write(OWNER)
    project.apply()
    yield project
    project.run("destroy", "--auto-approve")


@pytest.fixture
def guest(owner: Project, tmp_path: Path) -> Project:
    """A folder with a bake file alone, of the same user."""
    guest = replace(owner, folder=tmp_path / "guest")
    (guest.folder / "app").mkdir(parents=True)
    text = BAKE.replace("REGISTRY", owner.environment["ENVDPLAN_VAR_registry"])
    guest.write(
        text.replace("PROJECT", owner.environment["ENVDPLAN_VAR_project"]), "docker-bake.hcl"
    )
    return guest


@pytest.fixture
def container(owner: Project) -> str:
    return f"{owner.environment['ENVDPLAN_VAR_project']}-ci"


def test_two_projects_share_a_builder_that_one_of_them_declares(
    owner: Project, guest: Project, container: str, registry: Registry
) -> None:
    plan = guest.plan()
    assert plan.code == 2, plan.text
    assert "its own localhost" not in plan.err  # its container is on the host's network
    guest.apply()
    name = owner.environment["ENVDPLAN_VAR_project"]
    assert registry.digest(f"{name}/theirs", "1")
    owner.assert_settled()
    guest.assert_settled()
    listed = guest.run("builder", "ls")
    assert listed.code == 0, listed.text
    assert ["context", "team", "docker-container", container, "running"] in [
        line.split()[:5] for line in listed.out.splitlines()
    ]
    inspected = json.loads(guest.run("builder", "inspect", "team").out)
    assert (inspected["status"], len(inspected["workers"])) == ("running", 1)


def test_a_shared_builder_that_is_stopped_or_gone_is_told(
    guest: Project, container: str, docker: Docker, services: Mapping[str, Any]
) -> None:
    docker("stop", container)
    for command in (("plan",), ("plan", "-replace", "build.default")):
        plan = guest.run(*command)
        text = " ".join(plan.text.split())
        assert f'builder "{container}" of the context "team" is exited' in text, plan.text
        assert "`envdplan builder start team`" in text
        assert "0 to add" in text
    assert json.loads(guest.run("builder", "inspect", "team").out)["status"] == "exited"
    assert "is ready" in guest.run("builder", "start", "team").out
    guest.apply()
    assert guest.run("builder", "stop", "team").code == 0  # another project of envdplan made it
    assert "is ready" in guest.run("builder", "start", "team").out
    docker("pause", container)
    guest.write("", "app/new")
    assert "is paused" in " ".join(guest.run("plan").text.split())
    docker("rm", "-f", container)
    plan = guest.run("plan")
    text = " ".join(plan.text.split())
    assert f'builder "{container}" of the context "team" does not exist' in text, plan.text
    assert json.loads(guest.run("builder", "inspect", "team").out)["status"] == "absent"
    odd = ("--builder", "docker-container", "--builder-address", "a/b?c=d")
    assert guest.run("context", "create", "--name", "odd", *odd).code == 0
    listed = guest.run("builder", "ls")
    assert listed.code == 0, listed.text
    rows = [line.split() for line in listed.out.splitlines()]
    assert ["context", "odd", "docker-container", "a/b?c=d", "unusable"] in rows
    assert 'context odd: Builder of the context cannot be used. "a/b?c=d"' in listed.out
    docker("create", "--name", container, services["images"]["busybox"], "sleep", "600")
    done = guest.run("builder", "stop", "team")
    assert "carries no mark of envdplan" in " ".join(done.err.split()), done.text
    docker("rm", "-f", container)


TRIGGERED = """
envdplan {
  required_version = ">= 0"
}
context "other" {
  builder         = "unix"
  builder_address = "/run/ADDRESS.sock"
}
build "x" {
  context           = "team"
  dockerfile_inline = "FROM REGISTRY/lib/busybox:1\\nRUN true\\n"
  path              = "app"
  tags              = ["REGISTRY/PROJECT/triggered:1"]
  push              = true
  lifecycle {
    replace_triggered_by = [context.other]
  }
}
"""


def test_a_forced_build_is_deferred_as_any_other_when_its_builder_is_gone(
    guest: Project, container: str, docker: Docker
) -> None:
    text = TRIGGERED.replace("REGISTRY", guest.environment["ENVDPLAN_VAR_registry"])
    text = text.replace("PROJECT", guest.environment["ENVDPLAN_VAR_project"])
    (guest.folder / "docker-bake.hcl").unlink()
    guest.write(text.replace("ADDRESS", "one"))
    guest.apply()
    docker("rm", "-f", container)
    guest.assert_settled()  # nobody needs the builder
    told = guest.run("plan", "-replace", "build.x").text
    assert "does not exist" in " ".join(told.split()), told
    assert "0 to add, 0 to change" in told
    guest.write(text.replace("ADDRESS", "two"))
    told = guest.run("plan").text
    assert "does not exist" in " ".join(told.split()), told
    assert "0 to add, 1 to change" in told  # the context alone


def test_a_container_as_envd_makes_it_is_used_through_its_context(
    project: Project, docker: Docker, services: Mapping[str, Any]
) -> None:
    """envd gives it a name, and no label (pkg/driver/docker in envd 1.3.6)."""
    name = f"{project.environment['ENVDPLAN_VAR_project']}-envd"
    image = services["images"]["buildkit_of_envd"]
    docker("run", "-d", "--rm", "--privileged", "--name", name, "--entrypoint", "buildkitd", image)
    try:
        made = ("--name", "own", "--builder", "docker-container", "--builder-address", name)
        assert project.run("context", "create", *made, "--use").code == 0
        (project.folder / "app").mkdir()
        project.write(
            'target "default" {\n  context = "app"\n'
            '  dockerfile-inline = "FROM scratch\\nCOPY . /"\n'
            '  output = ["type=local,dest=out"]\n}\n',
            "docker-bake.hcl",
        )
        assert project.plan().code == 2
        project.apply()
        assert (project.folder / "out").is_dir()
        project.assert_settled()
        assert json.loads(project.run("builder", "inspect", "own").out)["status"] == "running"
    finally:
        docker("rm", "-f", name)


def test_a_builder_of_another_project_is_imported_with_a_word(
    owner: Project, guest: Project
) -> None:
    guest.folder.joinpath("docker-bake.hcl").unlink()
    done = guest.run("import")
    assert done.code == 0, done.text
    told = " ".join(done.out.split())
    assert "was made from another state, perhaps that of another project" in told
    assert "undo this: `envdplan state rm builder." in told
    block = (guest.folder / "imported.envdplan.hcl").read_text()
    address = next(one for one in guest.run("state", "list").out.split() if "builder" in one)
    assert address.partition(".")[2] in block
    assert guest.run("state", "rm", address).code == 0
    (guest.folder / "imported.envdplan.hcl").write_text("")
    assert "builder" not in guest.plan().out
    owner.assert_settled()


CURRENT = """
context "NAME" {
  builder         = "tcp"
  builder_address = "10.0.0.1:1"
  use             = true
}
"""


def test_two_projects_that_choose_the_current_context_are_told(
    project: Project, tmp_path: Path
) -> None:
    other = replace(project, folder=tmp_path / "other")
    other.folder.mkdir()
    project.write(CURRENT.replace("NAME", "one"))
    other.write(CURRENT.replace("NAME", "two"))
    done = project.apply()
    assert "Current context" not in done.text
    project.assert_settled()
    done = other.apply()
    assert "Current context" not in done.text  # its first apply: nobody undid anything
    told = " ".join(project.plan().text.split())
    assert "Current context was changed by others" in told
    assert 'now it is "two"' in told
    project.apply()
    assert 'now it is "one"' in " ".join(other.plan().text.split())


@pytest.mark.parametrize("others", [False, True])
def test_envds_own_default_is_neither_imported_nor_destroyed(
    project: Project, others: bool
) -> None:
    if others:
        tcp = ("--builder", "tcp", "--builder-address", "127.0.0.1:1")
        assert project.run("context", "create", "--name", "other", *tcp).code == 0
    done = project.run("import", "--out", "-")
    assert done.code == 0, done.text
    assert ("nothing to import" in done.out) is not others
    assert "moby-worker" not in done.out
    assert not (project.folder / "imported.envdplan.hcl").exists()
    project.write('context "default" { builder = "moby-worker" }')
    project.apply()
    project.write("")
    done = project.apply()
    assert "0 destroyed" in done.out, done.text
    assert "default" in project.run("context", "ls").out
