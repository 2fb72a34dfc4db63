"""A saved plan is applied exactly as it was planned, or not at all."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from envdplan.app.saved import as_planned, read_plan
from envdplan.app.wiring import Session
from envdplan.cli.app import run
from envdplan.core.state.desired import DesiredState
from tests.unit.cli.test_bake_projects import COMPOSE

MODULE = """
variable "port" { type = number }
locals { host = "10.0.0.1" }
context "this" {
  name            = "c${var.port}"
  builder         = "tcp"
  builder_address = "${local.host}:${var.port}"
}
output "name" { value = "${context.this.name} of one" }
"""
CALLER = """
envdplan { context_store = "contexts" }
module "a" {
  source = "./team"
  port   = 1
}
output "name" { value = module.a.name }
"""
CONTEXT = """
envdplan { context_store = "contexts" }
variable "port" { default = 1 }
context "c" {
  builder         = "tcp"
  builder_address = "10.0.0.1:${var.port}"
}
"""
SECRET = """
variable "secret" { sensitive = true }
output "secret" {
  value     = var.secret
  sensitive = true
}
"""
BAKE = """
variable "TAG" { default = "latest" }
variable "WORDS" { default = "" }
group "default" { targets = ["web"] }
target "web" {
  context           = "src"
  dockerfile-inline = "FROM scratch\\n"
  args              = { TAG = TAG, WORDS = WORDS }
  tags              = ["r:5000/web:${TAG}"]
}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("TAG", "BUILDX_BAKE_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = run(list(arguments))
    seen = capsys.readouterr()
    return code, " ".join((seen.out + seen.err).split())


def state(project: Path) -> dict[str, Any]:
    text = (project / ".envdplan" / "state.json").read_text()
    found: dict[str, Any] = json.loads(text)["content"]
    return found


def planned(project: Path, path: str) -> DesiredState:
    """What a saved plan would do, in the directory as it is now."""
    session = Session(directory=project, environment=dict(os.environ))
    saved = read_plan(project / path)
    return session.evaluated(as_planned(session.given(None, None), saved)).desired


def test_modules_are_what_they_were_when_the_plan_was_made(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    module = project / "team" / "envdplan.hcl"
    module.parent.mkdir()
    module.write_text(MODULE)
    (project / "envdplan.hcl").write_text(CALLER)
    for name in ("edited", "removed"):
        assert told(capsys, "plan", "-out", name)[0] == 0
    before = planned(project, "edited")
    module.write_text(MODULE.replace("10.0.0.1", "10.0.0.9").replace("of one", "of two"))
    assert planned(project, "edited").resources == before.resources
    code, text = told(capsys, "apply", "edited")
    assert code == 0, text
    assert state(project)["outputs"] == {"name": "c1 of one"}
    assert "10.0.0.1:1" in json.dumps(state(project)["resources"])
    module.unlink()
    assert planned(project, "removed").resources == before.resources


def test_what_the_files_are_by_now_does_not_count(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "team").mkdir()
    (project / "team" / "envdplan.hcl").write_text(MODULE)
    (project / "envdplan.hcl").write_text(CALLER)
    assert told(capsys, "plan", "-out", "p")[0] == 0
    (project / "envdplan.hcl").write_bytes(b"\xff")
    (project / "envdplan.vars.hcl").write_text("new = 1")
    monkeypatch.setenv("BUILDX_BAKE_FILE", "gone.hcl")
    code, text = told(capsys, "apply", "p")
    assert code == 0, text


def test_builds_of_bake_are_what_they_were_with_all_that_was_given_for_them(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "sub").mkdir()
    (project / "sub" / "Bakefile").write_text(BAKE)
    (project / "compose.yaml").write_text(COMPOSE)
    (project / ".env").write_text("B=dotenv\n")
    monkeypatch.setenv("TAG", "env")
    files = ("-f", "sub/Bakefile", "-f", "compose.yaml")
    given = (*files, "-set", "web.args.X=${a}", "-var", "WORDS=flag")
    code, text = told(capsys, "plan", "--no-refresh", "-out", "p", *given)
    assert code == 0, text
    assert (project / "p").stat().st_mode & 0o777 == 0o600
    monkeypatch.delenv("TAG")
    for name in ("sub/Bakefile", "compose.yaml", ".env"):
        (project / name).write_text("broken {")
    (project / "envdplan.vars.hcl").write_text("new = 1")
    found = {str(one): each.attributes for one, each in planned(project, "p").resources.items()}
    web, api = found["build.web"], found["build.api"]
    assert web["tags"] == ("r:5000/web:env",)
    assert web["args"] == {"TAG": "env", "WORDS": "flag", "X": "${a}"}
    assert web["path"] == str(project / "src")
    assert api["path"] == str(project / "api")
    assert (api["args"], api["tags"]) == ({"A": "dotenv"}, ("r:5000/api:env",))
    default = planned(project, "p").groups["default"]
    assert [str(one) for one in default] == ["build.web"]


@pytest.mark.parametrize(
    "given",
    [
        ("-var", "port=7"),
        ("-var-file", "more.vars.hcl"),
        ("-f", "Bakefile"),
        ("-set", "*.args.X=1"),
        ("-target", "context.c"),
        ("-var", "secret=a", "-var", "port=7"),
    ],
)
def test_what_would_make_another_plan_is_refused(
    project: Path, capsys: pytest.CaptureFixture[str], given: tuple[str, str]
) -> None:
    (project / "envdplan.hcl").write_text(CONTEXT)
    (project / "more.vars.hcl").write_text("port = 7")
    assert told(capsys, "plan", "-out", "p")[0] == 0
    code, text = told(capsys, "apply", "p", *given)
    assert (code, "Saved plan takes no plan options" in text) == (1, True), text
    assert not (project / "contexts").exists()
    assert told(capsys, "apply", "p")[0] == 0


@pytest.mark.parametrize("given", [("-var", "secret=s"), ("-var-file", "secret.vars.hcl")])
def test_sensitive_values_are_given_again(
    project: Path, capsys: pytest.CaptureFixture[str], given: tuple[str, str]
) -> None:
    (project / "envdplan.hcl").write_text(CONTEXT + SECRET)
    (project / "secret.vars.hcl").write_text('secret = "s"')
    assert told(capsys, "plan", "-out", "p", *given)[0] == 0
    code, text = told(capsys, "apply", "p")
    assert (code, "Variable without a value" in text) == (1, True), text
    assert told(capsys, "apply", "p", *given)[0] == 0


def test_a_saved_plan_is_told_in_brief(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "envdplan.hcl").write_text(CONTEXT)
    assert told(capsys, "plan", "-out", "p")[0] == 0
    _, text = told(capsys, "apply", "p")
    assert "Plan: 1 to add, 0 to change, 0 to destroy." in text
    assert "will do the following" not in text
    assert told(capsys, "plan", "-out", "p")[0] == 0
    assert "No changes." in told(capsys, "apply", "p")[1]
