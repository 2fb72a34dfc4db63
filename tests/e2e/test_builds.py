"""What builds can do, and what is refused: outputs, secrets, several images, saved plans."""

import json
import os
import tarfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

import pytest

from tests.e2e.conftest import Project, Registry

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry]

HEAD = """
variable "registry" {}
variable "project" {}
variable "buildkit_image" {}
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
locals {
  from  = "FROM ${var.registry}/lib/busybox:1\\n"
  image = "${var.registry}/${var.project}"
}
"""


@pytest.fixture
def on_unix(project: Project, services: Mapping[str, Any]) -> Project:
    address = services["buildkitds"]["unix"]["address"]
    project.environment["ENVDPLAN_VAR_socket"] = address.removeprefix("unix://")
    return project


def name(project: Project, image: str) -> str:
    return f"{project.environment['ENVDPLAN_VAR_project']}/{image}"


def test_several_outputs_of_one_build(on_unix: Project, registry: Registry) -> None:
    on_unix.write(
        HEAD
        + """
build "x" {
  dockerfile_inline = "FROM scratch\\nCOPY data /data\\n"
  tags = ["${local.image}/x:1"]
  push = true
  output {
    type = "local"
    dest = "out/files"
  }
  output {
    type = "oci"
    dest = "out/image.tar"
  }
  output {
    type = "tar"
    dest = "out/files.tar"
  }
}
"""
    )
    data = on_unix.folder / "data"
    data.mkdir()
    (data / "a.txt").write_text("content")
    (data / "run.sh").write_text("#!/bin/sh\n")
    (data / "run.sh").chmod(0o755)
    (data / "link").symlink_to("a.txt")
    (on_unix.folder / ".dockerignore").write_text("out\n")
    on_unix.apply()
    out = on_unix.folder / "out"
    assert (out / "files" / "data" / "a.txt").read_text() == "content"
    assert os.access(out / "files" / "data" / "run.sh", os.X_OK)
    assert str((out / "files" / "data" / "link").readlink()) == "a.txt"
    with tarfile.open(out / "files.tar") as files, tarfile.open(out / "image.tar") as image:
        assert "data/a.txt" in files.getnames()
        assert "index.json" in image.getnames()
    assert registry.digest(name(on_unix, "x"), "1") is not None
    on_unix.assert_settled()
    (out / "image.tar").unlink()
    assert "image.tar is not there" in on_unix.plan().out
    on_unix.apply()
    on_unix.assert_settled()


def test_secrets_reach_the_build_and_nothing_else(on_unix: Project) -> None:
    on_unix.environment["TOKEN"] = "hunter-two-secret"
    on_unix.environment["ENVDPLAN_VAR_password"] = "swordfish-secret"
    on_unix.write(
        HEAD
        + """
variable "password" { sensitive = true }
build "x" {
  dockerfile_inline = <<-EOT
    ${local.from}
    RUN --mount=type=secret,id=token --mount=type=secret,id=file --mount=type=secret,id=given \\
      cat /run/secrets/token /run/secrets/file /run/secrets/given | sha256sum | grep -q SUM
  EOT
  secret {
    id  = "token"
    env = "TOKEN"
  }
  secret {
    id   = "file"
    file = "secret.txt"
  }
  secret {
    id    = "given"
    value = var.password
  }
  tags = ["${local.image}/x:1"]
  push = true
}
""".replace("SUM", sha256(b"hunter-two-secretfrom-a-file-secretswordfish-secret").hexdigest())
    )
    (on_unix.folder / "secret.txt").write_text("from-a-file-secret")
    (on_unix.folder / ".dockerignore").write_text("*\n")
    saved = on_unix.run("plan", "--out", "plan.bin")
    applied = on_unix.run("apply", "plan.bin")
    assert applied.code == 0, applied.text
    kept = (on_unix.folder / "plan.bin").read_text()
    kept += (on_unix.folder / ".envdplan" / "state.json").read_text()
    for secret in ("hunter-two-secret", "swordfish-secret", "from-a-file-secret"):
        assert secret not in kept + saved.text + applied.text
    on_unix.assert_settled()


def test_an_image_of_one_build_is_the_base_of_another(on_unix: Project, registry: Registry) -> None:
    on_unix.write(
        HEAD
        + """
build "base" {
  dockerfile_inline = "${local.from}RUN echo ${file("version")} > /version\\n"
  tags = ["${local.image}/base:1"]
  push = true
}
build "app" {
  dockerfile_inline = "ARG BASE\\nFROM $${BASE}\\nRUN grep -q . /version\\n"
  args = { BASE = build.base.image }
  tags = ["${local.image}/app:1"]
  push = true
}
output "app" { value = build.app.image }
"""
    )
    (on_unix.folder / ".dockerignore").write_text("*\n")
    (on_unix.folder / "version").write_text("1")
    plan = on_unix.plan()
    assert "args.BASE is known after apply" in plan.out
    done = on_unix.apply()
    assert done.out.index("build.base: Built") < done.out.index("build.app: Building")
    on_unix.assert_settled()
    (on_unix.folder / "version").write_text("2")
    assert "Builds: 2 to build, 2 to push." in on_unix.plan().out
    on_unix.apply()
    on_unix.assert_settled()


