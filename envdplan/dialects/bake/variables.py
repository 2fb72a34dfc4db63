"""The variable blocks: known attributes only, every value good, and what the user demands of it."""

from typing import Final

from envdplan.dialects.bake.scope import Globals
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceRange
from envdplan.ground.values import Value
from envdplan.language.evaluation.context import Context
from envdplan.language.evaluation.expressions import EvaluationError, evaluate
from envdplan.language.evaluation.problems import ConversionError, Unfit, failure, suggestion
from envdplan.language.syntax.document import Attribute, Block
from envdplan.language.types.conversion import to_bool
from envdplan.language.types.text import to_text

_ATTRIBUTES: Final = ("type", "default", "description")


def check(scope: Globals, diagnostics: Diagnostics) -> None:
    """Evaluate all variables and values once, and tell what is wrong with them."""
    for block in scope.sources.variables.values():
        _check_names(block, diagnostics)
    _check_flags(scope, diagnostics)
    for name in scope.names():
        try:
            scope.lookup(name)
        except EvaluationError as error:
            diagnostics.extend([error.diagnostic])
    if not diagnostics.has_errors:
        _validate(scope, diagnostics)


def _check_flags(scope: Globals, diagnostics: Diagnostics) -> None:
    """--var is for variables that there are; the environment may hold anything."""
    known = scope.sources.variables
    for name, _ in scope.request.variables:
        if name not in known and name.removesuffix("_JSON") not in known:
            detail = f'--var {name}: the bake files have no variable "{name}".'
            diagnostics.error("Unknown variable", f"{detail}{suggestion(name, known)}")


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
    if condition is None:
        detail = "A validation needs a condition, and an error_message for if it is false."
        raise failure("Missing attribute", detail, block.range)
    assert scope.context is not None  # noqa: S101  set together with the scope
    place = condition.expression.range
    if not _holds(evaluate(condition.expression, scope.context), place):
        text = _text(message, scope.context)
        diagnostics.error("Invalid value for variable", f'Variable "{name}": {text}', place)


def _holds(answer: Value, place: SourceRange) -> bool:
    try:
        return to_bool(answer)
    except ConversionError:
        detail = "The condition of a validation must be true or false."
        raise failure("Wrong type", detail, place) from None


def _text(message: Attribute | None, context: Context) -> str:
    if message is None:
        return "A condition of its declaration is false."
    try:
        return to_text(evaluate(message.expression, context))
    except Unfit as error:
        raise failure(error.summary, error.detail, message.expression.range) from None
