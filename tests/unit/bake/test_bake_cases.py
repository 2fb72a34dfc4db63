"""Every case under tests/data/bake means here what it means to `docker buildx bake --print`."""

import json

import pytest

from envdplan.dialects.bake import read, resolve
from envdplan.dialects.bake.printed import printed
from envdplan.ground.diagnostics import Severity
from scripts.bake_cases import Case, cases

CASES = list(cases())
SAME = [one for one in CASES if "differs" not in one.settings]
DIFFERENT = [one for one in CASES if "differs" in one.settings]


def _print(case: Case) -> object:
    resolution, problems = resolve(case.request())
    assert [one for one in problems if one.severity is Severity.ERROR] == []
    return json.loads(json.dumps(printed(resolution)))


def _check_error(case: Case) -> None:
    _, problems = read(case.request())
    errors = [one for one in problems if one.severity is Severity.ERROR]
    assert [one.summary for one in errors][:1] == [case.settings["error"]]
    own_words = [one for one in errors if one.summary != "Invalid value for variable"]
    assert all(one.detail.endswith((".", "?")) for one in own_words)
    assert all(one.range is not None for one in errors if one.summary != "Unknown target")


@pytest.mark.parametrize("case", SAME, ids=lambda one: one.name)
def test_the_answer_is_that_of_bake(case: Case) -> None:
    stored = case.stored()
    if "error" in stored:
        _check_error(case)
    else:
        assert case.comparable(_print(case)) == case.comparable(stored)


@pytest.mark.parametrize("case", DIFFERENT, ids=lambda one: one.name)
def test_a_difference_is_the_one_that_is_told(case: Case) -> None:
    if "error" in case.settings:
        _check_error(case)
        assert "error" not in case.stored()
    else:
        ours = case.stored("ours.json")
        assert _print(case) == ours
        assert ours != case.stored()


def test_there_are_cases_for_all_rules() -> None:
    assert len(CASES) > 200
    assert all(one.settings["differs"].strip() for one in DIFFERENT)
