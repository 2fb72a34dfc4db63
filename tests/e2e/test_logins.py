"""A builder is logged in to the registries that a build names, and to others by consent only."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.conftest import Project
from tests.e2e.test_builds import HEAD

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry]

BUILD = """
build "x" {
  dockerfile_inline = "ARG FULL=PREFIX${var.private}/lib/busybox:1\\nFROM $${FULL#PREFIX}\\n"
  pull              = true
  GIVEN
}
"""


@pytest.fixture
def secured(project: Project, services: Mapping[str, Any]) -> Project:
    """A project whose user is logged in to a private registry."""
    registry = services["registries"]["tls"]
    login = base64.b64encode(f"{registry['username']}:{registry['password']}".encode()).decode()
    config = project.folder.parent / "docker"
    config.mkdir()
    auths = {"auths": {registry["address"]: {"auth": login}}}
    (config / "config.json").write_text(json.dumps(auths))
    address = services["buildkitds"]["unix"]["address"]
    project.environment |= {
        "DOCKER_CONFIG": str(config),
        "SSL_CERT_FILE": registry["ca"],
        "ENVDPLAN_VAR_private": registry["address"],
        "ENVDPLAN_VAR_socket": address.removeprefix("unix://"),
    }
    (project.folder / ".dockerignore").write_text("*\n")
    return project


def build(prefix: str = "", given: str = "") -> str:
    text = BUILD.replace("GIVEN", given)
    pattern = text.replace("PREFIX", prefix) if prefix else text.replace("#PREFIX", "")
    return HEAD + 'variable "private" {}\n' + pattern.replace("PREFIX", "")


def test_a_base_that_the_dockerfile_names_is_pulled_with_the_login(secured: Project) -> None:
    secured.write(build())
    assert "refused what the builder asked for" not in secured.apply().out


def test_a_registry_that_is_not_named_needs_consent(secured: Project) -> None:
    host = secured.environment["ENVDPLAN_VAR_private"]
    secured.write(build("only-buildkit-knows-"))
    done = secured.run("apply", "--auto-approve")
    assert done.code == 1
    told = f"your login to {host}, which build.x does not name"
    assert " ".join(done.out.split()).count(told) == 1
    secured.environment["ENVDPLAN_REGISTRIES"] = host
    secured.apply()
    del secured.environment["ENVDPLAN_REGISTRIES"]
    consent = f'registries = ["{host}"]\n  labels = {{ a = "b" }}'
    secured.write(build("only-buildkit-knows-", consent))
    secured.apply()
