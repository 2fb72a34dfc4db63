"""The command without any daemon: contexts by hand, exit codes, mistakes, and what is imported."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.core import TyperGroup
from typer.main import get_command

from envdplan.cli.app import app
from tests import children
from tests.unit.cli.running import environment as plain

ROOT = Path(__file__).parents[3]


def start(folder: Path, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    return children.start(
        [sys.executable, "-m", "envdplan", *arguments],
        cwd=folder,
        env=plain(folder / "home", **environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def run(folder: Path, *arguments: str, **environment: str) -> tuple[int, str, str]:
    process = start(folder, *arguments, **environment)
    out, err = process.communicate(timeout=60)
    assert "Traceback" not in out + err
    return process.returncode, out, err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    return tmp_path


CONTEXTS = """
context "a" {
  builder         = "tcp"
  builder_address = "10.0.0.1:1234"
  use             = true
}
context "b" {
  builder         = "unix"
  builder_address = "/run/b.sock"
  runner          = "envd-server"
  runner_address  = "http://h:8080"
}
output "names" { value = [context.a.name, context.b.name] }
"""


def test_contexts_are_planned_applied_changed_and_destroyed(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text(CONTEXTS)
    code, out, _ = run(folder, "plan", "--detailed-exitcode")
    assert code == 2
    assert "Plan: 2 to add, 0 to change, 0 to destroy." in out
    assert not (folder / ".envdplan").exists()
    code, out, _ = run(folder, "apply", "--auto-approve")
    assert code == 0
    assert "Apply complete! Resources: 2 added, 0 changed, 0 destroyed." in out
    assert 'names = ["a", "b"]' in out
    code, out, _ = run(folder, "plan", "--detailed-exitcode")
    assert (code, out) == (0, "No changes.\nEverything is as the configuration says.\n")
    _, out, _ = run(folder, "context", "ls", "-f", "json")
    listed = {one["context"]: one for one in json.loads(out)}
    assert set(listed) == {"default", "a", "b"}
    assert listed["a"]["current"] is True
    assert listed["b"]["runner_addr"] == "http://h:8080"
    (folder / "envdplan.hcl").write_text(CONTEXTS.replace("10.0.0.1", "10.0.0.2"))
    code, out, _ = run(folder, "plan", "--detailed-exitcode")
    assert 'builder_address = "10.0.0.1:1234" -> "10.0.0.2:1234"' in out
    run(folder, "context", "rm", "--name", "b")
    code, out, _ = run(folder, "plan", "--refresh-only")
    assert "context.b is gone" in out
    run(folder, "apply", "--auto-approve")
    code, out, _ = run(folder, "destroy", "--auto-approve")
    assert "Destroy complete! Resources: 0 added, 0 changed, 2 destroyed." in out
    code, out, _ = run(folder, "destroy", "--auto-approve")
    assert (code, out.splitlines()[1]) == (0, "Nothing is recorded here that could be destroyed.")
    _, out, _ = run(folder, "context", "ls")
    assert out.splitlines()[1].split() == [
        "default", "(current)", "moby-worker", "moby-worker://envd_buildkitd", "docker",
    ]  # fmt: skip


def test_a_lost_state_adopts_what_is_there(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text(CONTEXTS)
    run(folder, "apply", "--auto-approve")
    for path in (folder / ".envdplan").iterdir():
        if path.is_file():
            path.unlink()
    code, out, _ = run(folder, "plan", "--detailed-exitcode")
    assert code == 0
    assert "No changes." in out
    run(folder, "context", "use", "--name", "default")
    (folder / "envdplan.hcl").write_text(CONTEXTS.replace("10.0.0.1", "10.0.0.2"))
    code, _, err = run(folder, "plan")
    assert code == 1
    assert "Already exists, not managed by envdplan" in err
    code, out, _ = run(folder, "import", "context.a")
    assert code == 0
    code, out, _ = run(folder, "plan", "--detailed-exitcode")
    assert code == 2
    assert "~ context.a" in out


def test_targets_and_saved_plans(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text(CONTEXTS)
    code, out, _ = run(folder, "plan", "-target", "context.a", "-out", "p")
    assert "Plan: 1 to add, 0 to change, 0 to destroy." in out
    assert (folder / "p").stat().st_mode & 0o077 == 0
    (folder / "envdplan.hcl").write_text(CONTEXTS.replace("10.0.0.1", "10.0.0.9"))
    code, out, _ = run(folder, "apply", "p")
    assert code == 0
    _, out, _ = run(folder, "context", "ls")
    assert "10.0.0.1:1234" in out  # what was planned, not what the file says now
    code, _, err = run(folder, "apply", "p")
    assert code == 1
    assert "Plan is stale" in err
    code, _, err = run(folder, "plan", "--target", "context.x")
    assert code == 1
    assert "There is no context.x" in err
    code, out, _ = run(folder, "show", "p")
    assert "context.a (context) will be created" in out


def test_the_state_can_be_looked_at_and_forgotten(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text(CONTEXTS)
    run(folder, "apply", "--auto-approve")
    assert run(folder, "state", "list")[1] == "context.a\ncontext.b\n"
    assert 'builder_address = "/run/b.sock"' in run(folder, "state", "show", "context.b")[1]
    assert run(folder, "output", "names", "--json")[0] == 0
    assert run(folder, "output", "nothing")[0] == 1
    assert run(folder, "output", "names")[1] == '["a", "b"]\n'
    assert run(folder, "state", "rm", "context.b")[0] == 0
    assert run(folder, "state", "list")[1] == "context.a\n"
    assert "context.b will be recorded as it is" in run(folder, "plan")[1]


def test_twelve_at_once_lose_no_context(folder: Path) -> None:
    names = [f"c{number}" for number in range(12)]
    running = [
        start(folder, "context", "create", "--name", name, "--builder", "tcp",
              "--builder-socket", "h:1")
        for name in names
    ]  # fmt: skip
    for process in running:
        _, err = process.communicate(timeout=120)
        assert process.returncode == 0, err
    listed = json.loads(run(folder, "context", "ls", "-f", "json")[1])
    assert sorted(one["context"] for one in listed) == sorted([*names, "default"])


def test_a_corrupt_store_is_an_error_that_names_its_repair(folder: Path) -> None:
    store = folder / "home" / ".config" / "envd" / "contexts"
    store.parent.mkdir(parents=True)
    store.write_bytes(b"nonsense")
    (folder / "envdplan.hcl").write_text(CONTEXTS)
    code, _, err = run(folder, "plan")
    assert code == 1
    assert "envdplan context repair" in " ".join(err.split())
    assert run(folder, "context", "repair")[0] == 0
    assert run(folder, "plan")[0] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("plan",), "No configuration found"),
        (("-C", "/no/such/dir", "plan"), "Directory not found"),
        (("paln",), "No such command"),
        (("plan", "--nope"), "No such option"),
        (("show", "nothing"), "Cannot read the plan"),
        (("context", "use", "--name", "x"), "does not exist"),
        (("context", "create", "--name", "x", "--builder", "y"), "unknown builder type"),
        (("context", "ls", "-f", "yaml"), "Unknown format"),
        (("context", "create"), "Missing option"),
    ],
)
def test_a_mistake_on_the_command_line_is_told_and_ends_with_1(
    folder: Path, arguments: tuple[str, ...], words: str
) -> None:
    code, out, err = run(folder, *arguments)
    assert code == 1
    assert words in out + err


def test_a_mistake_in_a_file_is_told(folder: Path) -> None:
    (folder / "envdplan.hcl").write_bytes(b"\xff\xfe")
    assert "Not a text file" in run(folder, "validate")[2]
    (folder / "envdplan.hcl").write_text("locals {\n  a = nope\n}\n")
    code, _, err = run(folder, "validate")
    assert code == 1
    assert "at envdplan.hcl:2:7" in err


def test_validate_says_all_as_one_json_object(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text("locals {\n  a = nope\n}\n")
    code, out, _ = run(folder, "validate", "--json")
    assert code == 1
    found = json.loads(out)
    counts = [found[name] for name in ("valid", "error_count", "warning_count", "resources")]
    assert counts == [False, 1, 0, 0]
    assert found["diagnostics"] == [
        {
            "severity": "error",
            "summary": "Unknown name",
            "detail": 'There is nothing called "nope" here. Known here: build, builder, context, '
            "data, local, module, path, var.",
            "address": None,
            "range": {
                "file": "envdplan.hcl",
                "start": {"line": 2, "column": 7},
                "end": {"line": 2, "column": 11},
            },
            "snippet": {
                "code": "  a = nope",
                "start_line": 2,
                "highlight_start_offset": 6,
                "highlight_end_offset": 10,
            },
        }
    ]


def test_validate_is_about_warnings_too_and_about_what_is_no_project(folder: Path) -> None:
    code, out, _ = run(folder, "validate", "--json")
    assert code == 1
    assert json.loads(out)["diagnostics"][0]["summary"] == "No configuration found"
    (folder / "envdplan.hcl").write_text("locals {\n  a = 1\n}\n")
    code, out, _ = run(folder, "validate", "--json")
    assert code == 0
    found = json.loads(out)
    assert (found["valid"], found["warning_count"]) == (True, 1)
    code, out, err = run(folder, "validate")
    assert code == 0
    assert "The configuration is valid: 0 resources, 1 warning." in out
    assert "Warning: Unused local" in err


def test_every_command_that_loads_tells_the_warnings(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text("locals {\n  a = 1\n}\n")
    for command in ("plan", "apply"):
        assert run(folder, command)[2].count("Unused local") == 1


def test_nobody_is_asked_without_a_terminal(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text(CONTEXTS)
    code, _, err = run(folder, "apply")
    assert code == 1
    assert "--auto-approve" in err
    assert not (folder / "home" / ".config").exists()


def test_a_full_disk_changes_nothing(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text('envdplan { state = "/dev/full/state.json" }\n' + CONTEXTS)
    code, _, err = run(folder, "apply", "--auto-approve")
    assert code == 1
    assert "/dev/full" in err
    assert not (folder / "home" / ".config").exists()


def test_version_and_help_need_no_library() -> None:
    code = (
        "import sys, runpy; sys.argv = ['envdplan', sys.argv[1]]\n"
        "try: runpy.run_module('envdplan', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "slow = {'typer', 'click', 'rich', 'grpc', 'docker', 'jsonschema', 'yaml', 'urllib3'}\n"
        "found = slow & set(sys.modules)\n"
        "sys.exit(','.join(found) if found else 0)\n"
    )
    for flag in ("--version", "--help"):
        done = subprocess.run(
            [sys.executable, "-c", code, flag],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    assert "envdplan [OPTIONS] COMMAND" in done.stdout


def test_an_empty_plan_needs_no_slow_library(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text(CONTEXTS)
    run(folder, "apply", "--auto-approve")
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "envdplan", "plan"],
        cwd=folder,
        env={"HOME": str(folder / "home"), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    imported = set(re.findall(r"\| +([a-z_0-9]+)$", done.stderr, re.MULTILINE))
    assert "typer" in imported
    slow = {"docker", "grpc", "jsonschema", "yaml", "urllib3", "rich", "kubernetes", "logging"}
    assert not imported & slow


def test_a_log_goes_to_standard_error_and_leaves_json_alone(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text(CONTEXTS)
    code, out, err = run(folder, "plan", "--json", ENVDPLAN_LOG="info")
    assert code == 0
    assert [json.loads(line)["type"] for line in out.splitlines()]
    assert "INFO  envdplan.cli: command envdplan plan --json\n" in err
    assert re.search(r"INFO  envdplan.resources: GET http://h:8080/api/v1/ \S+.* ms\n", err)


def test_a_level_that_does_not_exist_ends_before_anything_is_done(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text(CONTEXTS)
    code, out, err = run(folder, "apply", "--auto-approve", ENVDPLAN_LOG="loud")
    assert (code, out) == (1, "")
    assert "Error: Unknown log level" in err
    assert not (folder / ".envdplan").exists()


def test_the_help_text_is_current() -> None:
    sys.path.insert(0, str(ROOT))
    from scripts.write_helptext import PATH, module

    assert PATH.read_text() == module()


def _commands(group: TyperGroup, path: tuple[str, ...] = ()) -> Iterator[tuple[str, str]]:
    for name, command in group.commands.items():
        yield " ".join((*path, name)), (command.help or "").partition("\n")[0]
        if isinstance(command, TyperGroup):
            yield from _commands(command, (*path, name))


def test_a_command_has_a_line_of_help_that_no_terminal_cuts() -> None:
    group = get_command(app)
    assert isinstance(group, TyperGroup)
    lines = dict(_commands(group))
    assert len(lines) > 20
    first = {name: line.partition(". ")[0] for name, line in lines.items()}
    assert {name: line for name, line in first.items() if not 0 < len(line) <= 55} == {}
    assert all(line.endswith(".") for line in lines.values())


def test_import_writes_the_block_of_a_context_that_is_not_declared(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text("")
    run(folder, "context", "create", "--name", "t", "--builder", "tcp", "--builder-address", "h:1")
    code, _, err = run(folder, "import", "context.t")
    assert code == 1
    block = err[err.index("context ") :]
    (folder / "envdplan.hcl").write_text(block)
    assert run(folder, "import", "context.t")[0] == 0
    assert run(folder, "plan", "--detailed-exitcode")[0] == 0


def test_blocks_that_do_not_fit_into_the_configuration_are_taken_back(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text(CONTEXTS)
    create = ("context", "create", "--builder", "tcp", "--builder-address", "h:1", "--use")
    assert run(folder, *create, "--name", "t")[0] == 0
    code, _, err = run(folder, "import")
    assert (code, "More than one current context" in err) == (1, True), err
    assert sorted(one.name for one in folder.iterdir()) == ["envdplan.hcl", "home"]


def test_functions_are_listed_with_their_examples(folder: Path) -> None:
    assert "matrix(axes: map) -> map" in run(folder, "functions")[1]
    assert "    = " in run(folder, "functions", "indent")[1]
    found = json.loads(run(folder, "functions", "-f", "json")[1])
    assert {"name", "signature", "example", "result"} <= found[0].keys()
    code, _, err = run(folder, "functions", "indnt")
    assert (code, 'Did you mean "indent"?' in err) == (1, True)


def test_console_evaluates_with_the_configuration(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text(CONTEXTS)
    code, out, _ = run(folder, "console", "context.a.name", "1 + 2", "{ a = context.b.runner }")
    assert (code, out.splitlines()) == (0, ['"a"', "3", '{ a = "envd-server" }'])
    code, out, err = run(folder, "console", "1 +", "context.z.name", "2")
    assert (code, out.splitlines()) == (1, ["2"])
    assert "There is nothing called" in err


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        (("plan", "--target", "context.registri"), "context.registry"),
        (("plan", "--target", "contxt.a"), "context"),
        (("plan", "--target", "group.relaese"), "group.release"),
        (("plan", "--replace", "context.registri"), "context.registry"),
        (("plan", "--var", "adress=x"), "address"),
        (("import", "context.registri"), "context.registry"),
        (("output", "nmaes"), "names"),
        (("functions", "lenght"), "length"),
        (("state", "show", "context.registri"), "context.registry"),
        (("state", "rm", "context.registri"), "context.registry"),
        (("context", "use", "--name", "registri"), "registry"),
    ],
)
def test_what_is_misspelt_on_the_command_line_is_guessed(
    applied: Path, arguments: tuple[str, ...], meant: str
) -> None:
    code, _, err = run(applied, *arguments)
    assert code == 1
    assert f'Did you mean "{meant}"?' in " ".join(err.split())


def test_a_key_that_the_shell_has_bared_is_told(applied: Path) -> None:
    _, _, err = run(applied, "plan", "--target", "context.registry[x]")
    assert "Quote it for the shell: 'build.NAME[\"KEY\"]'." in " ".join(err.split())


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that is applied, and that no test changes."""
    folder = tmp_path_factory.mktemp("applied")
    (folder / "home").mkdir()
    (folder / "envdplan.hcl").write_text("""
variable "address" { default = "10.0.0.1:1234" }
context "registry" {
  builder         = "tcp"
  builder_address = var.address
}
group "release" { members = [context.registry] }
output "names" { value = [context.registry.name] }
""")
    assert run(folder, "apply", "--auto-approve")[0] == 0
    return folder


