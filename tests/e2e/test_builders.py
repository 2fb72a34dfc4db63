"""The life of a builder's container: lost, stopped, changed, broken, foreign."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest

from envdplan.ground.checksum import seal
from tests.e2e.conftest import Project, Registry

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry]
Docker = Callable[..., str]

CONFIG = """
variable "registry" {}
variable "project" {}
variable "buildkit_image" {}

envdplan { context_store = "../contexts" }

builder "b" {
  type    = "docker-container"
  name    = "${var.project}-builder"
  image   = var.buildkit_image
  network = "host"
  env     = { GREETING = "hello" }
  config {
    registry = { (var.registry) = { http = true } }
    log { format = "text" }
  }
}

context "c" {
  builder = builder.b
  use     = true
}

build "x" {
  path              = "app"
  dockerfile_inline = <<-EOT
    FROM ${var.registry}/lib/busybox:1
    RUN date +%s%N > /when
  EOT
  tags = ["${var.registry}/${var.project}/x:1"]
  push = true
}
"""


@pytest.fixture
def applied(project: Project) -> Iterator[Project]:
    project.write(CONFIG)
    (project.folder / "app").mkdir()
    project.apply()
    yield project
    project.run("destroy", "--auto-approve")


@pytest.fixture
def name(applied: Project) -> str:
    return f"{applied.environment['ENVDPLAN_VAR_project']}-builder"


def edit(project: Project, old: str, new: str) -> None:
    path = project.folder / "envdplan.hcl"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def image_of(project: Project, registry: Registry) -> str | None:
    return registry.digest(f"{project.environment['ENVDPLAN_VAR_project']}/x", "1")


def rebuilt(project: Project, registry: Registry) -> str | None:
    """Build again from the same inputs: the same image only if the cache is still there."""
    project.apply("--replace", "build.x")
    return image_of(project, registry)


def test_a_removed_container_comes_back_with_its_cache(
    applied: Project, name: str, docker: Docker, registry: Registry
) -> None:
    before = image_of(applied, registry)
    docker("rm", "-f", name)
    plan = applied.plan()
    assert plan.code == 2
    assert "builder.b is gone" in plan.out
    assert "Plan: 1 to add, 0 to change, 0 to destroy." in plan.out
    applied.apply()
    applied.assert_settled()
    assert rebuilt(applied, registry) == before


@pytest.mark.parametrize("command", ["stop", "pause", "kill"])
def test_a_container_that_does_not_run_is_healed(
    applied: Project, name: str, docker: Docker, command: str
) -> None:
    docker(command, name)
    plan = applied.plan()
    assert plan.code == 2
    assert 'status = "' in plan.out
    assert '-> "running"' in plan.out
    applied.apply()
    assert docker("inspect", "-f", "{{.State.Status}}", name).strip() == "running"
    applied.assert_settled()


def test_a_changed_configuration_is_an_update_that_keeps_the_cache(
    applied: Project, name: str, docker: Docker, registry: Registry
) -> None:
    before = image_of(applied, registry)
    edit(applied, 'format = "text"', 'format = "json"')
    change = applied.changes()["builder.b"]
    assert change["action"] == "update"
    assert [one["path"] for one in change["differences"]] == [["config", "log", "format"]]
    applied.apply()
    assert 'format = "json"' in docker("exec", name, "cat", "/etc/buildkit/buildkitd.toml")
    applied.assert_settled()
    assert rebuilt(applied, registry) == before


def test_drift_is_shown_by_name_and_taken_back(applied: Project, name: str, docker: Docker) -> None:
    docker("update", "--restart", "no", name)
    plan = applied.plan()
    assert 'restart = "no" -> "unless-stopped"' in plan.out
    applied.apply()
    policy = docker("inspect", "-f", "{{.HostConfig.RestartPolicy.Name}}", name)
    assert policy.strip() == "unless-stopped"
    applied.assert_settled()


def test_a_failed_update_leaves_the_old_one_working(
    applied: Project, name: str, docker: Docker
) -> None:
    before = docker("inspect", "-f", "{{.Id}}", name)
    edit(applied, 'format = "text"', 'format = "json"')
    edit(applied, 'env     = { GREETING = "hello" }', 'timeout = 10\n  flags = ["--no-such-flag"]')
    done = applied.run("apply", "--auto-approve")
    assert done.code == 1
    assert "Builder did not become ready" in done.text
    assert "no-such-flag" in done.text
    assert docker("inspect", "-f", "{{.Id}}", name) == before
    assert docker("inspect", "-f", "{{.State.Status}}", name).strip() == "running"


def test_mounts_limits_and_secrets_settle_and_stay_out_of_sight(
    applied: Project, name: str, docker: Docker
) -> None:
    applied.environment["ENVDPLAN_VAR_token"] = "hunter-two"
    edit(
        applied,
        'env     = { GREETING = "hello" }',
        """env     = { TOKEN = var.token, PLAIN = "x" }
  memory  = "1g"
  cpus    = 1.5
  labels  = { team = "ml" }
  mounts  = ["/tmp:/mnt/b:ro", "/usr:/mnt/a:ro", { source = "/opt", target = "/mnt/c" }]""",
    )
    edit(
        applied,
        'variable "registry" {}',
        'variable "registry" {}\nvariable "token" {\n  sensitive = true\n}',
    )
    done = applied.apply()
    applied.assert_settled()
    assert "hunter-two" not in done.text
    assert "hunter-two" not in docker("inspect", "-f", "{{json .Config.Labels}}", name)
    applied.environment["ENVDPLAN_VAR_token"] = "hunter-three"
    plan = applied.plan()
    assert "env.TOKEN = (sensitive value) -> (sensitive value)" in plan.out
    edit(applied, "TOKEN = var.token, ", "")
    plan = applied.plan()
    assert "env.TOKEN = (sensitive value) -> null" in plan.out


def test_a_builder_that_is_gone_takes_its_volume_along_when_destroyed(
    applied: Project, name: str, docker: Docker
) -> None:
    docker("rm", "-f", name)
    assert f"{name}-state" in docker("volume", "ls", "-q")
    done = applied.run("destroy", "--auto-approve")
    assert done.code == 0, done.text
    assert f"{name}-state" not in docker("volume", "ls", "-q")


def test_a_foreign_container_is_never_touched(
    project: Project, docker: Docker, services: Mapping[str, Any]
) -> None:
    name = f"{project.environment['ENVDPLAN_VAR_project']}-builder"
    docker("create", "--name", name, services["images"]["busybox"], "sleep", "60")
    try:
        project.write(CONFIG)
        (project.folder / "app").mkdir()
        done = project.run("apply", "--auto-approve")
        assert done.code == 1
        assert "Already exists, not managed by envdplan" in done.err
        assert "envdplan import builder.b" in " ".join(done.err.split())
        assert docker("inspect", "-f", "{{.State.Status}}", name).strip() == "created"
    finally:
        docker("rm", "-f", name)


def test_the_real_envd_finds_the_context_and_its_builder(
    applied: Project, name: str, envd_program: Any, envd_keys: Any
) -> None:
    import os
    import shutil
    import subprocess

    home = applied.folder.parent / "envd-home"
    store = home / ".config" / "envd"
    store.mkdir(parents=True)
    for key in envd_keys.iterdir():
        shutil.copy(key, store)
    shutil.copy(applied.folder.parent / "contexts", store / "contexts")
    shown = subprocess.run(
        [envd_program, "context", "ls", "-f", "json"],
        env={"HOME": str(home), "PATH": os.environ["PATH"], "ENVD_ANALYTICS": "false"},
        capture_output=True,
        text=True,
        check=True,
    )
    found = {one["context"]: one for one in json.loads(shown.stdout)}
    assert found["c"]["builder_addr"] == f"docker-container://{name}"
    assert found["c"]["current"] is True


def test_another_name_leaves_no_container_behind(
    applied: Project, name: str, docker: Docker
) -> None:
    edit(applied, "-builder", "-other")
    plan = applied.plan()
    assert f"its name changes from {name} to {name.replace('-builder', '-other')}" in plan.out
    applied.apply()
    listed = docker("ps", "-a", "--format", "{{.Names}}") + docker("volume", "ls", "-q")
    assert f"{name}\n" not in listed
    assert f"{name}-state" not in listed
    assert name.replace("-builder", "-other") in listed
    applied.assert_settled()


def test_a_name_that_somebody_has_is_refused_before_anything_goes(
    applied: Project, name: str, docker: Docker, services: Mapping[str, Any]
) -> None:
    other = name.replace("-builder", "-other")
    docker("create", "--name", other, services["images"]["busybox"], "sleep", "60")
    try:
        edit(applied, "-builder", "-other")
        done = applied.run("apply", "--auto-approve")
        assert done.code == 1
        assert "New name is already taken" in done.err
        assert docker("inspect", "-f", "{{.State.Status}}", name).strip() == "running"
    finally:
        docker("rm", "-f", other)


def test_a_container_of_others_under_a_recorded_name_is_let_be_until_it_is_taken_over(
    applied: Project, name: str, docker: Docker, services: Mapping[str, Any]
) -> None:
    docker("rm", "-f", name)
    docker("run", "-d", "--name", name, services["images"]["busybox"], "sleep", "600")
    theirs = docker("inspect", "-f", "{{.Id}}", name)
    commands = (
        ("apply", "--auto-approve"),
        ("apply", "--auto-approve", "-replace", "builder.b"),
        ("builder", "stop", "b"),
        ("builder", "start", "b"),
        ("builder", "prune", "b"),
    )
    for command in commands:
        done = applied.run(*command)
        assert done.code == 1, done.text
        assert "carries no mark of this state" in " ".join(done.err.split()), done.text
    state = docker("inspect", "-f", "{{.Id}} {{.State.Status}}", name)
    assert state == f"{theirs.strip()} running\n"
    plan = applied.run("plan", "-destroy")
    assert "somebody else's, and stays as it is" in plan.out, plan.text
    assert applied.run("import", "builder.b").code == 0
    applied.apply()
    assert docker("inspect", "-f", "{{.Id}}", name) != theirs
    applied.assert_settled()


def test_a_planted_state_destroys_nothing(
    project: Project, docker: Docker, services: Mapping[str, Any]
) -> None:
    """A state that comes with a repository may name any container of whoever runs it."""
    name = f"{project.environment['ENVDPLAN_VAR_project']}-theirs"
    docker("run", "-d", "--name", name, services["images"]["busybox"], "sleep", "600")
    docker("volume", "create", f"{name}-state")
    record = {
        "address": "builder.b",
        "type": "docker-container",
        "attributes": {"name": name, "address": name},
        "depends_on": [],
        "prevent_destroy": False,
    }
    state = {"lineage": "x", "serial": 3, "resources": [record], "pending": [], "outputs": {}}
    try:
        project.write("")
        (project.folder / ".envdplan").mkdir()
        (project.folder / ".envdplan" / "state.json").write_bytes(seal("state", 1, state))
        done = project.apply()
        assert "somebody else's, and stays as it is" in done.out, done.text
        assert docker("inspect", "-f", "{{.State.Status}}", name).strip() == "running"
        assert f"{name}-state" in docker("volume", "ls", "-q")
    finally:
        docker("rm", "-f", name)
        docker("volume", "rm", f"{name}-state")
