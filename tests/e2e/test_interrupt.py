"""Ctrl-C ends a build on the daemon, saves the state, and leaves nothing half told."""

import json
import signal
import subprocess
import threading
import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.conftest import Project
from tests.unit.registry.fake_registry import FakeRegistry, Seen, serving

pytestmark = [pytest.mark.buildkit, pytest.mark.registry]

CONFIG = """
variable "registry" {}
variable "socket" {}
envdplan { context_store = "../contexts" }
builder "b" {
  type    = "unix"
  address = var.socket
}
context "c" {
  builder = builder.b
  use     = true
}
build "slow" {
  path              = "app"
  dockerfile_inline = "FROM ${var.registry}/lib/busybox:1\\nRUN --network=none sleep 120\\n"
  no_cache          = true
  output {
    type = "cacheonly"
  }
}
build "after" {
  path              = "app"
  dockerfile_inline = "FROM scratch\\n"
  args              = { OF = build.slow.inputs_digest }
  depends_on        = [build.slow]
}
"""


@pytest.fixture
def building(project: Project, services: Mapping[str, Any]) -> "subprocess.Popen[str]":
    """An apply whose build runs."""
    socket = services["buildkitds"]["unix"]["address"].removeprefix("unix://")
    project.environment["ENVDPLAN_VAR_socket"] = socket
    project.write(CONFIG)
    (project.folder / "app").mkdir()
    process = project.start("apply", "--auto-approve")
    assert process.stdout is not None
    for line in process.stdout:
        if "build.slow: Building" in line:
            break
    time.sleep(1.5)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_gracefully(
    project: Project, building: "subprocess.Popen[str]", number: signal.Signals
) -> None:
    building.send_signal(number)
    out, err = building.communicate(timeout=60)
    assert building.returncode == 128 + number, out + err
    assert f"{number.name}: stopping what runs" in out
    assert "build.after: Skipped" in out
    state = json.loads((project.folder / ".envdplan" / "state.json").read_text())["content"]
    assert {one["address"] for one in state["resources"]} == {"builder.b", "context.c"}
    assert [one["address"] for one in state["pending"]] == ["build.slow"]
    assert project.run("state", "list").code == 0


def test_two_signals_end_it_at_once(project: Project, building: "subprocess.Popen[str]") -> None:
    building.send_signal(signal.SIGTERM)
    building.send_signal(signal.SIGINT)
    out, err = building.communicate(timeout=60)
    assert building.returncode in (130, 143), out + err  # two that wait come in no order
    assert "Traceback" not in out + err
    state = json.loads((project.folder / ".envdplan" / "state.json").read_text())["content"]
    assert [one["address"] for one in state["pending"]] == ["build.slow"]


PUSH = """
variable "registry" {}
envdplan { context_store = "../contexts" }
context "c" {
  builder = "moby-worker"
  use     = true
}
build "b" {
  path              = "app"
  dockerfile_inline = "FROM ${var.registry}/lib/busybox:1\\n"
  tags              = ["HOST/app:1"]
  push              = true
}
"""


def test_a_push_by_the_engine_is_left_alone(project: Project, services: Mapping[str, Any]) -> None:
    """The engine waits for a registry that says nothing, and hears nothing of us."""
    project.environment["DOCKER_HOST"] = services["engines"]["graphdriver"]["host"]
    (project.folder / "app").mkdir()
    asked, ended = threading.Event(), threading.Event()

    def hold(request: Seen) -> None:
        if request.method == "POST":
            asked.set()
            ended.wait()

    with serving(FakeRegistry(faults=[hold])) as registry:
        project.write(PUSH.replace("HOST", registry.host))
        process = project.start("apply", "--auto-approve")
        assert asked.wait(120)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
        ended.set()
    assert process.returncode == 130, out + err
    assert "Stopped while waiting for an answer" in out + err
