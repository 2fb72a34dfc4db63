"""Numbers of thousands of digits: refused wherever they come in, and never a crash."""

import json
from collections.abc import Callable

import pytest

from envdplan.dialects.bake import Request, resolve
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceFile
from envdplan.ground.values import Value
from envdplan.language.evaluation.expressions import EvaluationError
from envdplan.language.functions import FUNCTIONS
from envdplan.language.syntax import decode
from envdplan.language.syntax.digits import MAX_DIGITS
from envdplan.language.types.numbers import number_text

Evaluate = Callable[..., Value]
NINES = "9" * 5000
LONG = (NINES, "1e9999", "1e-9999", "1e99999999999999999999", f"0.{NINES}", f"1{'0' * MAX_DIGITS}")
LONGEST = ("9" * MAX_DIGITS, f"0.{'3' * MAX_DIGITS}", f"1e{MAX_DIGITS - 1}", f"1e-{MAX_DIGITS}")


def summaries(problems: Diagnostics) -> list[str]:
    return [one.summary for one in problems.sorted()]


@pytest.mark.parametrize("number", LONG, ids=lambda text: text[:12])
@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.hcl", "locals {{\n  a = {0}\n}}\n"),
        ("a.hcl", "locals {{\n  a = [x[{0}]]\n}}\n"),
        ("a.yaml", "locals:\n  a: {0}\n"),
        ("a.yaml", "locals:\n  a: [{{b: {0}}}]\n"),
        ("a.yaml", 'locals:\n  a: "${{{0}}}"\n'),
    ],
)
def test_a_literal_is_an_invalid_number(name: str, text: str, number: str) -> None:
    _, problems = decode(SourceFile(name, text.format(number)))
    assert summaries(problems) == ["Invalid number"]
    assert all("at most 1000 digits" in one.detail for one in problems)


@pytest.mark.parametrize("number", LONG, ids=lambda text: text[:12])
def test_a_bake_file_in_json_has_no_such_number_either(number: str) -> None:
    file = SourceFile("docker-bake.json", f'{{"variable": {{"V": {{"default": {number}}}}}}}')
    _, problems = resolve(Request((file,), "/"))
    assert "Invalid number" in summaries(problems)


@pytest.mark.parametrize("number", LONG, ids=lambda text: text[:12])
@pytest.mark.parametrize("name", ["N", "N_JSON"])
def test_the_environment_of_a_bake_file_has_no_such_number(name: str, number: str) -> None:
    file = SourceFile("docker-bake.hcl", 'variable "N" { type = number }\ntarget "default" {}\n')
    _, problems = resolve(Request((file,), "/", {name: number}))
    if name == "N" and number.startswith(("0.", "1e-")):  # read as Go's float64
        assert summaries(problems) == []
    else:
        assert summaries(problems) in (
            ["Invalid value for variable"],
            ["Value does not fit the variable"],
        )


@pytest.mark.parametrize("number", LONG, ids=lambda text: text[:12])
@pytest.mark.parametrize("call", ["jsondecode(x)", "yamldecode(x)", "tonumber(x)", "x + 1", "-x"])
def test_a_text_is_no_such_number(value: Evaluate, call: str, number: str) -> None:
    with pytest.raises(EvaluationError):
        value(call, x=number)


@pytest.mark.parametrize("number", LONGEST, ids=lambda text: text[:12])
def test_a_thousand_digits_are_kept_whole(value: Evaluate, number: str) -> None:
    assert len(value('"a${x}"', x=value(number))) <= 2 * MAX_DIGITS + 4
    assert value(number) == value("jsondecode(x)", x=number) == value("tonumber(x)", x=number)
    assert json.loads(value("jsonencode(x)", x=value(number))) is not None


@pytest.mark.parametrize(
    "text", ["x * 10", "x * x", "x + x * 9", "1 / y / 10", "y * y", "pow(x, 2)", "y / 3", "-x * 10"]
)
def test_a_result_beyond_that_is_an_error_and_no_zero(value: Evaluate, text: str) -> None:
    with pytest.raises(EvaluationError) as found:
        value(text, x=10 ** (MAX_DIGITS - 1), y=value(f"1e-{MAX_DIGITS}"))
    assert "digits" in found.value.diagnostic.detail


@pytest.mark.parametrize("name", sorted(set(FUNCTIONS) - {"bcrypt", "range"}))
def test_no_function_crashes_on_them(value: Evaluate, name: str) -> None:
    hostile = [10 ** (MAX_DIGITS - 1), value(f"1e-{MAX_DIGITS}"), -(10 ** (MAX_DIGITS - 1)), NINES]
    for first in (*hostile, f"v{NINES}", "%d", [1]):
        for rest in ((), (first,), (hostile[0],), (NINES,), (10, hostile[1])):
            arguments = [first, *rest]
            names = {f"a{at}": one for at, one in enumerate(arguments)}
            try:
                made = value(f"{name}({', '.join(names)})", **names)
            except EvaluationError:
                continue
            if isinstance(made, int) and not isinstance(made, bool):
                assert len(number_text(made)) <= MAX_DIGITS + 1
