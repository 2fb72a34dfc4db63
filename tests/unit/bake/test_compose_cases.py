"""Compose files become what docker buildx bake makes of them: tests/data/compose.

`python tests/unit/bake/test_compose_cases.py [PROGRAM]` asks the real docker-buildx, fetched when
no path is given, and writes its answers anew; read the difference well.
"""

import sys
from pathlib import Path

import pytest

from tests.unit.bake.composecases import Case, cases, finished, ours, real, said

ALL = cases()
ACCEPTED = [case for case in ALL if (case.path / "print.json").exists()]
REFUSED = [case for case in ALL if (case.path / "refused.txt").exists()]


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.path.name)
def test_targets_are_those_of_bake(case: Case) -> None:
    stored = case.stored
    assert not isinstance(stored, str)
    composed, problems = ours(case)
    assert [problem.detail for problem in problems if problem.severity == "error"] == []
    assert finished(case, composed, stored["target"]) == stored


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.path.name)
def test_every_attribute_has_a_place(case: Case) -> None:
    composed, _ = ours(case)
    for name, target in composed.body.get("target", {}).items():
        for attribute in target:
            place = composed.places[name, (attribute,)]
            assert place.file.line(place.start.line)


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.path.name)
def test_what_bake_refuses_is_refused_in_our_words(case: Case) -> None:
    _, problems = ours(case)
    assert problems.has_errors
    assert all(problem.range is not None for problem in problems)
    assert said(problems) == (case.path / "said.txt").read_text()


def test_there_are_many_cases() -> None:
    assert len(ACCEPTED) >= 35
    assert len(REFUSED) >= 25
    assert len(ACCEPTED) + len(REFUSED) == len(ALL)


def program() -> Path:
    """The real docker-buildx."""
    from scripts.provision.binaries import buildx_plugin

    return Path(sys.argv[1]) if len(sys.argv) > 1 else buildx_plugin()


if __name__ == "__main__":
    for one in ALL:
        one.store(real(one, program()))
    sys.stdout.write(f"{len(ALL)} answers\n")
