"""The stored answers of `docker buildx bake` are still what it says."""

from pathlib import Path

import pytest

from scripts.bake_cases import Case, ask, cases
from scripts.provision.binaries import buildx_plugin


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
