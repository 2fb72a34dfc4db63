"""What expressions mean, held against HCL's own implementation where it says something."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from envdplan.ground.values import UNKNOWN, Sensitive, Value
from envdplan.language.evaluation.expressions import EvaluationError
from envdplan.language.functions import FUNCTIONS

Evaluate = Callable[..., Value]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-5 % 4", -1),
        ('1 == "1"', False),
        ('"2" + "3"', 5),
        ("0.1 + 0.2", Decimal("0.3")),
        ('"${0.1 + 0.2}"', Decimal("0.3")),
        ('"x${0.1 + 0.2}"', "x0.3"),
        ("1 + 2 * 3 - 4 / 2", 5),
        ("!true || false", False),
        ("1 < 2 && 2 <= 2 && 3 > 2 && 3 >= 3", True),
        ("true ? 1 : 2", 1),
        ("length([]) > 0 ? [][0] : 0", 0),
        ("[for x in [1, 2, 3] : x * 2 if x > 1]", (4, 6)),
        ("{ for k, v in { b = 1, a = 2 } : v => k }", {"1": "b", "2": "a"}),
        ('{ for x in ["a", "b", "a"] : x => 1... }', {"a": (1, 1), "b": (1,)}),
        ("[{ a = 1 }, { a = 2 }][*].a", (1, 2)),
        ("[{ a = 1 }, { a = 2 }].*.a", (1, 2)),
        ('{ "a" = { b = [10, 20] } }.a.b[1]', 20),
        ("[10, 20].1", 20),
        ('"%{ if true }yes%{ else }no%{ endif }"', "yes"),
        ('"%{ for x in [1, 2] }${x},%{ endfor }"', "1,2,"),
        ('"a ${~ "b" ~} c"', "abc"),
        ('"$${x} %%{y}"', "${x} %{y}"),
        (r'"a\nb\t\"\u00e9\\"', 'a\nb\t"é\\'),
        ("<<EOT\na\n  b\nEOT\n", "a\n  b\n"),
        ("<<-EOT\n    a\n      ${1}\n    EOT\n", "a\n  1\n"),
        ("1e3", 1000),
        ("(\n1\n+\n2\n)", 3),
        ("null == null", True),
        ('{ "a b" = 1, (upper("c")) = 2, 3 = 4 }', {"a b": 1, "C": 2, "3": 4}),
        ("- -1", 1),
        ("!!true", True),
        ('coalesce(null, "", "x")', ""),
        ('index(["a", "b"], "b")', 1),
        ("max([1, 5, 3]...)", 5),
    ],
)
def test_a_value_is_what_hcl_makes_of_it(value: Evaluate, text: str, expected: Value) -> None:
    assert value(text) == expected


def test_a_third_has_many_digits_and_no_exponent(value: Evaluate) -> None:
    shown = value('"${1 / 3}x"')
    assert shown.startswith("0." + "3" * 30)
    assert "e" not in shown.lower()


@pytest.mark.parametrize(
    ("text", "summary", "words"),
    [
        ("1 / 0", "Operation failed", "zero"),
        ('"${null}x"', "Null in a template", "coalesce"),
        ('"${[1]}x"', "Wrong value in a template", "join"),
        ("nope", "Unknown name", "nope"),
        ('lenght("x")', "Unknown function", 'Did you mean "length"?'),
        ("{ a = 1 }.b", "Unsupported attribute", '"b"'),
        ("[1][3]", "Invalid index", "last index is 0"),
        ('"a" + 1', "Invalid operand", "number"),
        ('upper("a", "b")', "Too many arguments", "exactly 1"),
        ("upper()", "Not enough arguments", "exactly 1"),
        ("one(null)", "Function call failed", "null"),
        ("upper([])", "Function call failed", "string"),
        ("pow(10, 100000)", "Function call failed", "digits"),
        ("range(100000000)", "Function call failed", ""),
        ('format("%d", "x")', "Function call failed", "number"),
    ],
)
def test_a_mistake_is_named(value: Evaluate, text: str, summary: str, words: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        value(text)
    assert caught.value.diagnostic.summary == summary
    assert words in caught.value.diagnostic.detail


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x + 1", UNKNOWN),
        ('"a${x}"', UNKNOWN),
        ("[x, 1]", (UNKNOWN, 1)),
        ("length([x, 1])", 2),
        ("x ? 1 : 2", UNKNOWN),
        ("true ? { a = 1, b = x } : {}", UNKNOWN),
        ("true ? [] : [x]", ()),
        ("true ? [1] : x", UNKNOWN),
        ('true ? ["a"] : build.x.list', ("a",)),
        ("true ? { a = 1, b = x } : { a = 2, b = 3 }", {"a": 1, "b": UNKNOWN}),
        ("false && x", False),
        ("true || x", True),
        ("x.a.b", UNKNOWN),
        ("x[*].a", UNKNOWN),
        ("can(x)", UNKNOWN),
    ],
)
def test_what_is_unknown_stays_so(value: Evaluate, text: str, expected: Value) -> None:
    assert value(text, x=UNKNOWN, build={"x": {"list": UNKNOWN}}) == expected


@pytest.mark.parametrize(
    "text",
    [
        "x",
        '"a${x}"',
        "x == 1",
        "upper(x)",
        "x ? 1 : 2",
        "[for y in [x] : y][0]",
        "merge({a = x}).a",
    ],
)
def test_what_is_sensitive_stays_so(value: Evaluate, text: str) -> None:
    try:
        found = value(text, x=Sensitive("true"))
    except EvaluationError as error:
        assert "true" not in error.diagnostic.detail  # noqa: PT017  the message is the point
    else:
        assert isinstance(found, Sensitive)


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_the_example_of_each_function_is_true(value: Evaluate, name: str) -> None:
    function = FUNCTIONS[name]
    assert value(function.example) == value(function.result)
