"""A directory with files of docker buildx bake or Compose is a project."""

import io
import json
from pathlib import Path
from typing import Any

import pytest

from envdplan.cli.app import run

BAKE = """
variable "TAG" { default = "latest" }
group "default" { targets = ["web"] }
target "base" {
  dockerfile-inline = "FROM scratch"
  args              = { TAG = TAG }
}
target "web" {
  inherits = ["base"]
  tags     = ["r:5000/web:${TAG}"]
}
target "other" {
  inherits = ["base"]
  tags     = ["r:5000/other:1"]
}
"""
COMPOSE = """
services:
  api:
    image: r:5000/api:${TAG:-1}
    build:
      context: ./api
      args: {A: "${B}"}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("TAG", "B", "BUILDX_BAKE_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    folder = tmp_path / "project"
    (folder / "api").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    code = run(list(arguments))
    seen = capsys.readouterr()
    return code, seen.out, " ".join(seen.err.split())


def builds(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, dict[str, Any]]:
    """What the configuration resolves to."""
    code, out, err = told(capsys, "show", "-config", "-json", *arguments)
    assert code == 0, err
    lines = [json.loads(line) for line in out.splitlines()]
    return {one["address"]: one["attributes"] for one in lines if one["type"] == "resource"}


def test_targets_are_builds_and_variables_come_from_outside(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "docker-bake.hcl").write_text(BAKE)
    assert told(capsys, "validate")[:2] == (0, "The configuration is valid: 3 resources.\n")
    assert builds(capsys)["build.web"]["tags"] == ["r:5000/web:latest"]
    monkeypatch.setenv("TAG", "env")
    assert builds(capsys)["build.web"]["args"] == {"TAG": "env"}
    assert builds(capsys, "-var", "TAG=flag")["build.web"]["tags"] == ["r:5000/web:flag"]
    found = builds(capsys, "-set", "base.args.X=1", "--set", "*.target=t")
    assert {one["args"].get("X") for one in found.values()} == {"1"}
    assert {one["target"] for one in found.values()} == {"t"}


def test_files_are_merged_in_bakes_order(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "docker-bake.override.hcl").write_text('target "api" { target = "late" }')
    (project / "docker-bake.json").write_text('{"target": {"api": {"target": "early"}}}')
    (project / "compose.yaml").write_text(COMPOSE)
    (project / ".env").write_text("B=dotenv\n")
    found = builds(capsys)["build.api"]
    assert found["target"] == "late"
    assert found["args"] == {"A": "dotenv"}
    assert found["tags"] == ["r:5000/api:1"]
    assert found["path"] == str(project / "api")


def test_files_can_be_named(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "envdplan.hcl").write_text('build "mine" { tags = ["r:5000/mine:1"] }')
    (project / "Bakefile").write_text(BAKE)
    (project / "stack").write_text(COMPOSE)
    assert list(builds(capsys)) == ["build.mine"]
    assert list(builds(capsys, "-f", "Bakefile")) == ["build.base", "build.other", "build.web"]
    assert len(builds(capsys, "-f", "Bakefile", "--file", "stack")) == 4
    monkeypatch.setattr("sys.stdin", io.StringIO('target "piped" {}'))
    assert list(builds(capsys, "-f", "-")) == ["build.piped"]
    (project / "envdplan.hcl").unlink()
    monkeypatch.setenv("BUILDX_BAKE_FILE", "stack")
    assert list(builds(capsys)) == ["build.api"]


def test_a_plan_is_about_the_default_group_unless_something_is_named(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "docker-bake.hcl").write_text(BAKE)
    code, out, _ = told(capsys, "plan", "--no-refresh")
    assert code == 0
    assert "Only what group.default names is planned" in out
    assert "build.web" in out
    assert "build.other" not in out
    code, out, _ = told(capsys, "plan", "--no-refresh", "-target", "build.other")
    assert "build.other" in out
    assert "build.web" not in out


def test_a_project_can_be_written_as_envdplans_own(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "docker-bake.hcl").write_text(BAKE)
    (project / "compose.yaml").write_text(COMPOSE)
    before = builds(capsys)
    code, out, _ = told(capsys, "convert")
    assert code == 0
    assert told(capsys, "convert", "-out", "envdplan.hcl")[0] == 0
    assert (project / "envdplan.hcl").read_text() == out
    assert builds(capsys) == before
    assert told(capsys, "fmt", "-check")[0] == 0
    code, _, err = told(capsys, "convert")
    assert (code, "Nothing to convert" in err) == (1, True)
    code, _, err = told(capsys, "convert", "-f", "docker-bake.hcl", "-out", "envdplan.hcl")
    assert (code, "File already exists" in err) == (1, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("validate", "-f", "envdplan.hcl"), "Not a bake file"),
        (("validate", "-f", "gone.hcl"), "gone.hcl: No such file"),
        (("validate", "-set", "a.b=1"), "--set is for bake files only"),
        (("validate", "-f", "Bakefile", "-set", "web.tag=1"), 'there is no key "tag"'),
        (("validate", "-f", "Bakefile", "-var", "TGA=1"), "TGA"),
        (("validate", "-f", "Bakefile", "-var-file", "v.hcl"), "does not work with bake files"),
        (("validate", "-f", "wrong.hcl"), 'Did you mean "tags"?'),
        (("validate", "-f", "wrong.yaml"), "wrong.yaml:3"),
    ],
)
def test_mistakes_stand_in_the_files_where_they_are(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    (project / "envdplan.hcl").write_text("")
    (project / "Bakefile").write_text(BAKE)
    (project / "wrong.hcl").write_text('target "x" { tag = ["a:1"] }')
    (project / "wrong.yaml").write_text("services:\n  a:\n    build: [1]\n")
    code, _, err = told(capsys, *arguments)
    assert code == 1
    assert words in err


def test_variants_with_one_tag_are_planned_one_at_a_time(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "docker-bake.hcl").write_text(
        BAKE + 'target "variant" {\n  inherits = ["web"]\n  platforms = ["linux/arm64"]\n}\n'
    )
    assert told(capsys, "validate")[0] == 0
    assert told(capsys, "plan", "--no-refresh")[0] == 0
    code, out, _ = told(capsys, "plan", "--no-refresh", "-target", "build.variant")
    assert (code, "build.variant" in out, "build.web" in out) == (0, True, False)
    both = ("-target", "build.variant", "-target", "build.web")
    code, _, err = told(capsys, "plan", "--no-refresh", *both)
    assert (code, "Claimed twice" in err) == (1, True)


def test_a_variable_by_envdplans_name_is_told_to_have_no_effect(
    project: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "docker-bake.hcl").write_text(BAKE)
    monkeypatch.setenv("ENVDPLAN_VAR_TAG", "2")
    code, out, err = told(capsys, "validate")
    assert code == 0, out
    assert "ENVDPLAN_VAR_TAG has no effect" in err
    assert "Variables of bake files are set by their own names: TAG, or --var TAG=..." in err


def test_what_several_targets_have_in_common_is_told_once(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Such as the cache of GitHub, which stands in each target of many files."""
    cache = '  cache-from = ["type=gha"]\n  cache-to = ["type=gha,mode=max"]\n'
    targets = (f'target "{one}" {{\n  tags = ["r:1/{one}:1"]\n{cache}}}\n' for one in "abc")
    (project / "docker-bake.hcl").write_text("".join(targets))
    code, out, err = told(capsys, "validate")
    assert (code, out) == (0, "The configuration is valid: 3 resources, 1 warning.\n")
    assert "Cache left out at docker-bake.hcl:3:17, in build.a and 2 more" in err
