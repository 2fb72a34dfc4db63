"""Variables in texts: the forms of compose, their places, and what is no variable."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdplan.dialects.compose.interpolate import Interpolation, Uninterpolated
from tests.unit.bake.composing import compose, mistakes, targets

VALUES = {"X": "x", "EMPTY": "", "DOLLAR": "$X"}


def value(text: str) -> str:
    return Interpolation(VALUES.get, lambda: list(VALUES)).text(text)


def value_or_problem(text: str) -> str | Uninterpolated:
    try:
        return value(text)
    except Uninterpolated as problem:
        return problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a$X-b", "ax-b"),
        ("${X}y", "xy"),
        ("${U:-d}", "d"),
        ("${EMPTY:-d}", "d"),
        ("${EMPTY-d}", ""),
        ("${EMPTY?e}", ""),
        ("${X:+r}${U:+r}", "r"),
        ("${EMPTY+r}${EMPTY:+r}", "r"),
        ("${U:-a${V:-${X}}b}c", "axbc"),
        ("$$X $$$$", "$X $$"),
        ("$1 $ a$ $(x)", "$1 $ a$ $(x)"),
        ("${DOLLAR}", "$X"),
        ("${U-a:-b?c}", "a:-b?c"),
    ],
)
def test_a_variable_is_replaced(text: str, expected: str) -> None:
    assert value(text) == expected


@pytest.mark.parametrize("text", ["${", "${}", "${1}", "${X!}", "${X:}", "${X:=d}", "${U:-a\nb}"])
def test_what_is_no_variable_is_told(text: str) -> None:
    with pytest.raises(Uninterpolated) as raised:
        value(f"before {text}")
    assert (raised.value.summary, raised.value.start) == ("Invalid interpolation", len("before "))


def test_defaults_count_even_where_they_are_not_needed() -> None:
    with pytest.raises(Uninterpolated, match="Missing variable"):
        value("${X:-${U:?no}}")


def test_endless_nesting_is_no_crash() -> None:
    with pytest.raises(Uninterpolated, match="Nested too deeply"):
        value("${A:-" * 3000 + "}" * 3000)


@given(st.text(alphabet="$X{}:-?+a "))
def test_every_text_has_a_value_or_a_reason(text: str) -> None:
    found = value_or_problem(text)
    if isinstance(found, Uninterpolated):
        assert text[found.start : found.start + 1] == "$"
        assert found.end <= len(text)


def test_a_missing_variable_is_told_where_it_stands() -> None:
    text = """\
        services:
          web:
            build:
              context: .
              args: {A: "before ${TOKN:?ask the team}"}
        """
    assert mistakes(text, environment={"TOKEN": "t"}) == [
        (
            "1.yaml:5:25: The variable TOKN has no value, and this text requires one. "
            'The file says: "ask the team". Set it in the environment or in .env. '
            'Did you mean "TOKEN"?'
        )
    ]


def test_unset_variables_are_warned_of_once() -> None:
    text = 'services: {web: {image: "$U", build: {tags: ["${U}", "${V:-}"]}}}'
    _, problems = compose(text)
    assert [(one.severity.value, one.summary) for one in problems] == [
        ("warning", "Unset variable")
    ]


def test_the_environment_is_stronger_than_dotenv() -> None:
    text = "services: {web: {build: {args: {A: $A, B: $B}}}}"
    found = targets(text, environment={"A": "environment"}, dotenv="A=dotenv\nB=${A}!\n")
    assert found["web"]["args"] == {"A": "environment", "B": "environment!"}


def test_keys_are_not_interpolated() -> None:
    found = targets("services: {web: {build: {labels: {$A: $A}}}}", environment={"A": "a"})
    assert found["web"]["labels"] == {"$A": "a"}