CHAIN = """
variable "text" { default = "one" }
build "x" {
  dockerfile_inline = "FROM scratch\\nLABEL text=${var.text}"
  tags              = ["${local.image}/x:1"]
  push              = true
}
build "y" {
  dockerfile_inline = "FROM scratch\\nLABEL a=${build.x.ATTRIBUTE}"
  tags              = ["${local.image}/y:1"]
  push              = true
}
"""


@pytest.mark.parametrize(
    ("attribute", "reason"),
    [("digest", "is known after apply"), ("inputs_digest", "follows what changes before it")],
)
def test_a_dockerfile_made_of_another_builds_result_follows_it(
    on_unix: Project, registry: Registry, attribute: str, reason: str
) -> None:
    on_unix.write(HEAD + CHAIN.replace("ATTRIBUTE", attribute))
    on_unix.apply()
    on_unix.assert_settled()
    former = registry.digest(name(on_unix, "y"), "1")
    on_unix.environment["ENVDPLAN_VAR_text"] = "two"
    assert on_unix.changes()["build.y"]["reasons"] == [f"dockerfile_inline {reason}"]
    on_unix.apply()
    on_unix.assert_settled()
    assert registry.digest(name(on_unix, "y"), "1") != former


def test_a_failed_build_stops_its_dependents_only(on_unix: Project, registry: Registry) -> None:
    on_unix.write(
        HEAD
        + """
build "bad" {
  dockerfile_inline = "${local.from}RUN echo it breaks; exit 7\\n"
  tags = ["${local.image}/bad:1"]
  push = true
}
build "after" {
  dockerfile_inline = "${local.from}LABEL base=${build.bad.digest}\\n"
  tags = ["${local.image}/after:1"]
  push = true
}
build "good" {
  dockerfile_inline = "${local.from}LABEL a=b\\n"
  tags = ["${local.image}/good:1"]
  push = true
}
"""
    )
    (on_unix.folder / ".dockerignore").write_text("*\n")
    done = on_unix.run("apply", "--auto-approve")
    assert done.code == 1
    assert "exit code: 7" in done.out
    assert "it breaks" in done.out
    assert "build.after: Skipped: build.bad failed" in done.out
    assert registry.digest(name(on_unix, "good"), "1") is not None
    assert "1 failed, 1 skipped" in done.out
    changes = on_unix.changes()
    assert set(changes) == {"build.bad", "build.after"}


def test_a_saved_plan_refuses_changed_inputs_and_a_stale_state(
    on_unix: Project, registry: Registry
) -> None:
    on_unix.write(
        HEAD
        + """
build "other" {
  dockerfile_inline = "FROM scratch\\nLABEL a=b\\n"
  tags = ["${local.image}/other:1"]
  push = true
}
build "x" {
  dockerfile_inline = "FROM scratch\\nCOPY a.txt /\\n"
  tags = ["${local.image}/x:1"]
  push = true
}
"""
    )
    (on_unix.folder / ".dockerignore").write_text("*\n!a.txt\n")
    (on_unix.folder / "a.txt").write_text("one")
    assert on_unix.run("plan", "--out", "first").code == 0
    assert on_unix.run("plan", "--out", "second").code == 0
    (on_unix.folder / "a.txt").write_text("two")
    done = on_unix.run("apply", "first")
    assert done.code == 1
    assert "Inputs changed since the plan was made" in done.text
    assert "~ a.txt" in done.text
    assert registry.digest(name(on_unix, "other"), "1") is None
    assert not (on_unix.folder / ".envdplan" / "state.json").exists()
    (on_unix.folder / "a.txt").write_text("one")
    done = on_unix.run("apply", "first")
    assert done.code == 0, done.text
    assert registry.digest(name(on_unix, "other"), "1") is not None
    done = on_unix.run("apply", "second")
    assert done.code == 1
    assert "Plan is stale" in done.text or "another state" in done.text
    broken = on_unix.folder / "second"
    broken.write_bytes(broken.read_bytes()[:-20])
    assert "Plan cannot be read" in on_unix.run("apply", "second").text


