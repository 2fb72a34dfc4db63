"""envd builds on every kind of builder: pushed, confirmed, explained, beside one another."""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from envdplan.testing.kubernetes import Cluster
from tests.e2e.conftest import Project, Registry, cluster_on, prepare_envd

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry, pytest.mark.envd]

BUILD = """
# syntax=v1
def build():
    base(dev=False, image="REGISTRY/lib/busybox:1")
    io.copy("src", "/src")
    run(["cat /src/word > /word"])
"""

CONFIG = """
variable "registry" {}
variable "project" {}
variable "buildkit_image" {}
variable "tcp" {}
variable "unix" {}
variable "keys" {}

builder "container" {
  type    = "docker-container"
  name    = "${var.project}-envd"
  image   = var.buildkit_image
  network = "host"
  config {
    registry = { (var.registry) = { http = true } }
  }
}

builder "tls" {
  type    = "tcp"
  address = var.tcp
  tls {
    ca   = "${var.keys}/ca.pem"
    cert = "${var.keys}/client.pem"
    key  = "${var.keys}/client.key"
  }
}

builder "pod" {
  type  = "kube-pod"
  image = "registry.test/buildkit:1"
  config {
    registry = { (var.registry) = { http = true } }
  }
}

builder "engine" { type = "moby-worker" }

context "container" { builder = builder.container }
context "tls" {
  builder = builder.tls
  forward = true
}
context "pod" { builder = builder.pod }
context "engine" { builder = builder.engine }
"""

ONE = """
build "NAME" {
  context = context.NAME
  path    = "app"
  from    = "build.envd:build"
  tags    = ["${var.registry}/${var.project}/NAME:1"]
  push    = true
}
"""
NAMES = ("container", "tls", "pod", "engine")


@pytest.fixture
def cluster(services: Mapping[str, Any]) -> Iterator[Cluster]:
    with cluster_on(services, tls=False) as running:
        yield running


def write_app(project: Project) -> None:
    folder = project.folder / "app"
    (folder / "src").mkdir(parents=True)
    (folder / "src" / "word").write_text("hello")
    registry = project.environment["ENVDPLAN_VAR_registry"]
    (folder / "build.envd").write_text(BUILD.replace("REGISTRY", registry))


@pytest.fixture
def here(
    project: Project, cluster: Cluster, services: Mapping[str, Any], envd_keys: Path
) -> Iterator[Project]:
    prepare_envd(project, envd_keys)
    envd = Path(services["programs"]["envd"])
    kubeconfig = cluster.write_kubeconfig(project.folder.parent / "kubeconfig")
    mtls = services["buildkitds"]["mtls"]
    project.environment |= {
        "PATH": os.pathsep.join([str(envd.parent), project.environment["PATH"]]),
        "KUBECONFIG": str(kubeconfig),
        "ENVDPLAN_VAR_tcp": mtls["address"],
        "ENVDPLAN_VAR_keys": str(Path(mtls["ca"]).parent),
        "ENVDPLAN_VAR_unix": services["buildkitds"]["unix"]["address"],
    }
    write_app(project)
    yield project
    project.run("destroy", "--auto-approve")


def test_four_at_once_on_four_kinds_of_builders(
    here: Project, registry: Registry, cluster: Cluster
) -> None:
    here.write(CONFIG + "".join(ONE.replace("NAME", name) for name in NAMES))
    done = here.apply()
    name = here.environment["ENVDPLAN_VAR_project"]
    for one in NAMES:
        assert registry.digest(f"{name}/{one}", "1"), done.text
    listed = here.run("context", "ls")
    assert "default (current)" in listed.out  # the user's own current context stays
    here.assert_settled()
    (here.folder / "app" / "src" / "word").write_text("bye")
    plan = here.plan()
    assert plan.out.count("~ src/word") == len(NAMES)
    assert "Builds: 4 to build, 4 to push." in plan.out
    assert here.run("destroy", "--auto-approve").code == 0
    assert cluster.objects("pods") == []


