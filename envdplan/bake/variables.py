"""The variable blocks: known attributes only, every value good, and what the user demands of it."""

from typing import Final

from envdplan.bake.scope import Globals
from envdplan.config.expressions import EvaluationError, evaluate
from envdplan.config.problems import failure, suggestion
from envdplan.config.text import to_text
from envdplan.diagnostics import Diagnostics
from envdplan.syntax.document import Block

_ATTRIBUTES: Final = ("type", "default", "description")


def check(scope: Globals, diagnostics: Diagnostics) -> None:
    """Evaluate all variables and values once, and tell what is wrong with them."""
    for block in scope.sources.variables.values():
        _check_names(block, diagnostics)
    for name in scope.names():
        try:
            scope.lookup(name)
        except EvaluationError as error:
            diagnostics.extend([error.diagnostic])
    if not diagnostics.has_errors:
        _validate(scope, diagnostics)


def _check_names(block: Block, diagnostics: Diagnostics) -> None:
    for name, attribute in block.body.attributes.items():
        if name not in _ATTRIBUTES:
            hint = suggestion(name, _ATTRIBUTES) or f" It has: {', '.join(_ATTRIBUTES)}."
            detail = f'A variable has no attribute "{name}".{hint}'
            diagnostics.error("Unknown attribute", detail, attribute.name_range)
    for inner in block.body.blocks:
        if inner.type != "validation":
            detail = f'A variable has no block "{inner.type}", only validation blocks.'
            diagnostics.error("Unknown block type", detail, inner.range)


def _validate(scope: Globals, diagnostics: Diagnostics) -> None:
    for block in scope.sources.variables.values():
        for inner in block.body.of_type("validation"):
            try:
                _judge(block.labels[0], inner, scope, diagnostics)
            except EvaluationError as error:
                diagnostics.extend([error.diagnostic])


def _judge(name: str, block: Block, scope: Globals, diagnostics: Diagnostics) -> None:
    attributes = block.body.attributes
    condition, message = attributes.get("condition"), attributes.get("error_message")
    if condition is None or message is None:
        detail = "A validation needs both condition and error_message."
        raise failure("Missing attribute", detail, block.range)
    assert scope.context is not None  # noqa: S101  set together with the scope
    answer = evaluate(condition.expression, scope.context)
    if answer is True:
        return
    if answer is not False:
        detail = "The condition of a validation must be true or false."
        raise failure("Wrong type", detail, condition.expression.range)
    text = to_text(evaluate(message.expression, scope.context))
    detail = f'Variable "{name}": {text}'
    diagnostics.error("Invalid value for variable", detail, condition.expression.range)
