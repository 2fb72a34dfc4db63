"""Daemons and registries behind TLS and passwords, caches, platforms, Docker contexts."""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.e2e.conftest import ACCEPT, Project, Registry

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry]

HEAD = """
variable "registry" {}
variable "project" {}
variable "buildkit_image" {}
envdplan { context_store = "../contexts" }
context "c" {
  builder         = builder.b
  envd_compatible = false
  use     = true
}
"""


@pytest.fixture
def here(project: Project) -> Project:
    (project.folder / "app").mkdir()
    return project


def test_mutual_tls_by_files_and_by_sensitive_text(
    here: Project, services: Mapping[str, Any]
) -> None:
    daemon = services["buildkitds"]["mtls"]
    here.environment |= {
        "ENVDPLAN_VAR_address": daemon["address"].removeprefix("tcp://"),
        "ENVDPLAN_VAR_cert": daemon["certificate"],
        "ENVDPLAN_VAR_key": Path(daemon["key"]).read_text(),
        "ENVDPLAN_VAR_ca": daemon["ca"],
    }
    here.write(
        HEAD
        + """
variable "address" {}
variable "cert" {}
variable "ca" {}
variable "key" { sensitive = true }
builder "b" {
  type    = "tcp"
  address = var.address
  tls {
    ca   = var.ca
    cert = var.cert
    key  = var.key
  }
}
build "x" {
  path              = "app"
  dockerfile_inline = "FROM ${var.registry}/lib/busybox:1\\nRUN true\\n"
  tags              = ["${var.registry}/${var.project}/tls:1"]
  push              = true
}
"""
    )
    done = here.apply()
    here.assert_settled()
    state = (here.folder / ".envdplan" / "state.json").read_text()
    for text in (state, done.text):
        assert "PRIVATE KEY" not in text
    here.environment["ENVDPLAN_VAR_key"] = "/no/such/key.pem"
    assert "/no/such/key.pem" in here.run("plan").err


def test_a_daemon_that_wants_a_certificate_defers(
    here: Project, services: Mapping[str, Any]
) -> None:
    daemon = services["buildkitds"]["mtls"]
    here.write(
        HEAD
        + f"""
builder "b" {{
  type    = "tcp"
  address = "{daemon["address"]}"
  tls {{
    ca = "{daemon["ca"]}"
  }}
  timeout = 3
}}
build "x" {{
  path              = "app"
  dockerfile_inline = "FROM scratch"
}}
"""
    )
    plan = here.plan()
    assert plan.code == 1
    assert "? builder.b (tcp), build.x (dockerfile)" in plan.out
    assert plan.err.count("Error:") == 1
    assert here.run("apply", "--auto-approve").code == 1


def test_a_registry_with_tls_and_a_password(here: Project, services: Mapping[str, Any]) -> None:
    registry = services["registries"]["tls"]
    login = base64.b64encode(f"{registry['username']}:{registry['password']}".encode()).decode()
    config = here.folder.parent / "docker"
    config.mkdir()
    (config / "config.json").write_text(
        json.dumps({"auths": {registry["address"]: {"auth": login}}})
    )
    here.environment |= {
        "DOCKER_CONFIG": str(config),
        "SSL_CERT_FILE": registry["ca"],
        "ENVDPLAN_VAR_registry": registry["address"],
    }
    socket = services["buildkitds"]["unix"]["address"]
    here.write(
        HEAD
        + f"""
builder "b" {{
  type    = "unix"
  address = "{socket}"
}}
"""
        + """
build "x" {
  path              = "app"
  dockerfile_inline = "FROM ${var.registry}/lib/busybox:1\\nRUN true\\n"
  tags              = ["${var.registry}/${var.project}/login:1"]
  push              = true
}
"""
    )
    done = here.apply()
    assert "confirming" in done.out
    here.assert_settled()
    assert (
        registry["password"] not in done.text + (here.folder / ".envdplan/state.json").read_text()
    )
    (config / "config.json").write_text("{}")
    plan = here.plan()
    assert plan.code == 0, plan.text
    assert "Warning: Registry requires a login" in plan.err
    assert "No changes, as far as could be determined." in plan.out
    (here.folder / ".envdplan" / "state.json").unlink()
    plan = here.plan()
    assert plan.code == 1, plan.text
    assert "never built" not in plan.out
    assert "Error: Registry requires a login" in plan.err


