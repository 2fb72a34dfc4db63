"""Options as people write them, and addresses that stand for several resources."""

from pathlib import Path

import pytest

from envdplan.cli.app import run

INNER = """
context "c" {
  builder         = "tcp"
  builder_address = "10.0.0.1:1"
}
"""


@pytest.fixture
def at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "envdplan.hcl").write_text(INNER)
    (tmp_path / "envdplan.hcl").write_text(
        'envdplan { context_store = "contexts" }\n'
        'module "m" { source = "./m" }\n' + INNER.replace('"c"', '"own"')
    )
    return ["-C", str(tmp_path)]


@pytest.mark.parametrize("option", ["-refresh=false", "--refresh=false", "--no-refresh"])
def test_terraforms_refresh_is_ours(
    at: list[str], option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*at, "plan", option]) == 0
    assert "Nothing was looked at" in capsys.readouterr().out
    assert run([*at, "plan", option.replace("false", "true").replace("no-", "")]) == 0
    assert "Nothing was looked at" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (["plan", "-lock=false"], "No such option: -lock."),
        (["plan", "-targt", "context.own"], 'No such option: -targt. Did you mean "-target"?'),
        (["apply", "-refresh=false"], "No such option: -refresh."),
        (["plan", "-q"], "No such option: -q"),
        (
            ["plan", "web", "api"],
            "(web api). To choose a build or a group: -target build.web, -tar",
        ),
        (
            ["apply", "web", "api"],
            "(api). To choose a build or a group: -target build.api, -target",
        ),
        (
            ["plan", "-target", "web"],
            "Say build.web for a build or a target of bake, group.web for",
        ),
        (["apply", "web"], "If a build or a group is meant: -target build.web, -target group.web."),
    ],
)
def test_what_is_not_understood_is_named_as_it_was_written(
    at: list[str], command: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*at, *command]) == 1
    assert words in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize("name", ["module.m", "group.g"])
def test_replace_takes_no_names_of_several(
    at: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*at, "plan", "-replace", name]) == 1
    told = " ".join(capsys.readouterr().err.split())
    assert "--replace takes single resources" in told
    assert f"{name} means several resources" in told


def test_state_forgets_and_shows_what_is_in_a_module(
    at: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([*at, "apply", "-auto-approve"]) == 0
    capsys.readouterr()
    assert run([*at, "state", "show", "module.m"]) == 0
    shown = capsys.readouterr().out
    assert "module.m.context.c" in shown
    assert "context.own" not in shown
    assert run([*at, "state", "rm", "module.m"]) == 0
    assert "Forgotten: module.m.context.c." in capsys.readouterr().out
    assert run([*at, "state", "list"]) == 0
    assert capsys.readouterr().out == "context.own\n"
    assert run([*at, "state", "rm", "module.m"]) == 1
    assert "The state records nothing in module.m." in capsys.readouterr().err


def test_a_destroy_of_nothing_destroys_nothing_and_says_so(
    at: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(at[1]) / "envdplan.hcl"
    path.write_text(path.read_text() + 'group "g" { members = [] }\n')
    assert run([*at, "apply", "-auto-approve"]) == 0
    capsys.readouterr()
    assert run([*at, "destroy", "-auto-approve", "-target", "group.g"]) == 0
    assert "group.g matches no resources, so nothing is planned." in capsys.readouterr().out
    assert run([*at, "state", "list"]) == 0
    assert capsys.readouterr().out == "context.own\nmodule.m.context.c\n"
