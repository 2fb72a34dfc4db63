"""The functions of bake files: every name of bake, with bake's meaning."""

import pytest

from envdplan.dialects.bake import functions
from envdplan.dialects.bake.functions import table
from envdplan.ground.source import SourceFile
from envdplan.ground.values import Value
from envdplan.language.evaluation.context import Context, Function, Names
from envdplan.language.evaluation.expressions import EvaluationError, evaluate
from envdplan.language.functions import FUNCTIONS
from envdplan.language.syntax import parse_expression

OTHERWISE = [one for name, one in table().items() if FUNCTIONS.get(name) is not one]
CONTEXT = Context(Names(), table())


def value(text: str) -> Value:
    expression, problems = parse_expression(text, SourceFile("test", text))
    assert expression is not None, list(problems)
    return evaluate(expression, CONTEXT)


@pytest.mark.parametrize(
    "function", [one for one in OTHERWISE if one.example], ids=lambda one: one.name
)
def test_the_example_is_true(function: Function) -> None:
    assert value(function.example) == value(function.result)


def test_names_that_only_we_have_are_none_of_bake() -> None:
    assert "file" in FUNCTIONS
    assert "file" not in table()
    assert "strrev" not in table()


@pytest.mark.parametrize(
    "text",
    ['index(["a"], 1)', 'index(["a"], -1)', 'index({ a = 1 }, "b")', "index(setunion([1]), 0)"],
)
def test_an_index_must_be_there(text: str) -> None:
    with pytest.raises(EvaluationError) as caught:
        value(text)
    assert "there is no such key" in caught.value.diagnostic.detail


@pytest.mark.parametrize("text", ['add("x", 1)', 'convert("x", number)', "divide(1, 0)", "uper(1)"])
def test_a_wrong_call_is_a_mistake(text: str) -> None:
    with pytest.raises(EvaluationError):
        value(text)


def test_a_random_uuid_is_another_each_time() -> None:
    assert value("uuidv4()") != ""
    assert functions.table()["uuidv4"].pure is False