def test_a_lost_state_finds_the_image_by_its_inputs(here: Project, registry: Registry) -> None:
    import shutil

    unix = """
variable "registry" {}
variable "project" {}
variable "unix" {}
builder "unix" {
  type    = "unix"
  address = var.unix
}
context "unix" { builder = builder.unix }
"""
    here.write(unix + ONE.replace("NAME", "unix"))
    here.apply()
    here.assert_settled()
    shutil.rmtree(here.folder / ".envdplan")
    here.assert_settled()
    name = here.environment["ENVDPLAN_VAR_project"]
    assert registry.digest(f"{name}/unix", "1")


def test_platforms_are_built_one_by_one_and_joined(here: Project) -> None:
    import json
    from urllib.request import Request, urlopen

    one = ONE.replace("NAME", "tls").replace(
        "  push    = true", '  platforms = ["linux/amd64", "linux/386"]\n  push = true'
    )
    here.write(CONFIG + one)
    file = here.folder / "app" / "build.envd"
    file.write_text("".join(f"{x}\n" for x in file.read_text().splitlines() if "run(" not in x))
    here.apply("-target", "build.tls")
    registry = here.environment["ENVDPLAN_VAR_registry"]
    name = f"{here.environment['ENVDPLAN_VAR_project']}/tls"
    accept = (
        "application/vnd.oci.image.index.v1+json, "
        "application/vnd.docker.distribution.manifest.list.v2+json"
    )
    url = f"http://{registry}/v2/{name}/manifests/1"
    with urlopen(Request(url, headers={"Accept": accept})) as answer:
        index = json.load(answer)
    found = sorted(one["platform"]["architecture"] for one in index["manifests"])
    assert found == ["386", "amd64"]
    assert here.plan("-target", "build.tls").code == 0


def test_a_complaint_of_envd_is_shown_as_it_is(here: Project) -> None:
    here.write(CONFIG + ONE.replace("NAME", "engine"))
    file = here.folder / "app" / "build.envd"
    file.write_text(file.read_text() + "    no_such_function()\n")
    done = here.run("apply", "--auto-approve", "-target", "build.engine")
    assert done.code == 1
    assert "envd build failed" in done.text
    assert "no_such_function" in done.text


def test_a_missing_envd_is_an_error_that_says_how_to_get_it(here: Project) -> None:
    here.write(CONFIG + ONE.replace("NAME", "engine"))
    here.environment["PATH"] = "/usr/bin:/bin"
    plan = here.plan("-target", "build.engine")
    assert plan.code == 1
    assert "envd is not installed" in plan.err
    assert "envdplan[envd]" in plan.err


def test_the_image_holds_what_was_built(here: Project, services: Mapping[str, Any]) -> None:
    here.write(CONFIG + ONE.replace("NAME", "engine"))
    here.apply("-target", "build.engine")
    registry = here.environment["ENVDPLAN_VAR_registry"]
    image = f"{registry}/{here.environment['ENVDPLAN_VAR_project']}/engine:1"
    docker = [services["programs"]["docker"], "run", "--rm", image, "cat", "/word"]
    environment = {"DOCKER_HOST": services["engines"]["containerd"]["host"], "HOME": "/nowhere"}
    done = subprocess.run(docker, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "hello"


def test_the_engine_knows_a_short_name(here: Project, docker: Callable[..., str]) -> None:
    name = f"{here.environment['ENVDPLAN_VAR_project']}-envd"
    tags = 'tags    = ["${var.project}-envd"]\n  load    = true'
    one = ONE.replace("NAME", "engine").replace("push    = true", "")
    here.write(CONFIG + one.replace('tags    = ["${var.registry}/${var.project}/engine:1"]', tags))
    here.apply("-target", "build.engine")
    listed = docker("image", "inspect", "-f", "{{json .RepoTags}}", name).strip()
    assert listed == f'["{name}:latest"]'
    assert here.plan("-target", "build.engine").code == 0
