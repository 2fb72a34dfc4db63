"""Builders of several nodes: each platform on its node, one index in the registry."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.e2e.conftest import Project, Registry

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry]
Docker = Callable[..., str]

HEAD = """
variable "registry" {}
variable "project" {}
variable "buildkit_image" {}
variable "tcp" { default = "" }
variable "mtls" { default = "" }
variable "keys" { default = "" }
envdplan { context_store = "../contexts" }
context "c" {
  builder         = builder.b
  envd_compatible = false
  use             = true
}
"""

FAR = """
builder "b" {
  type = "tcp"
  node "one" {
    address   = var.tcp
    platforms = ["linux/amd64"]
  }
  node "two" {
    address   = var.mtls
    platforms = ["linux/386"]
    tls {
      ca   = "${var.keys}/ca.pem"
      cert = "${var.keys}/client.pem"
      key  = "${var.keys}/client.key"
    }
  }
}
"""

BUILD = """
build "x" {
  path              = "app"
  dockerfile_inline = "FROM scratch\\nCOPY f /f\\n"
  platforms         = ["linux/amd64", "linux/386"]
  tags              = ["${var.registry}/${var.project}/x:1", "${var.registry}/${var.project}/x:2"]
  push              = true
}
"""


@pytest.fixture
def here(project: Project, services: Mapping[str, Any]) -> Iterator[Project]:
    daemons = services["buildkitds"]
    project.environment |= {
        "ENVDPLAN_VAR_tcp": daemons["tcp"]["address"],
        "ENVDPLAN_VAR_mtls": daemons["mtls"]["address"],
        "ENVDPLAN_VAR_keys": str(Path(daemons["mtls"]["ca"]).parent),
    }
    (project.folder / "app").mkdir()
    (project.folder / "app" / "f").write_text("hello")
    yield project
    project.run("destroy", "--auto-approve")


def platforms(registry: Registry, repository: str, tag: str) -> list[str]:
    url = f"http://{registry.address}/v2/{repository}/manifests/{tag}"
    accept = "application/vnd.oci.image.index.v1+json"
    kinds = f"{accept}, application/vnd.docker.distribution.manifest.list.v2+json"
    with urlopen(Request(url, headers={"Accept": kinds})) as answer:
        index = json.load(answer)
    return sorted(one["platform"]["architecture"] for one in index["manifests"])


def test_two_daemons_make_one_image(here: Project, registry: Registry) -> None:
    here.write(HEAD + FAR + BUILD)
    done = here.apply()
    assert "linux/amd64 on node one" in done.out
    assert "linux/386 on node two" in done.out
    repository = f"{here.environment['ENVDPLAN_VAR_project']}/x"
    assert platforms(registry, repository, "1") == ["386", "amd64"]
    assert registry.digest(repository, "1") == registry.digest(repository, "2")
    here.assert_settled()


def test_what_each_node_attests_is_joined_too(here: Project, registry: Registry) -> None:
    attest = 'attest = ["type=provenance"]\n  tags '
    here.write(HEAD + FAR + BUILD.replace("tags ", attest))
    here.apply()
    repository = f"{here.environment['ENVDPLAN_VAR_project']}/x"
    assert platforms(registry, repository, "1") == ["386", "amd64", "unknown", "unknown"]
    here.assert_settled()


def test_a_platform_that_no_node_offers_is_built_on_the_first(
    here: Project, registry: Registry
) -> None:
    here.write(HEAD + FAR + BUILD.replace("linux/386", "linux/s390x"))
    plan = here.plan()
    assert plan.code == 2, plan.text
    assert "They are built on its first node, one." in " ".join(plan.err.split())
    here.apply()
    repository = f"{here.environment['ENVDPLAN_VAR_project']}/x"
    assert platforms(registry, repository, "1") == ["amd64", "s390x"]
    here.assert_settled()


def test_an_output_that_cannot_be_joined_is_told_by_the_plan(here: Project) -> None:
    text = BUILD.replace(
        "push              = true", 'output {\n    type = "oci"\n    dest = "o"\n  }'
    )
    here.write(HEAD + FAR + text)
    plan = here.plan()
    assert plan.code == 1
    assert "come together in a registry only" in " ".join(plan.err.split())


CONTAINERS = """
builder "b" {
  type    = "docker-container"
  name    = "${var.project}-nodes"
  image   = var.buildkit_image
  network = "host"
  config {
    registry = { (var.registry) = { http = true } }
  }
  node "one" { platforms = ["linux/amd64"] }
  node "two" {
    platforms = ["linux/386"]
    env       = { WHO = "two" }
  }
}
"""


def test_containers_as_nodes_live_and_heal_one_by_one(
    here: Project, docker: Docker, registry: Registry
) -> None:
    here.write(HEAD + CONTAINERS + BUILD)
    here.apply()
    name = f"{here.environment['ENVDPLAN_VAR_project']}-nodes"
    assert platforms(registry, f"{here.environment['ENVDPLAN_VAR_project']}/x", "1")
    here.assert_settled()
    first = docker("inspect", "-f", "{{.Id}}", f"{name}-one")
    docker("rm", "-f", f"{name}-two")
    plan = here.plan()
    assert "node.two" in plan.out, plan.text
    here.apply()
    here.assert_settled()
    assert docker("inspect", "-f", "{{.Id}}", f"{name}-one") == first
    path = here.folder / "envdplan.hcl"
    path.write_text(path.read_text().replace('WHO = "two"', 'WHO = "second"'))
    here.apply()
    here.assert_settled()
    assert docker("inspect", "-f", "{{.Id}}", f"{name}-one") == first
    assert "WHO=second" in docker("inspect", "-f", "{{.Config.Env}}", f"{name}-two")
    assert here.run("destroy", "--auto-approve").code == 0
    assert name not in docker("ps", "-a", "--format", "{{.Names}}")
    assert name not in docker("volume", "ls", "--format", "{{.Name}}")


def test_what_a_type_needs_stands_in_each_node(here: Project) -> None:
    here.write(HEAD + FAR.replace("    address   = var.tcp\n", ""))
    done = here.run("validate")
    assert done.code == 1
    assert '"address" must be set in each node; one has none.' in done.err
    here.write(HEAD + 'builder "b" { type = "tcp" }')
    assert '"address" must be set (HOST:PORT' in here.run("validate").err
