"""Ctrl-C ends a build on the daemon, saves the state, and leaves nothing half told."""

import json
import signal
import time
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.conftest import Project

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


def test_ctrl_c_stops_gracefully(project: Project, services: Mapping[str, Any]) -> None:
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
    process.send_signal(signal.SIGINT)
    begun = time.monotonic()
    out, err = process.communicate(timeout=60)
    assert time.monotonic() - begun < 30
    assert process.returncode == 130, out + err
    assert "SIGINT: stopping what runs" in out
    assert "build.after: Skipped" in out
    state = json.loads((project.folder / ".envdplan" / "state.json").read_text())["content"]
    assert {one["address"] for one in state["resources"]} == {"builder.b", "context.c"}
    assert [one["address"] for one in state["pending"]] == ["build.slow"]
    assert project.run("state", "list").code == 0
