"""Modules from the command line: planned and applied where they lie, or as init installed them."""

import json
import subprocess
from pathlib import Path

import pytest

from envdplan.cli.app import run

MODULE = """
variable "port" { type = number }
context "this" {
  name            = "c${var.port}"
  builder         = "tcp"
  builder_address = "10.0.0.1:${var.port}"
}
output "name" { value = context.this.name }
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    folder = tmp_path / "project"
    (folder / "team").mkdir(parents=True)
    (folder / "team" / "envdplan.hcl").write_text(MODULE)
    return folder


def configured(project: Path, source: str) -> None:
    (project / "envdplan.hcl").write_text(
        f"""
        envdplan {{ context_store = "contexts" }}
        module "a" {{
          source = "{source}"
          port   = 1
        }}
        module "b" {{
          source = "{source}"
          port   = module.a.name == "c1" ? 2 : 3
        }}
        output "names" {{ value = [module.a.name, module.b.name] }}
        """
    )


def state(project: Path) -> dict[str, object]:
    text = (project / ".envdplan" / "state.json").read_text()
    found: dict[str, object] = json.loads(text)
    return found


def test_a_module_is_planned_applied_targeted_and_destroyed(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(project, "./team")
    at = ["-C", str(project)]
    assert run([*at, "plan", "-target", "module.a"]) == 0
    planned = capsys.readouterr().out
    assert "module.a.context.this" in planned
    assert "module.b.context.this" not in planned
    assert run([*at, "apply", "-auto-approve"]) == 0
    capsys.readouterr()
    assert run([*at, "output", "-json"]) == 0
    assert "c1" in capsys.readouterr().out
    assert run([*at, "plan", "-detailed-exitcode"]) == 0
    assert run([*at, "state", "list"]) == 0
    assert "module.a.context.this\nmodule.b.context.this" in capsys.readouterr().out
    assert run([*at, "destroy", "-auto-approve", "-target", "module.b.context.this"]) == 0
    capsys.readouterr()
    assert run([*at, "state", "list"]) == 0
    assert capsys.readouterr().out == "module.a.context.this\n"


def test_a_saved_plan_names_resources_of_modules(project: Path) -> None:
    configured(project, "./team")
    at = ["-C", str(project)]
    assert run([*at, "plan", "-out", str(project / "plan")]) == 0
    assert run([*at, "apply", str(project / "plan")]) == 0
    assert run([*at, "plan", "-detailed-exitcode"]) == 0


def test_what_is_not_installed_says_what_to_do(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    remote = tmp_path / "remote"
    (project / "team").rename(remote)
    for command in (
        ["init", "-q", "-b", "main"],
        ["add", "."],
        ["-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "one"],
    ):
        subprocess.run(["git", *command], cwd=remote, check=True)
    configured(project, f"git::file://{remote}")
    at = ["-C", str(project)]
    assert run([*at, "plan"]) == 1
    told = capsys.readouterr().err
    assert "Module not installed" in told
    assert "envdplan init" in told
    assert "envdplan.hcl:4" in told
    assert run([*at, "init"]) == 0
    assert run([*at, "plan"]) == 0
    (remote / "envdplan.hcl").write_text(MODULE.replace("10.0.0.1", "10.0.0.9"))
    capsys.readouterr()
    assert run([*at, "plan"]) == 0
    assert "10.0.0.9" not in capsys.readouterr().out


def test_a_login_in_a_source_is_not_shown(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(project, "git::https://me:hunter2@git.example/x.git")
    assert run(["-C", str(project), "plan"]) == 1
    seen = capsys.readouterr()
    assert "hunter2" not in seen.out + seen.err
    assert "module.a" in seen.err


def test_a_module_without_files_is_told_where_it_is_called(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    configured(project, "./team")
    (project / "team" / "envdplan.hcl").unlink()
    assert run(["-C", str(project), "validate"]) == 1
    told = capsys.readouterr().err
    assert "Module has no configuration" in told
    assert 'source = "./team"' in told
