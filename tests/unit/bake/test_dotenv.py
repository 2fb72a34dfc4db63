"""Environment files: quotes, comments, references, and mistakes in them."""

import pytest

from envdplan.dialects.compose.dotenv import parse
from envdplan.ground.source import SourceFile

OUTER = {"OUTER": "outer", "SHARED": "outer"}


def variables(text: str) -> dict[str, str]:
    found, problems = parse(SourceFile(".env", text), OUTER.get)
    assert list(problems) == []
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("A=1\nB=2\n", {"A": "1", "B": "2"}),
        ("A=1\r\nB=2", {"A": "1", "B": "2"}),
        ("# c\n\n  # d\nexport A=1\n  B = 2", {"A": "1", "B": "2"}),
        ("A: 1\nB:2", {"A": "1", "B": "2"}),
        ("A=x # c\nB=x#c\nC=#c", {"A": "x", "B": "x#c", "C": "#c"}),
        ("A='x # y'\nB=\"x # y\" # z", {"A": "x # y", "B": "x # y"}),
        ("A=\nB=''\nC=\"\"", {"A": "", "B": "", "C": ""}),
        ("A='a\nb'", {"A": "a\nb"}),
        (r'A="a\nb\"c\\\$d"', {"A": 'a\nb"c\\$d'}),
        (r"A='a\nb\'c'", {"A": r"a\nb'c"}),
        (r'A="\0101\x\c"', {"A": r"A\x\c"}),
        ("A=1\nA=2\nB=$A\nC=\"${A}\"\nD='$A'", {"A": "2", "B": "2", "C": "2", "D": "$A"}),
        ("SHARED=own\nA=$SHARED", {"SHARED": "own", "A": "outer"}),
        ("OUTER\nNOWHERE\nA=${NOWHERE:-d}", {"OUTER": "outer", "A": "d"}),
        ('A="1"B=2', {"A": "1", "B": "2"}),
        ("A.B=1\nA-B=2\nA[0]=3", {"A.B": "1", "A-B": "2", "A[0]": "3"}),
        ("A=x=y\nB=it's", {"A": "x=y", "B": "it's"}),
        ("=1\nA=2", {"A": "2"}),
        ("", {}),
    ],
)
def test_statements(text: str, expected: dict[str, str]) -> None:
    assert variables(text) == expected


def test_later_files_see_the_earlier_ones() -> None:
    found, _ = parse(SourceFile("b.env", "A=2\nB=$A$C"), OUTER.get, {"A": "1", "C": "3"})
    assert found == {"A": "2", "B": "23", "C": "3"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('A=1\nB="open', ".env:2:3: The quotes that begin here are not closed."),
        (
            "A B=1",
            '.env:1:1: The name "A B" has a space in it. A line is NAME=value.',
        ),
        (
            "A=1\nB;C=2",
            (
                '.env:2:2: ";" cannot be in the name of a variable. A line is NAME=value; '
                "text with line ends goes into quotes."
            ),
        ),
        (
            "A=x ${B",
            (
                ".env:1:5: "
                '"${B" is not a variable. Write $NAME, ${NAME} or ${NAME:-default}, on one '
                "line; for a dollar sign itself write $$."
            ),
        ),
    ],
)
def test_mistakes_have_their_place(text: str, expected: str) -> None:
    _, problems = parse(SourceFile(".env", text), OUTER.get)
    assert [f"{one.range}: {one.detail}" for one in problems] == [expected]


def test_an_unset_variable_is_a_warning() -> None:
    found, problems = parse(SourceFile(".env", "A=${B}c"), OUTER.get)
    assert found == {"A": "c"}
    assert [(one.severity.value, one.summary) for one in problems] == [
        ("warning", "Unset variable")
    ]
