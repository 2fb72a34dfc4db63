"""docs/errors.toml explains every summary in the code, and no other; the page is current."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from scripts.summaries import found  # noqa: E402  the scripts are no package of the tests
from scripts.write_errors import PATH, table, text  # noqa: E402

ROWS = [one for stage in table().values() for one in stage["rows"].items()]


def test_every_summary_is_explained() -> None:
    known = {summary for summary, _ in ROWS}
    missing = {one.summary: one.place for one in found() if one.summary not in known}
    assert missing == {}, "explain these in docs/errors.toml"


def test_every_explanation_is_of_a_summary_in_the_code() -> None:
    used = {one.summary for one in found()}
    assert [summary for summary, _ in ROWS if summary not in used] == []


def test_each_summary_is_explained_once() -> None:
    summaries = [summary for summary, _ in ROWS]
    assert sorted(summaries) == sorted(set(summaries))


ENVD = re.compile(r"envdplan/clients/envd/(commands|contexts)\.py:")
"""There the summaries are envd's own words, which its users know."""


def test_summaries_have_one_style() -> None:
    """Sentence case, a noun phrase or a short sentence, without an article or a full stop."""
    ours = [one.summary for one in found() if not ENVD.match(one.place)]
    style = re.compile(
        r"(?!(A|An|The|There) )([A-Z]|--[a-z]|envd|git |include |\.\.\. ).{4,57}[^.!]|.* \.\.\."
    )
    assert sorted({one for one in ours if not style.fullmatch(one)}) == []


def test_an_explanation_is_short_and_whole() -> None:
    for summary, (meaning, example) in ROWS:
        assert re.fullmatch(r"([A-Z`]|envd|git |fmt ).*[.]", meaning), summary
        assert len(meaning) < 360, summary
        assert 0 < len(example) < 100, summary


def test_the_page_of_errors_is_current() -> None:
    assert PATH.read_text() == text()


def test_the_summaries_of_each_way_to_complain_are_found() -> None:
    """One of each: by call, condition, name, table, yield, and in part known only later."""
    summaries = {one.summary for one in found()}
    assert {
        "Declared twice",
        "Too many arguments",
        "Nested too deeply",
        "Unused variable",
        "Secret in plain text",
        "Cannot ... a file",
        "Registry requires a login",
    } <= summaries
