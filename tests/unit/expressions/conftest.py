"""Expressions from their text."""

from collections.abc import Callable

import pytest

from envdplan.ground.source import SourceFile
from envdplan.ground.values import Value
from envdplan.language.evaluation.context import Context, Names
from envdplan.language.evaluation.expressions import evaluate
from envdplan.language.functions import FUNCTIONS
from envdplan.language.syntax import parse_expression

REPOSITORY = {"branch": "main", "commit": "c" * 40, "dirty": False, "tag": None}
Evaluate = Callable[..., Value]


@pytest.fixture
def value() -> Evaluate:
    """Evaluates a text with names for its variables."""

    def run(text: str, **names: Value) -> Value:
        expression, problems = parse_expression(text, SourceFile("<test>", text))
        assert expression is not None, [one.detail for one in problems]
        image = {"digest": f"sha256:{'0' * 64}"}
        context = Context(
            Names(names),
            FUNCTIONS,
            "/nowhere",
            {"HOME": "/home"},
            image=lambda _: image,
            repository=lambda _: REPOSITORY,
            seed="test",
        )
        return evaluate(expression, context)

    return run