CACHES = """
builder "b" {
  type    = "unix"
  address = "SOCKET"
}
build "x" {
  path              = "app"
  dockerfile_inline = "FROM scratch\\nCOPY a.txt /\\n"
  platforms         = ["linux/amd64", "linux/386"]
  annotations       = { "org.opencontainers.image.title" = "x", "index:a" = "b" }
  labels            = { team = "ml" }
  extra_hosts       = { other = "10.0.0.1" }
  ulimits           = ["nofile=512:1024"]
  shm_size          = "64m"
  network           = "none"
  tags              = ["${var.registry}/${var.project}/multi:1"]
  push              = true
  export_cache = [
    { type = "registry", ref = "${var.registry}/${var.project}/cache:1", mode = "max" },
    "type=local,dest=${abspath("cache")}",
  ]
  import_cache = ["${var.registry}/${var.project}/cache:1"]
}
"""


def test_several_platforms_caches_and_annotations(
    here: Project, services: Mapping[str, Any], registry: Registry
) -> None:
    socket = services["buildkitds"]["unix"]["address"]
    text = HEAD + CACHES.replace("SOCKET", socket)
    (here.folder / "app" / "a.txt").write_text(here.environment["ENVDPLAN_VAR_project"])
    here.write(text)
    here.apply()
    name = here.environment["ENVDPLAN_VAR_project"]
    assert registry.digest(f"{name}/multi", "1") is not None
    assert registry.digest(f"{name}/cache", "1") is not None
    assert (here.folder / "cache" / "index.json").is_file()
    here.assert_settled()


CROSS = """
builder "b" {
  type    = "unix"
  address = "SOCKET"
}
build "made" {
  path              = "app"
  dockerfile_inline = <<-EOT
    FROM --platform=$BUILDPLATFORM ${var.registry}/lib/busybox:1 AS make
    ARG TARGETARCH
    RUN echo "made for $TARGETARCH" > /made
    FROM scratch
    COPY --from=make /made /made
  EOT
  platforms         = ["linux/amd64", "linux/s390x"]
  tags              = ["${var.registry}/${var.project}/made:1"]
  push              = true
}
"""


def test_what_is_compiled_for_another_platform_needs_no_emulation(
    here: Project, services: Mapping[str, Any], registry: Registry
) -> None:
    socket = services["buildkitds"]["unix"]["address"].removeprefix("unix://")
    here.write(HEAD + CROSS.replace("SOCKET", socket))
    plan = here.plan()
    assert plan.code == 2, plan.text
    assert "Builder cannot run a platform" in plan.err
    assert "but not linux/s390x" in " ".join(plan.err.split())
    here.apply()
    repository = f"{here.environment['ENVDPLAN_VAR_project']}/made"
    url = f"http://{registry.address}/v2/{repository}/manifests/1"
    with urlopen(Request(url, headers={"Accept": ACCEPT})) as answer:
        index = json.load(answer)
    found = {one["platform"]["architecture"] for one in index["manifests"]}
    assert found == {"amd64", "s390x"}
    here.assert_settled()


def test_an_engine_is_found_by_its_docker_context(
    here: Project, services: Mapping[str, Any]
) -> None:
    from hashlib import sha256

    folder = Path(here.environment["HOME"]) / ".docker" / "contexts" / "meta"
    meta = folder / sha256(b"mine").hexdigest()
    meta.mkdir(parents=True)
    endpoint = {"Host": here.environment.pop("DOCKER_HOST"), "SkipTLSVerify": False}
    (meta / "meta.json").write_text(
        json.dumps({"Name": "mine", "Metadata": {}, "Endpoints": {"docker": endpoint}})
    )
    here.write(
        HEAD
        + """
builder "b" {
  type = "moby-worker"
  host = "mine"
}
build "x" {
  path              = "app"
  dockerfile_inline = "FROM ${var.registry}/lib/busybox:1"
  tags              = ["${var.registry}/${var.project}/context:1"]
  push              = true
}
"""
    )
    here.apply()
    here.assert_settled()


def test_a_context_of_the_store_is_enough(
    here: Project, services: Mapping[str, Any], registry: Registry
) -> None:
    address = services["buildkitds"]["tcp"]["address"].removeprefix("tcp://")
    made = here.run(
        "context", "create", "--name", "by-hand", "--builder", "tcp",
        "--builder-address", address, "--use",
    )  # fmt: skip
    assert made.code == 0
    here.write(
        """
variable "registry" {}
variable "project" {}
build "x" {
  path              = "app"
  dockerfile_inline = "FROM ${var.registry}/lib/busybox:1"
  tags              = ["${var.registry}/${var.project}/store:1"]
  push              = true
}
"""
    )
    here.apply()
    here.assert_settled()
    here.write(
        'build "x" {\n  path    = "app"\n  context = "nowhere"\n  dockerfile_inline = "FROM a"\n}\n'
    )
    plan = here.plan()
    assert "Context not found" in plan.out
