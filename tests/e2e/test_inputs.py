"""What counts as an input reaches the steps, though BuildKit's cache may not look at it."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.e2e.conftest import Project
from tests.e2e.test_builds import HEAD

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry]


@pytest.fixture
def on_unix(project: Project, services: Mapping[str, Any]) -> Project:
    address = services["buildkitds"]["unix"]["address"]
    project.environment["ENVDPLAN_VAR_socket"] = address.removeprefix("unix://")
    (project.folder / ".dockerignore").write_text("*\n")
    return project


STEP = """
build "x" {
  dockerfile_inline = <<-EOT
    FROM ${var.registry}/lib/busybox:1 AS step
    RUN echo ${var.project}; mkdir /out; SCRIPT > /out/found
    FROM scratch
    COPY --from=step /out /
  EOT
  GIVEN
  output {
    type = "local"
    dest = "out"
  }
}
"""


def found(project: Project, script: str, given: str) -> str:
    """What a step of a build finds, whatever an earlier one found."""
    project.write(HEAD + STEP.replace("SCRIPT", script).replace("GIVEN", given))
    project.apply()
    return (project.folder / "out" / "found").read_text().strip()


@pytest.mark.parametrize(
    ("script", "first", "then", "finds"),
    [
        pytest.param(
            "grep db.example /etc/hosts | cut -f1",
            'extra_hosts = { "db.example" = "10.0.0.1" }',
            'extra_hosts = { "db.example" = "10.0.0.2" }',
            ("10.0.0.1", "10.0.0.2"),
            id="extra_hosts",
        ),
        pytest.param(
            "ulimit -n",
            'ulimits = ["nofile=512:1024"]',
            'ulimits = ["nofile=600:1024"]',
            ("512", "600"),
            id="ulimits",
        ),
        pytest.param(
            "df -k /dev/shm | tail -1 | tr -s ' ' | cut -d' ' -f2",
            'shm_size = "32m"',
            'shm_size = "48m"',
            ("32768", "49152"),
            id="shm_size",
        ),
        pytest.param(
            "if grep -q 00000000 /proc/net/route; then echo way; else echo none; fi",
            'network = "none"',
            'network = "sandbox"',
            ("none", "way"),
            id="network",
        ),
    ],
)
def test_what_steps_run_with_is_what_they_find(
    on_unix: Project, script: str, first: str, then: str, finds: tuple[str, str]
) -> None:
    assert (found(on_unix, script, first), found(on_unix, script, then)) == finds
    assert found(on_unix, script, first) == finds[0]


def test_steps_with_the_same_hosts_are_taken_from_the_cache(on_unix: Project) -> None:
    given = 'extra_hosts = { "db.example" = "10.0.0.1" }\n  labels = { a = "LABEL" }'
    script = "cat /proc/sys/kernel/random/uuid"
    former = found(on_unix, script, given.replace("LABEL", "1"))
    assert found(on_unix, script, given.replace("LABEL", "2")) == former
