"""The stored answers of `docker buildx bake` are still what it says, and random files too."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from envdplan.dialects.bake import Request, resolve
from envdplan.dialects.bake.printed import printed
from envdplan.ground.source import SourceFile
from scripts.bake_cases import Case, ask, cases
from scripts.provision.binaries import buildx_plugin
from tests.integration.bakefiles import random_file
from tests.integration.heredocs import heredoc_file


@pytest.fixture(scope="module")
def program() -> Path:
    return buildx_plugin()


@pytest.mark.parametrize("case", list(cases()), ids=lambda one: one.name)
def test_the_answer_is_still_that(case: Case, program: Path, tmp_path: Path) -> None:
    said, stored = ask(case, program, tmp_path), case.stored()
    if "error" in stored:
        assert "error" in said
    else:
        assert case.comparable(said) == case.comparable(stored)


@pytest.mark.parametrize("seed", range(60))
def test_a_file_made_at_random_means_the_same(seed: int, program: Path, tmp_path: Path) -> None:
    made = random_file(seed)
    (tmp_path / "docker-bake.hcl").write_text(made.text)
    settings = {"environment": made.environment, "set": made.overrides, "targets": made.targets}
    _same(Case(tmp_path, settings), program, tmp_path)


@pytest.mark.parametrize("seed", range(40))
def test_heredocs_made_at_random_mean_the_same(seed: int, program: Path, tmp_path: Path) -> None:
    (tmp_path / "docker-bake.hcl").write_text(heredoc_file(seed))
    _same(Case(tmp_path, {}), program, tmp_path)


def test_most_heredocs_made_at_random_are_good() -> None:
    def is_good(seed: int) -> bool:
        file = SourceFile("docker-bake.hcl", heredoc_file(seed))
        return not resolve(Request((file,), "/"))[1].has_errors

    assert sum(map(is_good, range(40))) > 25


def _same(case: Case, program: Path, home: Path) -> None:
    said = ask(case, program, home)
    request = replace(case.request(), environment={"HOME": str(home), **case.environment})
    resolution, problems = resolve(request)
    if "error" in said:
        assert problems.has_errors
    else:
        assert not problems.has_errors
        assert json.loads(json.dumps(printed(resolution))) == said


def test_most_files_made_at_random_are_good() -> None:
    def is_good(seed: int) -> bool:
        made = random_file(seed)
        file = SourceFile("docker-bake.hcl", made.text)
        request = Request((file,), "/", made.environment, tuple(made.overrides))
        return not resolve(replace(request, targets=tuple(made.targets)))[1].has_errors

    assert sum(map(is_good, range(60))) > 25
