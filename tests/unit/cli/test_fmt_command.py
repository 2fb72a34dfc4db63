"""envdplan fmt as users run it."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.cli.running import environment

ROOT = Path(__file__).parents[3]
LOOSE = "context  demo{\nuse=true\n  builder = builder.x # mine\n}\n"
TIDY = "context demo {\n  use     = true\n  builder = builder.x # mine\n}\n"


_ORDINARY = (
    ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
)
"""root that may not read and write everything, as others may not."""


def fmt(folder: Path, *arguments: str, given: bytes = b"") -> tuple[int, str, str]:
    done = subprocess.run(
        [*_ORDINARY, sys.executable, "-m", "envdplan", *arguments],
        cwd=folder,
        env=environment(folder / "home"),
        input=given,
        capture_output=True,
        timeout=60,
        check=False,
    )
    out, err = done.stdout.decode(), done.stderr.decode()
    assert "Traceback" not in out + err
    assert "Internal error" not in err
    return done.returncode, out, err


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "envdplan.hcl").write_text(LOOSE)
    (tmp_path / "more.envdplan.hcl").write_text(TIDY)
    (tmp_path / "envdplan.vars.hcl").write_text("a=1\n")
    (tmp_path / "docker-bake.hcl").write_text("a=1\n")
    (tmp_path / "envdplan.yaml").write_text("locals:   {a:  1}\n")
    for below in ("below", ".hidden"):
        (tmp_path / below).mkdir()
        (tmp_path / below / "envdplan.hcl").write_text(LOOSE)
    return tmp_path


def test_the_files_of_the_project_are_formatted_and_named(folder: Path) -> None:
    assert fmt(folder, "fmt") == (0, "envdplan.hcl\nenvdplan.vars.hcl\n", "")
    assert (folder / "envdplan.hcl").read_text() == TIDY
    assert (folder / "envdplan.vars.hcl").read_text() == "a = 1\n"
    assert (folder / "docker-bake.hcl").read_text() == "a=1\n"
    assert (folder / "envdplan.yaml").read_text() == "locals:   {a:  1}\n"
    assert (folder / "below" / "envdplan.hcl").read_text() == LOOSE
    assert fmt(folder, "fmt") == (0, "", "")


def test_directories_below_are_formatted_when_asked_for_but_hidden_ones_never(folder: Path) -> None:
    (folder / "below" / "circle").symlink_to(folder, target_is_directory=True)
    code, out, _ = fmt(folder, "fmt", "-recursive")
    assert code == 0
    assert out.split() == ["envdplan.hcl", "envdplan.vars.hcl", "below/envdplan.hcl"]
    assert (folder / ".hidden" / "envdplan.hcl").read_text() == LOOSE


def test_paths_choose_files_and_directories(folder: Path) -> None:
    assert fmt(folder, "fmt", "below", "docker-bake.hcl")[:2] == (
        0,
        "below/envdplan.hcl\ndocker-bake.hcl\n",
    )
    assert (folder / "docker-bake.hcl").read_text() == "a = 1\n"
    assert (folder / "envdplan.hcl").read_text() == LOOSE


def test_another_directory_is_the_project_with_chdir(folder: Path) -> None:
    assert fmt(folder, "-C", "below", "fmt") == (0, "below/envdplan.hcl\n", "")


@pytest.mark.parametrize("spelling", ["-check", "--check"])
def test_check_writes_nothing_and_ends_with_three(folder: Path, spelling: str) -> None:
    assert fmt(folder, "fmt", spelling) == (3, "envdplan.hcl\nenvdplan.vars.hcl\n", "")
    assert (folder / "envdplan.hcl").read_text() == LOOSE
    assert fmt(folder, "fmt", spelling, "more.envdplan.hcl") == (0, "", "")


def test_a_difference_is_shown_for_every_file(folder: Path) -> None:
    code, out, _ = fmt(folder, "fmt", "-diff", "-write=false", "-list=false", "envdplan.vars.hcl")
    expected = "--- old/envdplan.vars.hcl\n+++ new/envdplan.vars.hcl\n@@ -1 +1 @@\n-a=1\n+a = 1\n"
    assert (code, out) == (0, expected)
    assert (folder / "envdplan.vars.hcl").read_text() == "a=1\n"


def test_a_difference_can_be_applied_with_patch(folder: Path) -> None:
    patch = shutil.which("patch")
    if patch is None:
        pytest.skip("needs the patch command")
    (folder / "envdplan.hcl").write_text(LOOSE.rstrip("\n"))
    _, out, _ = fmt(folder, "fmt", "-diff", "-write=false", "-list=false", "envdplan.hcl")
    assert "\\ No newline at end of file\n" in out
    subprocess.run([patch, "-p1"], cwd=folder, input=out.encode(), check=True, capture_output=True)
    assert (folder / "envdplan.hcl").read_text() == TIDY


def test_standard_input_goes_to_standard_output(folder: Path) -> None:
    assert fmt(folder, "fmt", "-", given=LOOSE.encode()) == (0, TIDY, "")
    assert fmt(folder, "fmt", "-", given=TIDY.encode()) == (0, TIDY, "")
    assert fmt(folder, "fmt", "-", given='é="ü"\r\n'.encode()) == (0, 'é = "ü"\r\n', "")
    assert fmt(folder, "fmt", "-", given=b"") == (0, "", "")
    assert (folder / "envdplan.hcl").read_text() == LOOSE


def test_standard_input_can_be_checked_and_compared(folder: Path) -> None:
    assert fmt(folder, "fmt", "-check", "-", given=b"a=1\n") == (3, "", "")
    assert fmt(folder, "fmt", "-check", "-", given=b"a = 1\n") == (0, "", "")
    code, out, _ = fmt(folder, "fmt", "-diff", "-", given=b"a=1\n")
    assert (code, out.splitlines()[-2:]) == (0, ["-a=1", "+a = 1"])


def test_standard_input_stands_alone(folder: Path) -> None:
    code, out, err = fmt(folder, "fmt", "-", "envdplan.hcl", given=b"a=1\n")
    assert (code, out) == (1, "")
    assert "Standard input excludes files" in err
    assert (folder / "envdplan.hcl").read_text() == LOOSE


def test_a_file_with_mistakes_is_left_and_told_and_the_others_are_formatted(folder: Path) -> None:
    (folder / "bad.envdplan.hcl").write_text("a=1\nb=\n")
    code, out, err = fmt(folder, "fmt")
    assert (code, out) == (1, "envdplan.hcl\nenvdplan.vars.hcl\n")
    assert "Error: Missing expression\n  at bad.envdplan.hcl:2:3\n" in err
    assert (folder / "bad.envdplan.hcl").read_text() == "a=1\nb=\n"
    code, out, err = fmt(folder, "fmt", "-check", "bad.envdplan.hcl")
    assert (code, out) == (1, "")
    assert "Missing expression" in err


def test_mistakes_in_standard_input_are_told(folder: Path) -> None:
    code, out, err = fmt(folder, "fmt", "-", given=b"a = [\n")
    assert (code, out) == (1, "")
    assert "at <stdin>:2:1" in err


def test_text_that_is_not_utf_8_is_refused(folder: Path) -> None:
    (folder / "latin.hcl").write_bytes(b'a="\xe9"\n')
    code, out, err = fmt(folder, "fmt", "latin.hcl")
    assert (code, out) == (1, "")
    assert "latin.hcl is not UTF-8: byte 3" in err
    assert (folder / "latin.hcl").read_bytes() == b'a="\xe9"\n'
    code, out, err = fmt(folder, "fmt", "-", given=b'a="\xe9"\n')
    assert (code, out) == (1, "")
    assert "Standard input is not UTF-8: byte 3" in err


def test_yaml_that_is_named_gets_a_clear_answer(folder: Path) -> None:
    code, out, err = fmt(folder, "fmt", "envdplan.yaml", "envdplan.hcl")
    assert (code, out) == (1, "envdplan.hcl\n")
    assert "Error: YAML cannot be formatted" in err


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("envdplan.hlc", 'envdplan.hlc does not exist. Did you mean "envdplan.hcl"?'),
        ("nowhere/x.hcl", "nowhere/x.hcl does not exist."),
        ("envdplan.hcl/x.hcl", "envdplan.hcl/x.hcl does not exist."),
        ("gone.hcl", "gone.hcl does not exist."),
        ("notes.txt", "fmt formats files in .hcl, and notes.txt is none."),
        ("pipe.hcl", "fmt formats files in .hcl, and pipe.hcl is none."),
        ("x" * 300 + ".hcl", "File name too long."),
    ],
)
def test_other_paths_are_refused(folder: Path, path: str, words: str) -> None:
    (folder / "notes.txt").write_text("a=1\n")
    (folder / "gone.hcl").symlink_to("nothing")
    os.mkfifo(folder / "pipe.hcl")
    code, out, err = fmt(folder, "fmt", path)
    assert (code, out) == (1, "")
    assert words in " ".join(err.split())


def test_options_are_true_or_false(folder: Path) -> None:
    code, _, err = fmt(folder, "fmt", "-write=no")
    assert code == 1
    assert '"no" is neither true nor false' in err


def test_a_directory_without_hcl_files_is_no_mistake(folder: Path) -> None:
    (folder / "empty").mkdir()
    expected = (0, "", "There are no HCL files of envdplan in empty.\n")
    assert fmt(folder, "fmt", "empty") == expected


def test_the_mode_of_a_file_stays_and_nothing_is_left_beside_it(folder: Path) -> None:
    (folder / "envdplan.hcl").chmod(0o640)
    before = sorted(os.listdir(folder))
    assert fmt(folder, "fmt", "envdplan.hcl")[0] == 0
    assert stat.S_IMODE((folder / "envdplan.hcl").stat().st_mode) == 0o640
    assert sorted(os.listdir(folder)) == before


def test_a_link_stays_and_its_target_is_formatted(folder: Path) -> None:
    (folder / "below" / "link.hcl").symlink_to(folder / "docker-bake.hcl")
    assert fmt(folder, "fmt", "below/link.hcl")[:2] == (0, "below/link.hcl\n")
    assert (folder / "below" / "link.hcl").is_symlink()
    assert (folder / "docker-bake.hcl").read_text() == "a = 1\n"


def test_a_formatted_file_is_not_written_again(folder: Path) -> None:
    before = (folder / "more.envdplan.hcl").stat()
    assert fmt(folder, "fmt", "more.envdplan.hcl") == (0, "", "")
    after = (folder / "more.envdplan.hcl").stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_files_that_may_not_be_read_or_written_are_told(folder: Path) -> None:
    (folder / "envdplan.hcl").chmod(0o444)
    (folder / "docker-bake.hcl").chmod(0)
    code, out, err = fmt(folder, "fmt", "envdplan.hcl", "docker-bake.hcl", "envdplan.vars.hcl")
    assert (code, out) == (1, "envdplan.vars.hcl\n")
    assert "envdplan.hcl is write-protected" in err
    assert "docker-bake.hcl: Permission denied" in err
    assert (folder / "envdplan.hcl").read_text() == LOOSE
