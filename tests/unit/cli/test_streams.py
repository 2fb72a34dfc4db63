"""Standard input and output that are closed or lead to a full disk, and files of odd kinds."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests import children
from tests.unit.cli.running import environment

CONTEXT = 'context "a" {\n  builder = "tcp"\n  builder_address = "127.0.0.1:1"\n}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "envdplan.hcl").write_text(CONTEXT)
    return tmp_path


def run(folder: Path, command: str) -> tuple[int, str]:
    """By a shell, which opens and closes descriptors; what it says on both streams."""
    process: subprocess.Popen[str] = children.start(
        ["sh", "-c", command.replace("envdplan", f"{sys.executable} -m envdplan")],
        cwd=folder,
        env=environment(folder / "home"),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    said, _ = process.communicate(timeout=120)
    assert "Traceback" not in said
    assert "Internal error" not in said
    assert "Exception ignored" not in said
    return process.returncode, said


@pytest.mark.parametrize("arguments", ["plan", "--version", "--help", "functions", "show -config"])
def test_a_full_disk_under_standard_output_is_told(folder: Path, arguments: str) -> None:
    code, said = run(folder, f"envdplan {arguments} > /dev/full")
    assert (code, "Standard output cannot be written" in said) == (1, True)
    assert "No space left on device" in said


def test_who_reads_no_further_ends_it_quietly(folder: Path) -> None:
    code, said = run(folder, "envdplan functions | head -1; exit 7")
    assert (code, said.count("\n")) == (7, 1)


def test_a_closed_standard_output_is_told_and_nothing_done(folder: Path) -> None:
    code, said = run(folder, "envdplan apply --auto-approve >&-")
    assert (code, "Standard output is closed" in said) == (1, True)
    assert not (folder / ".envdplan").exists()


@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-"])
def test_what_else_is_closed_is_as_good_as_empty(folder: Path, closed: str) -> None:
    code, said = run(folder, f"envdplan plan {closed}")
    assert (code, "context.a (context) will be created" in said) == (0, True)
    code, said = run(folder, f"envdplan apply {closed}")
    assert code == 1
    code, said = run(folder, f"envdplan console {closed}")
    assert (code, said) == (0, "")


@pytest.mark.parametrize("kind", ["fifo", "folder", "device"])
def test_a_state_that_is_no_file_is_told(folder: Path, kind: str) -> None:
    place = folder / "state"
    if kind == "fifo":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        place.symlink_to("/dev/zero")
    (folder / "envdplan.hcl").write_text(f'envdplan {{ state = "state" }}\n{CONTEXT}')
    for command in ("plan", "state list", "apply -auto-approve"):
        code, said = run(folder, f"envdplan {command}")
        assert (code, "Cannot read a file" in said) == (1, True), said


@pytest.mark.parametrize("options", ["plan -var-file NAME.hcl", "-C NAME plan", "apply NAME"])
@pytest.mark.parametrize("name", ["n" * 300, "fifo", "folder"])
def test_what_users_name_is_told_when_it_cannot_be(folder: Path, options: str, name: str) -> None:
    for suffix in ("", ".hcl"):
        os.mkfifo(folder / f"fifo{suffix}")
        (folder / f"folder{suffix}").mkdir()
    code, said = run(folder, f"envdplan {options.replace('NAME', name)}")
    assert (code, said.startswith("Error: ")) == (1, True), said


def test_a_name_that_is_too_long_in_env_file_names_no_file(folder: Path) -> None:
    (folder / "app").mkdir()
    (folder / "app" / "Dockerfile").write_text("FROM scratch\n")
    (folder / "envdplan.hcl").unlink()
    said = []
    for name in ("n" * 300, "missing"):
        (folder / "compose.yaml").write_text(
            f"services:\n  a:\n    build: app\n    image: x/a\n    env_file: {name}\n"
        )
        said.append(run(folder, "envdplan plan"))
    assert said[0] == said[1]


def test_a_file_of_values_says_its_language_by_its_name(folder: Path) -> None:
    (folder / "values").write_text("a = 1\n")
    code, said = run(folder, "envdplan plan -var-file values")
    assert (code, "Not a file of values" in said) == (1, True)
