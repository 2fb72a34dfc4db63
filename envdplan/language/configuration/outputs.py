"""Output blocks."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final, Protocol

from envdplan.core.state.desired import Known, Output
from envdplan.ground.diagnostics import Diagnostics, Rejected
from envdplan.ground.values import Value, is_known, is_sensitive
from envdplan.language.configuration.config import Declarations, Declared
from envdplan.language.configuration.refusals import refuse_unknown
from envdplan.language.evaluation.expressions import EvaluationError
from envdplan.language.syntax.document import Expression
from envdplan.language.types.marks import marked_if

_NAMES: Final = ("value", "description", "sensitive")


class Evaluator(Protocol):
    """What evaluates an expression with what is known."""

    def value(self, expression: Expression) -> Value:
        """The value of `expression`. Raises EvaluationError."""


Again = Callable[[Known], Evaluator]


def outputs(
    declared: Declarations,
    value: Callable[[Expression], Value],
    again: Again,
    diagnostics: Diagnostics,
) -> Mapping[str, Output]:
    """All outputs, evaluated."""
    found: dict[str, Output] = {}
    for name, block in declared.outputs.items():
        output = read_output(block, value, diagnostics)
        if output is not None:
            expression = block.body.attributes["value"].expression
            resolve = None
            if not is_known(output.value):
                resolve = _resolver(expression, again, sensitive=output.sensitive)
            found[name] = replace(output, resolve=resolve)
            _check_marks(output, block, diagnostics)
    return found


def read_output(
    block: Declared, value: Callable[[Expression], Value], diagnostics: Diagnostics
) -> Output | None:
    """One output with its value of now; None, and a diagnostic, when it has none."""
    misspelt = refuse_unknown("An output", block.body, _NAMES, diagnostics)
    attribute = block.body.attributes.get("value")
    if attribute is None and "value" in misspelt:
        return None
    if attribute is None:
        diagnostics.error("Missing attribute", "An output needs a value.", block.range)
        return None
    try:
        result = value(attribute.expression)
        texts = {
            name: value(found.expression)
            for name in ("description", "sensitive")
            if (found := block.body.attributes.get(name)) is not None
        }
    except EvaluationError as error:
        diagnostics.extend([error.diagnostic])
        return None
    sensitive = texts.get("sensitive") is True
    result = marked_if(result, sensitive)
    description = str(texts.get("description") or "")
    return Output(block.name, result, description, sensitive)


def _check_marks(output: Output, block: Declared, diagnostics: Diagnostics) -> None:
    """Of the project's own outputs: those of modules go on as what they are."""
    if is_sensitive(output.value) and not output.sensitive:
        diagnostics.error(
            "Output refers to sensitive values",
            f'The value of output "{output.name}" is sensitive: add sensitive = true to hide '
            "the output, or use nonsensitive() if it is not a secret.",
            block.body.attributes["value"].expression.range,
        )


def _resolver(expression: Expression, again: Again, *, sensitive: bool) -> Callable[[Known], Value]:
    def resolve(known: Known) -> Value:
        try:
            return marked_if(again(known).value(expression), sensitive)
        except EvaluationError as error:
            problems = Diagnostics()
            problems.extend([error.diagnostic])
            raise Rejected(problems) from None

    return resolve
