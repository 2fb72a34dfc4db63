"""The journeys of docs/architecture.md: every step is a function that is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "architecture.md").read_text()
JOURNEYS = TEXT.partition("## Three journeys")[2].partition("\n## ")[0]
STEPS = re.findall(r"`([\w/]+\.py)`\s+`(\w+)`", JOURNEYS)
MOST_FILES = 15


@pytest.mark.parametrize(("path", "name"), STEPS)
def test_each_step_is_a_function_of_that_file(path: str, name: str) -> None:
    text = (ROOT / "envdplan" / path).read_text()
    assert re.search(rf"^ *def {name}\b", text, re.MULTILINE)


def test_there_are_three_and_none_is_long() -> None:
    journeys = re.split(r"^\*\*.+?\*\*", JOURNEYS, flags=re.MULTILINE)[1:]
    files = [{*re.findall(r"`([\w/]+\.py)`", one)} for one in journeys]
    assert [0 < len(one) <= MOST_FILES for one in files] == [True] * 3


def test_each_file_that_the_page_names_is_there() -> None:
    named = {one for one in re.findall(r"`([\w/]+\.py)`", TEXT) if "/" in one}
    assert [one for one in sorted(named) if not (ROOT / "envdplan" / one).is_file()] == []
