"""What git() is told, by the real git."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from envdplan.clients.git.repository import NoAnswer, Repositories

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
ENVIRONMENT = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "GIT_CONFIG_NOSYSTEM": "1",
    **{f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")},
}


def git(directory: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=directory,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "r"
    (root / "inner").mkdir(parents=True)
    git(root, "init", "-b", "trunk")
    (root / "file").write_text("1")
    git(root, "add", ".")
    git(root, "commit", "-m", "one")
    return root


def test_a_plain_repository(repository: Path) -> None:
    commit = git(repository, "rev-parse", "HEAD")
    assert Repositories(ENVIRONMENT).about(str(repository / "inner")) == {
        "branch": "trunk",
        "commit": commit,
        "dirty": False,
        "remote": None,
        "short": git(repository, "rev-parse", "--short", "HEAD"),
        "tag": None,
    }


def test_a_tag_a_detached_head_and_a_remote_without_its_password(repository: Path) -> None:
    git(repository, "tag", "v1.0")
    git(repository, "checkout", "--detach")
    git(repository, "remote", "add", "origin", "https://me:s3cr3t@example.com/r.git")
    found = Repositories(ENVIRONMENT).about(str(repository))
    assert (found["branch"], found["tag"]) == (None, "v1.0")
    assert found["remote"] == "https://example.com/r.git"


def test_only_files_that_git_knows_make_it_dirty(repository: Path) -> None:
    (repository / "state.json").write_text("{}")
    assert Repositories(ENVIRONMENT).about(str(repository))["dirty"] is False
    (repository / "file").write_text("2")
    assert Repositories(ENVIRONMENT).about(str(repository))["dirty"] is True


def test_a_repository_is_asked_once(repository: Path) -> None:
    asked = Repositories(ENVIRONMENT)
    before = asked.about(str(repository))
    (repository / "file").write_text("2")
    assert asked.about(str(repository / "inner")) is before


def test_the_folder_counts_and_not_the_hook_that_runs_the_command(
    repository: Path, tmp_path: Path
) -> None:
    hook = {**ENVIRONMENT, "GIT_DIR": str(tmp_path / "other")}
    assert Repositories(hook).about(str(repository))["branch"] == "trunk"


def test_no_repository_no_commit_and_no_git_are_told(tmp_path: Path) -> None:
    with pytest.raises(NoAnswer, match="in no git repository"):
        Repositories(ENVIRONMENT).about(str(tmp_path))
    git(tmp_path, "init")
    with pytest.raises(NoAnswer, match="has no commit yet"):
        Repositories(ENVIRONMENT).about(str(tmp_path))
    with pytest.raises(NoAnswer, match="git is not installed"):
        Repositories({"PATH": str(tmp_path)}).about(str(tmp_path))
    with pytest.raises(NoAnswer, match="there is no folder"):
        Repositories(ENVIRONMENT).about(str(tmp_path / "none"))
