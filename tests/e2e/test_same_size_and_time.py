"""Other content of the same size and time, as archives and checkouts with fixed times have it."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Project
from tests.e2e.test_builds import HEAD

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry]

CONTENTS = ("one", "two", "six")
MODELS = ("a", "b")
MATRIX = """
build "x" {
  for_each = toset(["a", "b"])
  path     = "app"
  contexts = { model = "models/${each.key}" }
  output {
    type = "local"
    dest = "out/${each.key}"
  }
}
"""
ENGINE = """
envdplan { context_store = "../contexts" }
builder "b" { type = "moby-worker" }
context "c" {
  builder = builder.b
  use     = true
}
"""


def put(place: Path, text: str) -> None:
    """A file whose time tells nothing."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    os.utime(place, (1_000_000_000, 1_000_000_000))


@pytest.fixture(params=["buildkitd", "containerd", "graphdriver"])
def anywhere(
    request: pytest.FixtureRequest, project: Project, services: Mapping[str, Any]
) -> Project:
    """A project whose builder is a daemon of its own, or the one of an engine."""
    address = services["buildkitds"]["unix"]["address"]
    project.environment["ENVDPLAN_VAR_socket"] = address.removeprefix("unix://")
    if request.param != "buildkitd":
        project.environment["DOCKER_HOST"] = services["engines"][request.param]["host"]
    project.write((HEAD if request.param == "buildkitd" else ENGINE) + MATRIX)
    return project


def test_each_of_three_contents_arrives(anywhere: Project) -> None:
    folder = anywhere.folder
    for number, text in enumerate(CONTENTS):
        dockerfile = f"FROM scratch\nCOPY VERSION /{number}\nCOPY --from=model weights /\n"
        put(folder / "app" / "Dockerfile", dockerfile)
        put(folder / "app" / "VERSION", text)
        (folder / "app" / "alias").unlink(missing_ok=True)
        os.link(folder / "app" / "VERSION", folder / "app" / "alias")
        for model in MODELS:
            put(folder / "models" / model / "weights", f"{text}{model}")
        anywhere.apply()
        for model in MODELS:
            assert (folder / "out" / model / str(number)).read_text() == text
            assert (folder / "out" / model / "weights").read_text() == f"{text}{model}"
        anywhere.assert_settled()
