"""Text as templates, which see only the variables that they are given."""

from dataclasses import replace
from typing import Final

from envdplan.ground.source import SourceFile
from envdplan.ground.values import Value
from envdplan.language.evaluation.context import Context, Function, Names
from envdplan.language.evaluation.problems import EvaluationError, FunctionError
from envdplan.language.functions.files import absolute, read_text

_NAMES: Final = frozenset({"templatefile", "templatestring"})


def _templatefile(context: Context, path: str, variables: Value) -> Value:
    full = absolute(context, path)
    return _rendered(
        SourceFile(str(full), read_text(context, path), str(full.parent)), variables, context
    )


def _templatestring(context: Context, template: str, variables: Value) -> Value:
    return _rendered(SourceFile("<template>", template, context.directory), variables, context)


def _rendered(file: SourceFile, variables: Value, context: Context) -> Value:
    """A template has no templates inside: one that calls itself would never end."""
    from envdplan.language.evaluation.expressions import evaluate
    from envdplan.language.syntax.hcl import parse_template

    expression, problems = parse_template(file)
    if expression is None:
        first = next(iter(problems))
        raise FunctionError(f"{first.range}: {first.detail}", 0)
    functions = {n: f for n, f in context.functions.items() if n not in _NAMES}
    inner = replace(context, scope=Names(variables), functions=functions)
    try:
        return evaluate(expression, inner)
    except EvaluationError as error:
        raise FunctionError(f"{error.diagnostic.range}: {error.diagnostic.detail}", 0) from None


FUNCTIONS: Final = (
    Function(
        "templatefile(path: string, variables: map) -> string",
        "The text of a file as a template.",
        'can(templatefile("no such file", {}))',
        "false",
        _templatefile,
        in_context=True,
        pure=False,
    ),
    Function(
        "templatestring(template: string, variables: map) -> string",
        "A string from elsewhere as a template; $${ keeps ${ for it.",
        'templatestring("a $${x}", { x = 1 })',
        '"a 1"',
        _templatestring,
        in_context=True,
    ),
)
