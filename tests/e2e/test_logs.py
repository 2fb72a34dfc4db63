"""ENVDPLAN_LOG on real parts: every call, and no secret."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.conftest import Project
from tests.e2e.test_builds import HEAD

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry]

BUILD = """
variable "private" {}
variable "password" { sensitive = true }
variable "flag" { sensitive = true }
build "x" {
  dockerfile_inline = <<-EOT
    FROM ${var.private}/lib/busybox:1
    ARG TOKEN
    RUN --mount=type=secret,id=s test "$TOKEN" = swordfish-argument && test -s /run/secrets/s
  EOT
  args = {
    TOKEN = var.flag
  }
  secret {
    id    = "s"
    value = var.password
  }
  tags     = ["${var.private}/${var.project}/x:1"]
  push     = true
  no_cache = true
}
"""


def test_an_apply_is_logged_with_every_call_and_no_secret(
    project: Project, services: Mapping[str, Any]
) -> None:
    registry = services["registries"]["tls"]
    login = base64.b64encode(f"{registry['username']}:{registry['password']}".encode()).decode()
    (project.folder / "config.json").write_text(
        json.dumps({"auths": {registry["address"]: {"auth": login}}})
    )
    (project.folder / ".dockerignore").write_text("*\n")
    log = project.folder.parent / "log"
    address = services["buildkitds"]["unix"]["address"]
    secrets = {"password": "swordfish/secret", "flag": "swordfish-argument"}
    project.environment |= {
        "DOCKER_CONFIG": str(project.folder),
        "SSL_CERT_FILE": registry["ca"],
        "ENVDPLAN_VAR_private": registry["address"],
        "ENVDPLAN_VAR_socket": address.removeprefix("unix://"),
        "ENVDPLAN_VAR_password": secrets["password"],
        "ENVDPLAN_LOG": "info",
        "ENVDPLAN_LOG_FILE": str(log),
    }
    project.write(HEAD + BUILD)
    applied = project.apply("--json", "--var", f"flag={secrets['flag']}")

    assert all(json.loads(line) for line in applied.out.splitlines())
    assert applied.err == ""
    text = log.read_text()
    for secret in (*secrets.values(), registry["password"], login, "swordfish"):
        assert secret not in text
    assert re.search(r"cli: command envdplan apply --auto-approve --json --var flag=\.\.\.\n", text)
    engine = re.escape(project.environment["DOCKER_HOST"])
    host, socket = re.escape(registry["address"]), re.escape(address)
    name = re.escape(project.environment["ENVDPLAN_VAR_project"])
    for call in (
        rf"clients.registry: HEAD https://{host}/v2/{name}/x/manifests/1 401",
        rf"clients.registry: HEAD https://{host}/v2/{name}/x/manifests/1 200",
        rf"clients.registry: POST https://{host}/v2/{name}/x/blobs/uploads/ 202",
        rf"resources: HEAD {engine} /_ping 200",
        rf"clients.buildkit: ListWorkers {socket} OK",
        rf"clients.buildkit: Solve {socket} OK",
        rf"clients.buildkit: Status {socket} OK",
        rf"clients.buildkit: Session {socket} \w+",
        "clients.buildkit: serve /moby.buildkit.secrets.v1.Secrets/GetSecret OK",
        r"clients.buildkit: serve /moby.filesync.v1.Auth/\w+ OK",
        "clients.buildkit: serve /moby.filesync.v1.FileSync/DiffCopy OK",
    ):
        assert re.search(rf"INFO  envdplan\.{call} \d+ ms\n", text), (call, text)
