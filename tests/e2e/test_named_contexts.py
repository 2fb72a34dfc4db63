"""What a Dockerfile may name besides its source: folders, images, OCI layouts, other builds."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.conftest import Project, Registry
from tests.e2e.test_builds import HEAD, name
from tests.e2e.test_same_size_and_time import put

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry]


@pytest.fixture
def on_unix(project: Project, services: Mapping[str, Any]) -> Project:
    address = services["buildkitds"]["unix"]["address"]
    project.environment["ENVDPLAN_VAR_socket"] = address.removeprefix("unix://")
    (project.folder / "app").mkdir()
    return project


FOLDER = """
build "x" {
  path              = "app"
  dockerfile_inline = "FROM scratch\\nCOPY --from=assets / /assets/\\n"
  contexts          = { assets = "../shared" }
  output {
    type = "local"
    dest = "out"
  }
}
"""


def test_a_second_folder_is_copied_from_and_its_files_are_inputs(on_unix: Project) -> None:
    on_unix.write(HEAD + FOLDER)
    shared = on_unix.folder.parent / "shared"
    (shared / "inner").mkdir(parents=True)
    (shared / "inner" / "logo").write_text("one")
    (shared / "notes.txt").write_text("ignored")
    (shared / ".dockerignore").write_text("*.txt\n.dockerignore\n")
    on_unix.apply()
    out = on_unix.folder / "out" / "assets"
    assert (out / "inner" / "logo").read_text() == "one"
    assert sorted(one.name for one in out.iterdir()) == ["inner"]
    on_unix.assert_settled()
    (shared / "notes.txt").write_text("still ignored")
    on_unix.assert_settled()
    (shared / "inner" / "logo").write_text("two")
    assert "~ assets:inner/logo" in on_unix.plan().out
    on_unix.apply()
    assert (out / "inner" / "logo").read_text() == "two"
    on_unix.assert_settled()


def test_a_folder_elsewhere_with_the_same_files_changes_nothing(on_unix: Project) -> None:
    on_unix.write(HEAD + FOLDER)
    shared = on_unix.folder.parent / "shared"
    shared.mkdir()
    (shared / "logo").write_text("one")
    on_unix.apply()
    shared.rename(on_unix.folder.parent / "moved")
    on_unix.write(HEAD + FOLDER.replace("../shared", "../moved"))
    on_unix.assert_settled()


def test_a_folder_that_is_not_there_is_told_by_the_plan(on_unix: Project) -> None:
    on_unix.write(HEAD + FOLDER)
    done = on_unix.plan()
    assert done.code == 1
    assert "Directory of a named context not found" in " ".join(done.err.split())


def test_an_image_replaces_what_a_dockerfile_names(on_unix: Project) -> None:
    on_unix.write(
        HEAD
        + """
build "x" {
  path              = "app"
  dockerfile_inline = "FROM docker.io/library/nowhere:latest\\nRUN busybox true\\n"
  contexts          = { nowhere = "docker-image://${var.registry}/lib/busybox:1" }
  tags              = ["${local.image}/x:1"]
  push              = true
}
"""
    )
    on_unix.apply()
    on_unix.assert_settled()


LAYOUT = """
build "base" {
  path              = "app"
  dockerfile_inline = "FROM scratch\\nCOPY data /data\\n"
  tags              = ["${local.image}/base:7"]
  output {
    type = "oci"
    tar  = false
    dest = "layout"
  }
}
"""
FROM_LAYOUT = """
build "x" {
  path              = "empty"
  dockerfile_inline = "FROM base\\n"
  contexts          = { base = "oci-layout://layout:7" }
  output {
    type = "local"
    dest = "out"
  }
}
"""


def test_an_image_comes_from_an_oci_layout(on_unix: Project) -> None:
    (on_unix.folder / "empty").mkdir()
    for content in ("one", "two", "six"):
        put(on_unix.folder / "app" / "data", content)  # of one size and time
        on_unix.write(HEAD + LAYOUT)
        on_unix.apply()
        on_unix.assert_settled()
        on_unix.write(HEAD + FROM_LAYOUT)
        assert on_unix.changes()["build.x"]["work"] == ["build"]
        on_unix.apply()
        assert (on_unix.folder / "out" / "data").read_text() == content
        on_unix.assert_settled()
    assert not (on_unix.folder / "layout" / "ingest").exists()
    on_unix.write(HEAD + FROM_LAYOUT.replace("layout:7", "layout:7@sha256:" + "0" * 64))
    assert "~ contexts.base (image)" in on_unix.plan().out


BUILDS = """
build "base" {
  path              = "app"
  dockerfile_inline = "FROM scratch\\nCOPY data /data\\n"
  tags              = ["${local.image}/base:1"]
  push              = true
}
build "x" {
  dockerfile_inline = "FROM scratch\\nCOPY --from=base /data /copied\\n"
  contexts          = { base = build.base }
  tags              = ["${local.image}/x:1"]
  push              = true
}
"""


@pytest.mark.parametrize("value", ["build.base", "build.base.image"])
def test_a_build_takes_the_result_of_another(
    on_unix: Project, registry: Registry, value: str
) -> None:
    on_unix.write(HEAD + BUILDS.replace("= build.base }", f"= {value} }}"))
    (on_unix.folder / ".dockerignore").write_text("*\n")
    data = on_unix.folder / "app" / "data"
    data.write_text("one")
    assert "contexts.base is known after apply" in on_unix.plan().out
    done = on_unix.apply()
    assert done.out.index("build.base: Built") < done.out.index("build.x: Building")
    first = registry.digest(name(on_unix, "x"), "1")
    on_unix.assert_settled()
    data.write_text("two")
    assert "Builds: 2 to build, 2 to push." in on_unix.plan().out
    on_unix.apply()
    assert registry.digest(name(on_unix, "x"), "1") not in (None, first)
    on_unix.assert_settled()


def test_a_build_that_is_not_pushed_cannot_be_a_context(on_unix: Project) -> None:
    on_unix.write(HEAD + BUILDS.replace("push              = true\n}\nbuild", "}\nbuild"))
    done = on_unix.run("validate")
    assert done.code == 1
    text = re.sub(r"\s+", " ", done.err)
    assert "Set tags and push = true in build.base." in text