def test_the_whole_configuration_can_be_shown_resolved(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text(
        CONTEXTS
        + """
variable "secret" {
  default   = "hush"
  sensitive = true
}
build "x" {
  for_each = toset(["b", "a"])
  context  = context.a
  args     = { S = var.secret, K = each.key }
  tags     = ["r:5000/x:${each.key}"]
  push     = true
}
group "all" { members = [build.x] }
output "digest" { value = build.x["a"].digest }
"""
    )
    code, out, err = run(folder, "show", "-config")
    assert (code, err) == (0, "")
    heads = [line for line in out.splitlines() if line and not line.startswith(" ")]
    assert heads[:5] == [
        "context.a (context)",
        "context.b (context)",
        'build.x["a"] (dockerfile)',
        'build.x["b"] (dockerfile)',
        "group.all",
    ]
    assert "hush" not in out
    assert "(known after apply)" in out
    code, out, _ = run(folder, "show", "-config", "-json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert [one["type"] for one in lines] == [
        "version", *["resource"] * 4, "group", "outputs",
    ]  # fmt: skip
    assert lines[5]["members"] == ["build.x"]
    assert "hush" not in out
    assert not (folder / ".envdplan").exists()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("show", "-config", "plan"), "not both"),
        (("show", "-var", "a=1"), "for --config"),
        (("schema", "gone"), '"gone" is not one of'),
    ],
)
def test_what_cannot_be_shown_is_told(folder: Path, arguments: tuple[str, ...], words: str) -> None:
    (folder / "envdplan.hcl").write_text(CONTEXTS)
    code, _, err = run(folder, *arguments)
    assert code == 1
    assert words in " ".join(err.split())


