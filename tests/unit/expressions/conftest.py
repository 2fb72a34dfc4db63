"""Expressions from their text."""

from collections.abc import Callable

import pytest

from envdplan.config.context import Context, Names
from envdplan.config.expressions import evaluate
from envdplan.config.functions import FUNCTIONS
from envdplan.source import SourceFile
from envdplan.syntax import parse_expression
from envdplan.values import Value

Evaluate = Callable[..., Value]


@pytest.fixture
def value() -> Evaluate:
    """Evaluates a text with names for its variables."""

    def run(text: str, **names: Value) -> Value:
        expression, problems = parse_expression(text, SourceFile("<test>", text))
        assert expression is not None, [one.detail for one in problems]
        image = {"digest": f"sha256:{'0' * 64}"}
        scope, environment = Names(names), {"HOME": "/home"}
        context = Context(scope, FUNCTIONS, "/nowhere", environment, image=lambda _: image)
        return evaluate(expression, context)

    return run
