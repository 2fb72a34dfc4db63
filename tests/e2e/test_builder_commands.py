"""envdplan builder and forward: looked at, pruned, stopped, started, exposed to plain envd."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Project, prepare_envd

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry, pytest.mark.envd]

CONFIG = """
variable "registry" {}
variable "project" {}
variable "buildkit_image" {}
variable "tcp" {}
variable "keys" {}

builder "box" {
  type    = "docker-container"
  name    = "${var.project}-box"
  image   = var.buildkit_image
  network = "host"
  config {
    registry = { (var.registry) = { http = true } }
  }
}

builder "far" {
  type    = "tcp"
  address = var.tcp
  tls {
    ca   = "${var.keys}/ca.pem"
    cert = "${var.keys}/client.pem"
    key  = "${var.keys}/client.key"
  }
}

context "box" { builder = builder.box }

context "far" {
  builder = builder.far
  forward = true
  use     = true
}

build "x" {
  context           = context.box
  path              = "app"
  dockerfile_inline = "FROM ${var.registry}/lib/busybox:1\\nRUN head -c 300000 /dev/urandom > /r\\n"
}
"""


@pytest.fixture
def here(project: Project, services: Mapping[str, Any]) -> Iterator[Project]:
    mtls = services["buildkitds"]["mtls"]
    project.environment["ENVDPLAN_VAR_tcp"] = mtls["address"]
    project.environment["ENVDPLAN_VAR_keys"] = str(Path(mtls["ca"]).parent)
    project.write(CONFIG)
    (project.folder / "app").mkdir()
    project.apply()
    yield project
    project.run("destroy", "--auto-approve")


def data(project: Project, *command: str) -> Any:
    done = project.run("builder", *command, "-f", "json")
    assert done.code == 0, done.text
    return json.loads(done.out)


def test_looked_at_pruned_stopped_and_started(here: Project) -> None:
    name = f"{here.environment['ENVDPLAN_VAR_project']}-box"
    listed = here.run("builder", "ls")
    assert listed.code == 0, listed.text
    lines = listed.out.splitlines()
    assert lines[0].split()[:4] == ["BUILDER", "TYPE", "ADDRESS", "STATUS"]
    assert any(
        line.split()[:4] == ["builder.box", "docker-container", name, "running"] for line in lines
    )
    rows = data(here, "ls")
    assert [one["name"] for one in rows] == ["builder.box", "builder.far", "context default"]
    box = next(one for one in rows if one["name"] == "builder.box")
    assert box["version"] == "v0.13.2"
    assert box["builds"] == 0
    assert box["cache"] > 300_000
    records = data(here, "du", "box")
    assert sum(one["size"] for one in records) == box["cache"]
    assert "in all" in here.run("builder", "du", "builder.box").out
    pruned = here.run("builder", "prune", "box", "--all")
    assert "records deleted" in pruned.out, pruned.text
    assert data(here, "du", "box") == []
    inspected = json.loads(here.run("builder", "inspect", "context.far").out)
    assert inspected["workers"][0]["platforms"]
    assert "running server on" in here.run("builder", "logs", "box").out
    assert here.run("builder", "stop", "box").code == 0
    listed = here.run("builder", "ls")
    assert f"{name}  exited" in listed.out, listed.text
    plan = here.plan()
    assert 'status = "exited" -> "running"' in plan.out
    assert "is ready" in here.run("builder", "start", "box").out
    here.assert_settled()


def test_the_list_is_drawn_again_until_it_is_stopped(here: Project) -> None:
    watching = here.start("builder", "ls", "--watch")
    try:
        seen = ""
        assert watching.stdout is not None
        while "builder.box" not in seen:
            line = watching.stdout.readline()
            assert line, seen
            seen += line
    finally:
        watching.send_signal(signal.SIGINT)
        out, err = watching.communicate(timeout=60)
    assert (watching.returncode, err) == (0, ""), out + err


def test_what_is_only_attached_to_is_not_stopped(here: Project) -> None:
    done = here.run("builder", "stop", "far")
    assert done.code == 1
    assert "is not managed by envdplan" in done.err
    done = here.run("builder", "inspect", "nobody")
    assert done.code == 1
    assert "Context not found" in done.err
    done = here.run("builder", "prune", "box", "--keep", "much")
    assert done.code == 1
    assert "Not a size" in done.err


def test_plain_envd_builds_through_a_forward(
    here: Project, services: Mapping[str, Any], envd_keys: Path
) -> None:
    home = Path(here.environment["HOME"])
    registry = here.environment["ENVDPLAN_VAR_registry"]
    prepare_envd(here, envd_keys)
    (here.folder / "app" / "build.envd").write_text(
        f'# syntax=v1\ndef build():\n    base(dev=False, image="{registry}/lib/busybox:1")\n'
    )
    served = here.start("forward", "far")
    try:
        socket = home / ".cache" / "envdplan" / "forward" / "far.sock"
        deadline = time.monotonic() + 20
        while not socket.exists() and time.monotonic() < deadline:
            time.sleep(0.05)
        assert socket.stat().st_mode & 0o777 == 0o600
        name = f"{registry}/{here.environment['ENVDPLAN_VAR_project']}/plain:1"
        done = subprocess.run(
            [services["programs"]["envd"], "build", "--path", str(here.folder / "app"), "--tag",
             name, "--output", f"type=image,name={name},push=true"],
            env={**here.environment, "HOME": str(home), "ENVD_ANALYTICS": "false"},
            capture_output=True, text=True, check=False, timeout=100,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        again = here.run("forward", "far")
        assert again.code == 1
        assert "Another process is listening" in again.err
    finally:
        served.send_signal(signal.SIGINT)
        out, err = served.communicate(timeout=20)
    assert "until Ctrl-C" in out
    assert err == ""
    assert not socket.exists()


def test_a_context_that_envd_cannot_use_is_written_only_when_asked(here: Project) -> None:
    path = here.folder / "envdplan.hcl"
    path.write_text(path.read_text().replace("  forward = true\n", ""))
    plan = here.plan()
    assert plan.code == 1
    assert "envd cannot use this builder" in plan.err
    assert "envd_compatible = false" in plan.err
    path.write_text(
        path.read_text().replace(
            "  builder = builder.far\n", "  builder = builder.far\n  envd_compatible = false\n"
        )
    )
    assert here.plan().code == 2