@pytest.mark.parametrize("name", ["envdplan", "output", "state", "plan"])
def test_schemas_are_printed_as_they_are_published(folder: Path, name: str) -> None:
    code, out, _ = run(folder, "schema", name)
    assert code == 0
    assert out == (ROOT / "schemas" / f"{name}.schema.json").read_text()


def test_a_check_warns_after_plan_and_apply_and_fails_nothing(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text(
        CONTEXTS
        + """
check "address" {
  assert {
    condition     = startswith(context.a.builder_address, "192.")
    error_message = "a is at ${context.a.builder_address}."
  }
}
"""
    )
    code, _, err = run(folder, "plan")
    assert code == 0
    assert "Check failed" in err
    assert "a is at 10.0.0.1:1234." in err
    code, _, err = run(folder, "apply", "-auto-approve")
    assert code == 0
    assert "check.address" in err


def test_an_output_that_is_called_sensitive_is_shown_and_stored_nowhere(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text(
        CONTEXTS + 'output "hidden" {\n  value     = { a = "plain" }\n  sensitive = true\n}\n'
    )
    seen = [
        run(folder, "plan"),
        run(folder, "apply", "-auto-approve"),
        run(folder, "output", "-json"),
    ]
    assert all("plain" not in out + err for _, out, err in seen)
    hidden = json.loads(seen[2][1])["hidden"]
    assert (hidden["sensitive"], hidden["value"]) == (True, None)
    for form in ((), ("-json",), ("-raw",)):
        code, out, err = run(folder, "output", "hidden", *form)
        assert (code, out) == (1, "")
        assert "Sensitive output is not stored" in err
    assert "plain" not in (folder / ".envdplan" / "state.json").read_text()
