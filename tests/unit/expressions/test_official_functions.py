"""The functions of Terraform and of docker buildx bake: all are there, and give the same values."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from envdplan.ground.values import Value
from envdplan.language.evaluation.expressions import EvaluationError
from envdplan.language.evaluation.signatures import signature_of
from envdplan.language.functions import FUNCTIONS

DATA = Path(__file__).parents[2] / "data" / "functions"
TERRAFORM: dict[str, Any] = json.loads((DATA / "terraform-1.11.4.json").read_text())
BAKE: dict[str, Any] = json.loads((DATA / "buildx.json").read_text())
AT_MOST_ONE_MORE = {"bcrypt", "lookup", "range"}
"""Terraform counts the arguments of these only when they are called."""
LEFT_OUT = {"ephemeralasnull"}
"""No value of this language is ephemeral."""


def test_every_function_of_terraform_is_there() -> None:
    assert TERRAFORM["functions"].keys() - FUNCTIONS.keys() == LEFT_OUT


def test_every_function_of_bake_is_there() -> None:
    assert set(BAKE["functions"]) - FUNCTIONS.keys() == set()


@pytest.mark.parametrize("name", sorted(TERRAFORM["functions"].keys() & FUNCTIONS.keys()))
def test_a_function_takes_as_many_arguments_as_terraforms(name: str) -> None:
    official = TERRAFORM["functions"][name]
    signature = signature_of(FUNCTIONS[name])
    several = official["variadic"] and name not in AT_MOST_ONE_MORE
    assert signature.maximum >= official["parameters"] + (several and 10)


@pytest.mark.parametrize("one", TERRAFORM["values"] + BAKE["values"], ids=lambda o: o["expression"])
def test_a_value_is_that_of_the_original(value: Callable[..., Value], one: dict[str, Any]) -> None:
    assert json.loads(value(f"jsonencode({one['expression']})")) == one["value"]


@pytest.mark.parametrize("text", TERRAFORM["errors"] + BAKE["errors"])
def test_what_the_original_refuses_is_refused(value: Callable[..., Value], text: str) -> None:
    with pytest.raises(EvaluationError):
        value(f"jsonencode({text})")