def test_a_saved_plan_is_applied_when_what_stood_in_its_way_is_gone(
    on_unix: Project, registry: Registry
) -> None:
    on_unix.write(HEAD)
    on_unix.apply()
    on_unix.write(
        HEAD
        + """
build "x" {
  dockerfile_inline = "${local.from}${local.step} && echo ${var.project}\\n"
  tags = ["${local.image}/secretive:1"]
  push = true
  secret {
    id  = "t"
    env = "TOKEN"
  }
}
locals { step = "RUN --mount=type=secret,id=t,required=true grep -q right /run/secrets/t" }
output "x" { value = build.x.digest }
"""
    )
    (on_unix.folder / ".dockerignore").write_text("*\n")
    assert on_unix.run("plan", "--out", "p").code == 0
    on_unix.environment["TOKEN"] = "wrong"
    done = on_unix.run("apply", "p")
    assert (done.code, "1 failed" in done.out) == (1, True), done.text
    on_unix.environment["TOKEN"] = "right"
    done = on_unix.run("apply", "p")
    assert done.code == 0, done.text
    assert registry.digest(name(on_unix, "secretive"), "1") is not None
    on_unix.assert_settled()


def test_what_a_builder_cannot_do_is_said_by_the_plan(
    project: Project, services: Mapping[str, Any]
) -> None:
    project.environment["DOCKER_HOST"] = services["engines"]["graphdriver"]["host"]
    project.write(
        """
envdplan { context_store = "../contexts" }
builder "b" { type = "moby-worker" }
context "c" {
  builder = builder.b
  use     = true
}
build "x" {
  dockerfile_inline = "FROM scratch\\n"
  output {
    type = "oci"
    dest = "image.tar"
  }
}
"""
    )
    done = project.plan()
    assert done.code == 1
    text = " ".join(done.err.split())
    assert "This builder has no output of type oci" in text
    assert "docker-container, kube-pod, tcp and unix builders can" in text


def test_load_brings_the_image_into_the_engine(
    on_unix: Project, docker: Callable[..., str]
) -> None:
    on_unix.write(
        HEAD
        + """
build "x" {
  dockerfile_inline = "${local.from}CMD [\\"echo\\", \\"loaded\\"]\\n"
  tags = ["${var.project}/loaded:1"]
  load = true
}
"""
    )
    on_unix.apply()
    image = f"{name(on_unix, 'loaded')}:1"
    assert docker("image", "inspect", "-f", "{{.Config.Cmd}}", image).strip() == "[echo loaded]"
    on_unix.assert_settled()
    docker("rmi", image)
    assert "is not loaded in the engine" in on_unix.plan().out
    on_unix.apply()
    docker("rmi", image)


def test_json_lines_tell_all_of_an_apply(on_unix: Project) -> None:
    on_unix.write(HEAD)
    done = on_unix.run("apply", "--auto-approve", "--json")
    lines = [json.loads(line) for line in done.out.splitlines()]
    types = [one["type"] for one in lines]
    assert types[0] == "version"
    assert types[-1] in ("apply_summary", "outputs")
    assert "apply_complete" in types


def test_a_first_push_to_a_registry_that_does_not_answer_is_no_settled_build(
    on_unix: Project,
) -> None:
    (on_unix.folder / "app").mkdir()
    text = (
        HEAD
        + 'build "x" {\npath = "app"\ndockerfile_inline = "FROM scratch\\nLABEL a=b"\nMORE\n}\n'
    )
    on_unix.write(text.replace("MORE", 'tags = ["127.0.0.1:1/x:1"]'))
    on_unix.apply()
    on_unix.assert_settled()
    on_unix.write(text.replace("MORE", 'tags = ["127.0.0.1:1/x:1"]\npush = true'))
    plan = on_unix.plan()
    assert plan.code == 1
    assert (
        "? build.x (dockerfile)\n      cannot be decided now: Registry cannot be reached"
        in plan.out
    )
    assert "127.0.0.1:1 refuses connections" in " ".join(plan.err.split())
    assert "No changes." not in plan.out


def test_a_link_that_a_result_brought_leads_no_later_one_elsewhere(on_unix: Project) -> None:
    elsewhere = on_unix.folder.parent / "elsewhere"
    elsewhere.mkdir()
    (on_unix.folder / "app").mkdir()
    (on_unix.folder / "app" / "sub").symlink_to(elsewhere)
    block = """
build "x" {
  path              = "app"
  dockerfile_inline = "FROM scratch\\nCOPY . /\\n"
  output {
    type = "TYPE"
    dest = "DEST"
  }
}
"""
    on_unix.write(HEAD + block.replace("TYPE", "local").replace("DEST", "out"))
    on_unix.apply()
    assert (on_unix.folder / "out" / "sub").readlink() == elsewhere
    for kind, place in (("tar", "out/sub/files.tar"), ("local", "out/sub"), ("local", "out/sub/x")):
        on_unix.write(HEAD + block.replace("TYPE", kind).replace("DEST", place))
        done = on_unix.run("apply", "--auto-approve")
        assert done.code == 1
        assert "Output path contains a link" in done.text
    assert os.listdir(elsewhere) == []
