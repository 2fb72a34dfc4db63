"""What counts as an input reaches the steps, though BuildKit's cache may not look at it."""

import json
import shutil
from collections.abc import Mapping
from typing import Any
from urllib.request import Request, urlopen

import pytest

from tests.e2e.conftest import ACCEPT, Project, Registry
from tests.e2e.test_builds import HEAD, name

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


TOKEN = """
variable "token" { sensitive = true }
build "x" {
  dockerfile_inline = <<-EOT
    FROM ${var.registry}/lib/busybox:1 AS step
    ARG TOKEN
    RUN echo $TOKEN > /found
    FROM scratch
    COPY --from=step /found /
  EOT
  args = { TOKEN = var.token }
  tags = ["${local.image}/x:1"]
  push = true
}
"""


def test_a_rotated_argument_is_built_once_and_shown_nowhere(
    on_unix: Project, registry: Registry
) -> None:
    on_unix.write(HEAD + TOKEN)
    on_unix.environment["ENVDPLAN_VAR_token"] = "first-hidden-token"
    done = on_unix.apply()
    assert "Sensitive value in the image" in done.text
    first = registry.digest(name(on_unix, "x"), "1")
    on_unix.assert_settled()
    second = _another_machine(on_unix)
    on_unix.environment["ENVDPLAN_VAR_token"] = "other-hidden-token"
    assert on_unix.changes()["build.x"]["reasons"] == ["~ args.TOKEN (sensitive)"]
    done = on_unix.apply()
    other = registry.digest(name(on_unix, "x"), "1")
    assert other not in (None, first)
    on_unix.assert_settled()
    second.environment["ENVDPLAN_VAR_token"] = "other-hidden-token"
    second.assert_settled()  # the other one built it, so that it is only recorded
    second.apply()
    assert registry.digest(name(on_unix, "x"), "1") == other
    state = (on_unix.folder / ".envdplan" / "state.json").read_text()
    assert "hidden-token" not in done.text + state


def _another_machine(project: Project) -> Project:
    """The same project with a state of its own, which knows the image of now."""
    folder = project.folder.parent / "second"
    shutil.copytree(project.folder, folder, ignore=shutil.ignore_patterns(".envdplan"))
    other = Project(folder, dict(project.environment))
    other.apply()
    return other


def test_a_saved_plan_that_only_records_learns_the_values(on_unix: Project) -> None:
    on_unix.write(HEAD + TOKEN)
    on_unix.environment["ENVDPLAN_VAR_token"] = "first"
    on_unix.apply()
    shutil.rmtree(on_unix.folder / ".envdplan")
    assert on_unix.run("plan", "--out", "plan.bin").code == 0
    assert on_unix.run("apply", "plan.bin").code == 0
    assert on_unix.changes() == {}
    on_unix.environment["ENVDPLAN_VAR_token"] = "second"
    assert on_unix.changes()["build.x"]["work"] == ["build", "push"]


def test_a_secret_that_a_step_may_do_without_is_seen_when_it_comes(on_unix: Project) -> None:
    on_unix.environment["TOKEN"] = "shh"
    # Steps that ran anew make BuildKit take what they give for what they gave before: the content
    # is this test's own, so that no other run can meet it.
    script = "(test -e /run/secrets/t && echo has || echo none; echo ${var.project})"
    text = HEAD + STEP.replace("RUN ", "RUN --mount=type=secret,id=t ").replace("SCRIPT", script)
    on_unix.write(text.replace("GIVEN", ""))
    on_unix.apply()
    assert (on_unix.folder / "out" / "found").read_text().startswith("none")
    secret = 'secret {\n    id  = "t"\n    env = "TOKEN"\n  }'
    on_unix.write(text.replace("GIVEN", secret))
    assert on_unix.changes()["build.x"]["reasons"][0] == "+ secret t"
    on_unix.apply()
    assert (on_unix.folder / "out" / "found").read_text().startswith("has")
    on_unix.assert_settled()


def test_options_of_a_declared_image_are_those_of_the_pushed_one(
    on_unix: Project, registry: Registry
) -> None:
    """Also where the attribute push says that it is to be pushed."""
    on_unix.write(
        HEAD
        + """
build "x" {
  dockerfile_inline = "FROM scratch\\nLABEL a=b\\nCOPY --from=f f /\\n"
  contexts          = { f = "../f" }
  tags              = ["${local.image}/x:1"]
  push              = true
  output            = [{ type = "image", compression = "zstd", oci_mediatypes = true }]
}
"""
    )
    (on_unix.folder.parent / "f").mkdir()
    (on_unix.folder.parent / "f" / "f").write_text(on_unix.environment["ENVDPLAN_VAR_project"])
    on_unix.apply()
    url = f"http://{registry.address}/v2/{name(on_unix, 'x')}/manifests/1"
    with urlopen(Request(url, headers={"Accept": ACCEPT})) as answer:
        layers = json.load(answer)["layers"]
    assert [one["mediaType"].rpartition("+")[2] for one in layers] == ["zstd"]
    on_unix.assert_settled()
