"""What became of results since they were made: parts that a registry or a user took away."""

import json
import shutil
from collections.abc import Mapping
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.e2e.conftest import ACCEPT, Project, Registry

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry]

HEAD = """
variable "registry" {}
variable "project" {}
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
"""


@pytest.fixture
def here(project: Project, services: Mapping[str, Any]) -> Project:
    address = services["buildkitds"]["unix"]["address"]
    project.environment["ENVDPLAN_VAR_socket"] = address.removeprefix("unix://")
    (project.folder / "app").mkdir()
    (project.folder / "app" / "f").write_text("content")
    return project


def manifests(registry: Registry, name: str, tag: str) -> list[str]:
    url = f"http://{registry.address}/v2/{name}/manifests/{tag}"
    with urlopen(Request(url, headers={"Accept": ACCEPT})) as answer:
        return [one["digest"] for one in json.load(answer)["manifests"]]


def delete(registry: Registry, name: str, digest: str) -> None:
    url = f"http://{registry.address}/v2/{name}/manifests/{digest}"
    with urlopen(Request(url, method="DELETE")) as answer:
        assert answer.status == 202


@pytest.mark.parametrize("state", ["kept", "lost"])
def test_an_index_whose_image_was_collected_is_built_again(
    here: Project, registry: Registry, state: str
) -> None:
    here.write(
        HEAD
        + """
build "x" {
  path              = "app"
  dockerfile_inline = "FROM scratch\\nCOPY f /\\nLABEL a=${var.project}"
  platforms         = ["linux/amd64", "linux/386"]
  tags              = ["${var.registry}/${var.project}/x:1"]
  push              = true
  attest { type = "provenance" }
}
"""
    )
    here.apply()
    here.assert_settled()
    name = f"{here.environment['ENVDPLAN_VAR_project']}/x"
    for number in (0, -1):  # an image, an attestation
        parts = manifests(registry, name, "1")
        assert len(parts) == 4
        lost = parts[number]
        delete(registry, name, lost)
        if state == "lost":
            shutil.rmtree(here.folder / ".envdplan")
        change = here.changes()["build.x"]
        assert change["work"] == ["build", "push"]
        assert "the registry lost parts of" in change["reasons"][0]
        assert lost in change["reasons"][0]
        here.apply()
        here.assert_settled()
        for one in manifests(registry, name, "1"):
            assert registry.digest(name, one) == one


def test_folders_that_a_build_wrote_are_looked_into(here: Project) -> None:
    here.write(
        HEAD
        + """
build "x" {
  path              = "app"
  dockerfile_inline = "FROM scratch\\nCOPY . /\\nLABEL a=${var.project}"
  tags              = ["x:1"]
  output {
    type = "local"
    dest = "out"
  }
  output {
    type = "oci"
    tar  = false
    dest = "layout"
  }
}
"""
    )
    (here.folder / "app" / "sub").mkdir()
    (here.folder / "app" / "sub" / "g").write_text("more")
    here.apply()
    here.assert_settled()
    out, layout = here.folder / "out", here.folder / "layout"
    (out / "of-the-user").write_text("stays")
    here.assert_settled()
    (out / "f").write_text("CONTENT")
    (out / "sub" / "g").unlink()
    blob = next((layout / "blobs" / "sha256").iterdir())
    blob.unlink()
    assert sorted(here.changes()["build.x"]["reasons"]) == [
        f"{layout}/blobs/sha256/{blob.name} is not there",
        f"{out}/f is not what the build made",
        f"{out}/sub/g is not there",
    ]
    here.apply()
    here.assert_settled()
    assert (out / "f").read_text() == "content"
    assert (out / "of-the-user").read_text() == "stays"
    whole = blob.read_bytes()
    blob.write_text("broken")
    here.apply()
    assert blob.read_bytes() == whole
    here.assert_settled()
    shutil.rmtree(out)
    assert f"{out} is not there" in here.changes()["build.x"]["reasons"]


def test_results_in_the_source_of_their_build_are_no_part_of_it(here: Project) -> None:
    here.write(
        HEAD
        + """
build "x" {
  dockerfile_inline = "FROM scratch\\nCOPY . /\\nLABEL a=${var.project}"
  contexts          = { more = "app" }
  tags              = ["x:1"]
  export_cache      = ["type=local,dest=app/[cache]"]
  output {
    type = "local"
    dest = "out dir/*"
  }
  output {
    type = "docker"
    dest = "image.tar"
  }
}
"""
    )
    here.apply()
    here.assert_settled()
    out = here.folder / "out dir" / "*"
    assert (out / "app" / "f").read_text() == "content"
    assert (here.folder / "app" / "[cache]" / "index.json").exists()
    (out / "app" / "f").unlink()
    here.apply()
    here.assert_settled()
    assert sorted(one.name for one in out.iterdir()) == ["app", "envdplan.hcl"]
    assert not list((out / "app").glob("*cache*"))


def test_a_result_over_its_own_source_is_told_and_comes_to_rest(here: Project) -> None:
    here.write(
        HEAD
        + """
build "x" {
  path              = "app"
  dockerfile_inline = <<-EOT
    FROM ${var.registry}/lib/busybox:1 AS made
    RUN echo ${var.project} > /version
    FROM scratch
    COPY --from=made /version /version
  EOT
  output {
    type = "local"
    dest = "app"
  }
}
"""
    )
    assert "Output overwrites its own source" in here.plan().text
    here.apply()
    assert (here.folder / "app" / "version").exists()
    assert here.changes()["build.x"]["reasons"] == ["+ version"]
    here.apply()
    here.assert_settled()


def test_a_result_that_cannot_be_written_is_no_success(here: Project) -> None:
    here.write(
        HEAD
        + """
build "x" {
  path              = "app"
  dockerfile_inline = "FROM scratch\\nCOPY f /\\nLABEL a=${var.project}"
  output {
    type = "local"
    dest = "taken/out"
  }
}
"""
    )
    (here.folder / "taken").write_text("a file")
    done = here.run("apply", "--auto-approve")
    assert done.code == 1
    assert "Cannot write the result" in done.text
    assert here.changes()["build.x"]["reasons"] == ["it was never built"]
    (here.folder / "taken").unlink()
    here.apply()
    here.assert_settled()
