"""Short names of images: everybody means by them what Docker means."""

import json
import subprocess
import tarfile
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.conftest import Project, Registry

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry]

ENGINES = pytest.mark.parametrize("store", ["containerd", "graphdriver"])

HEAD = """
variable "registry" {}
variable "project" {}
envdplan { context_store = "../contexts" }
"""


class Engine:
    """The engine of a store, asked by Docker's own command."""

    def __init__(self, services: Mapping[str, Any], store: str) -> None:
        self.host = services["engines"][store]["host"]
        self._program = services["programs"]["docker"]

    def __call__(self, *arguments: str) -> str:
        return subprocess.run(
            [self._program, *arguments],
            env={"DOCKER_HOST": self.host, "HOME": "/nonexistent"},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def knows(self, name: str) -> bool:
        """Whether `docker image inspect` and `docker images` list it under its usual name."""
        found = json.loads(self("image", "inspect", name))
        listed = self("images", "--format", "{{.Repository}}:{{.Tag}}", name).splitlines()
        whole = name if ":" in name else f"{name}:latest"
        return bool(found[0]["RepoTags"] == [whole] == listed)


@pytest.fixture
def prefix(project: Project) -> str:
    (project.folder / "app").mkdir()
    return project.environment["ENVDPLAN_VAR_project"]


@ENGINES
def test_an_engine_knows_what_it_built_by_a_short_name(
    project: Project, services: Mapping[str, Any], store: str, prefix: str
) -> None:
    docker = Engine(services, store)
    project.environment["DOCKER_HOST"] = docker.host
    tags = {"a": f"{prefix}-a:latest", "b": f"{prefix}-b", "c": f"{prefix}/c:1"}
    blocks = "".join(
        f'build "{key}" {{\n  path = "app"\n'
        f'  dockerfile_inline = "FROM scratch\\nLABEL a={prefix}{key}"\n'
        f'  tags = ["{tag}"]\n  load = {str(key != "b").lower()}\n}}\n'
        for key, tag in tags.items()
    )
    project.write(HEAD + blocks)
    project.apply()
    assert [tag for tag in tags.values() if not docker.knows(tag)] == []
    project.assert_settled()
    docker("rmi", *tags.values())
    assert f"{prefix}-b is not loaded in the engine" in project.plan().out


@ENGINES
def test_names_of_an_engine_are_pushed_by_their_host(
    project: Project,
    services: Mapping[str, Any],
    registry: Registry,
    store: str,
    prefix: str,
) -> None:
    project.environment["DOCKER_HOST"] = services["engines"][store]["host"]
    project.write(
        HEAD
        + """
build "x" {
  path              = "app"
  dockerfile_inline = "FROM scratch\\nLABEL a=${var.project}"
  tags              = ["${var.registry}/${var.project}/x", "${var.registry}/${var.project}:1"]
  push              = true
}
output "x" { value = build.x.image }
"""
    )
    project.apply()
    digest = registry.digest(f"{prefix}/x")
    assert digest is not None
    assert registry.digest(prefix, "1") == digest
    image = project.run("output", "x").out
    assert f"{registry.address}/{prefix}/x@{digest}" in image
    project.assert_settled()


def test_archives_and_other_builders_use_full_names(
    project: Project, services: Mapping[str, Any], prefix: str
) -> None:
    docker = Engine(services, "containerd")
    socket = services["buildkitds"]["unix"]["address"].removeprefix("unix://")
    project.write(
        HEAD
        + f"""
builder "b" {{
  type    = "unix"
  address = "{socket}"
}}
context "c" {{
  builder = builder.b
  use     = true
}}
"""
        + """
build "x" {
  path              = "app"
  dockerfile_inline = "FROM scratch\\nLABEL a=${var.project}"
  tags              = ["${var.project}-x"]
  load              = true
  output {
    type = "docker"
    dest = "docker.tar"
  }
  output {
    type = "oci"
    dest = "oci.tar"
  }
}
"""
    )
    project.apply()
    assert docker.knows(f"{prefix}-x")
    with tarfile.open(project.folder / "docker.tar") as archive:
        (manifest,) = json.load(archive.extractfile("manifest.json"))  # type: ignore[arg-type]
    assert manifest["RepoTags"] == [f"{prefix}-x:latest"]
    with tarfile.open(project.folder / "oci.tar") as archive:
        index = json.load(archive.extractfile("index.json"))  # type: ignore[arg-type]
    notes = index["manifests"][0]["annotations"]
    assert notes["io.containerd.image.name"] == f"docker.io/library/{prefix}-x:latest"
    assert notes["org.opencontainers.image.ref.name"] == "latest"
    project.assert_settled()


@ENGINES
def test_only_the_names_of_an_output_that_is_pushed_are_pushed(
    project: Project, services: Mapping[str, Any], registry: Registry, store: str, prefix: str
) -> None:
    docker = Engine(services, store)
    project.environment["DOCKER_HOST"] = docker.host
    project.write(
        HEAD
        + """
build "x" {
  path              = "app"
  dockerfile_inline = "FROM scratch\\nLABEL a=${var.project}"
  output {
    type  = "registry"
    names = ["${var.registry}/${var.project}/pushed:1"]
  }
  output {
    type  = "docker"
    names = ["${var.registry}/${var.project}/kept:1", "${var.project}-kept"]
  }
}
"""
    )
    project.apply()
    assert registry.digest(f"{prefix}/pushed", "1") is not None
    assert registry.digest(f"{prefix}/kept", "1") is None
    for name in (f"{registry.address}/{prefix}/kept:1", f"{prefix}-kept"):
        docker("image", "inspect", name)
    project.assert_settled()
    docker("rmi", f"{prefix}-kept")
    assert f"{prefix}-kept is not loaded in the engine" in project.plan().out
    project.apply()
    project.assert_settled()
