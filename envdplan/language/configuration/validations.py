"""The validation blocks of variables."""

from collections.abc import Mapping
from dataclasses import replace

from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.values import Unknown, Value, is_sensitive, reveal
from envdplan.language.configuration.refusals import refuse_unknown
from envdplan.language.configuration.variableblocks import Variable
from envdplan.language.evaluation.context import Context, Names
from envdplan.language.evaluation.expressions import EvaluationError, evaluate
from envdplan.language.syntax.document import Expression

_VALIDATION = ("condition", "error_message")


def check_values(
    known: Mapping[str, Variable],
    values: Mapping[str, Value],
    base: Context,
    diagnostics: Diagnostics,
) -> None:
    """Whether the values are as the validation blocks demand."""
    for one in known.values():
        _validate(one, values, base, diagnostics)


def _validate(
    variable: Variable, values: Mapping[str, Value], base: Context, diagnostics: Diagnostics
) -> None:
    if isinstance(values[variable.name], Unknown):
        return
    context = replace(base, scope=Names({"var": values}))
    for block in variable.validations:
        misspelt = refuse_unknown("A validation", block.body, _VALIDATION, diagnostics)
        condition, message = (block.body.attributes.get(n) for n in _VALIDATION)
        if condition is None or message is None:
            if not misspelt:
                detail = "A validation needs both condition and error_message."
                diagnostics.error("Missing attribute", detail, block.range)
            continue
        try:
            _judge(variable, condition.expression, message.expression, context, diagnostics)
        except EvaluationError as error:
            diagnostics.extend([error.diagnostic])


def _judge(
    variable: Variable,
    condition: Expression,
    message: Expression,
    context: Context,
    diagnostics: Diagnostics,
) -> None:
    answer = reveal(evaluate(condition, context))
    if answer is True or isinstance(answer, Unknown):
        return
    if answer is not False:
        detail = "The condition of a validation must be true or false."
        diagnostics.error("Wrong type", detail, condition.range)
        return
    text = evaluate(message, context)
    shown = "(the message holds a sensitive value)" if is_sensitive(text) else str(text)
    diagnostics.error(
        "Invalid value for variable",
        f'Variable "{variable.name}": {shown}',
        variable.range,
    )
