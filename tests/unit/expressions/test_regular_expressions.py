"""Regular expressions mean what they mean to Go's engine, and take linear time."""

from pathlib import Path

import pytest

from envdplan.ground.values import Value
from envdplan.language.evaluation.expressions import EvaluationError
from envdplan.language.functions import files
from tests.unit.expressions.test_long_numbers import Evaluate


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "pattern", ["(a+)+b", "(a|a)*b", "(a|aa)+b", "(.*)*b", "(?:a?){200}a{200}b", "(x+x+)+y|(a*)*b"]
)
def test_no_pattern_takes_more_than_linear_time(value: Evaluate, pattern: str) -> None:
    for function in ("regex(p, t)", "regexall(p, t)[0]", "regex_replace(t, p, 1) == t ? [][0] : 1"):
        with pytest.raises(EvaluationError):
            value(function, p=pattern, t="a" * 10_000)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ('regexall("a*", "baac")', ("", "aa", "")),
        ('regexall("$", "abc")', ("",)),
        ('regexall("[[a]b", "[b")', ("[b",)),
        ('regexall("[a&&b|~-]", "&|")', ("&", "|")),
        ('regexall("[[:alpha:]]+\\\\z", "1ab")', ("ab",)),
        ('regexall("\\\\Qa.b\\\\E", "a.b axb")', ("a.b",)),
        ('regexall("a{,2}", "a{,2}")', ("a{,2}",)),
        ('regexall("\\\\d", "٣4")', ("4",)),
        ('regexall("\\\\pL", "1é")', ("é",)),
        ('regex("(?P<n>a)|(?P<m>b)", "b")', {"m": "b", "n": None}),
        ('regex("(?<n>é+)(?<m>.)", "xéé日")', {"n": "éé", "m": "日"}),
        ('regex_replace("baac", "a*", "-")', "-b-c-"),
        ('regex_replace("ab", "(a)(?P<n>b)", "$${n}$1$$$1x$${9}")', "ba$"),
        ('replace("a1b", "/[0-9]/", "<$0>")', "a<1>b"),
    ],
)
def test_the_meaning_is_that_of_go(value: Evaluate, text: str, wanted: Value) -> None:
    assert value(text) == wanted


@pytest.mark.parametrize(
    "pattern",
    [
        "(?=a)",
        "(?!a)",
        "(?<=a)",
        "(a)\\1",
        "\\Z",
        "a**",
        "a{1001}",
        "[z-a]",
        "(",
        "\\C",
        "\\8",
        "\udc80",
    ],
)
def test_what_go_does_not_know_is_an_error(value: Evaluate, pattern: str) -> None:
    with pytest.raises(EvaluationError) as found:
        value("regex(p, t)", p=pattern, t="a")
    assert "not a regular expression" in found.value.diagnostic.detail


def test_groups_with_and_without_names_are_not_mixed_but_may_be_replaced(value: Evaluate) -> None:
    with pytest.raises(EvaluationError, match="either all groups have names"):
        value('regexall("(a)(?P<n>b)", "x")')
    assert value('regex_replace("ab", "(a)(?P<n>b)", "x")') == "x"


def test_a_result_has_an_end(value: Evaluate) -> None:
    with pytest.raises(EvaluationError, match="too long"):
        value("regex_replace(t, p, b)", t="a" * 10_000, p="a", b="b" * 10_000)


@pytest.mark.timeout(60)
def test_patterns_of_files_are_as_harmless(
    value: Evaluate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / Path(*["a"] * 16)).mkdir(parents=True)
    (tmp_path / "a" / "[b").write_text("")
    many = "**/" * 30
    assert value("fileset(d, p)", d=str(tmp_path), p=f"{many}[[a]b") == ("a/[b",)
    assert value("fileset(d, p)", d=str(tmp_path), p="*a" * 100 + "b") == ()
    monkeypatch.setattr(files, "_MOST_STEPS", 1000)
    with pytest.raises(EvaluationError, match="more than"):
        value("fileset(d, p)", d=str(tmp_path), p="**/a/" * 5 + "**")
