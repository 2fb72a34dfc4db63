"""Functions about evaluation itself: can, try, sensitive and their kin, and the environment."""

from typing import Final

from envdplan.ground.values import UNKNOWN, Value, reveal
from envdplan.language.evaluation.context import Context, Function, Passing
from envdplan.language.evaluation.frame import Frame
from envdplan.language.evaluation.problems import EvaluationError, FunctionError, failure
from envdplan.language.evaluation.references import static_path
from envdplan.language.syntax.document import Call, Expression
from envdplan.language.syntax.parts import parts
from envdplan.language.types.marks import examine, lift, mark, marked_if


def _can(frame: Frame, call: Call) -> Value:
    expression = call.arguments[0]
    secret = _mentions_secret(expression, frame)
    try:
        value = frame.value(expression)
    except EvaluationError as error:
        return marked_if(False, secret or error.sensitive)
    known, sensitive = examine(value)
    return marked_if(True if known else UNKNOWN, secret or sensitive)


def _try(frame: Frame, call: Call) -> Value:
    sensitive = False
    last: EvaluationError | None = None
    for argument in call.arguments:
        sensitive = sensitive or _mentions_secret(argument, frame)
        try:
            value = frame.value(argument)
        except EvaluationError as error:
            sensitive, last = sensitive or error.sensitive, error
            continue
        if not examine(value)[0]:
            return marked_if(UNKNOWN, sensitive or examine(value)[1])  # it may fail after apply
        return marked_if(value, sensitive)
    reason = "" if last is None or last.sensitive else f" The last said: {last.diagnostic.detail}"
    detail = f"None of the arguments of try() has a value.{reason}"
    raise failure("Function call failed", detail, call.range, sensitive=sensitive)


def _mentions_secret(expression: Expression, frame: Frame) -> bool:
    """Whether an expression has a value may tell about every secret in it, used or not."""
    if static_path(expression) is not None:
        return examine(frame.attempt(expression))[1]
    return any(_mentions_secret(part, frame) for part in parts(expression))


def _nonsensitive(value: Value) -> Value:
    return reveal(value)


def _issensitive(value: Value) -> Value:
    known, sensitive = examine(value)
    return True if sensitive else (False if known else UNKNOWN)


def _env(context: Context, name: str, default: Value = None) -> Value:
    context.on_env(name)
    value = context.environment.get(name)
    if value is not None:
        return value
    if default is None:
        raise FunctionError(f'the environment variable "{name}" is not set; give a default', 0)
    return lift(default)[0]


FUNCTIONS: Final = (
    Function(
        "can(expression: any) -> bool",
        "Whether an expression has a value.",
        'can(tonumber("x"))',
        "false",
        _can,
        Passing.LAZY,
    ),
    Function(
        "try(expression: any, others...: any) -> any",
        "The first expression that has a value.",
        'try(tonumber("x"), 0)',
        "0",
        _try,
        Passing.LAZY,
    ),
    Function(
        "sensitive(value: any) -> any",
        "The value, marked so that it is never shown.",
        "issensitive(sensitive(1))",
        "true",
        mark,
        Passing.RAW,
    ),
    Function(
        "nonsensitive(value: any) -> any",
        "The value without its mark: it may be shown from now on.",
        "nonsensitive(sensitive(1))",
        "1",
        _nonsensitive,
        Passing.RAW,
    ),
    Function(
        "issensitive(value: any) -> bool",
        "Whether a value, or a part of it, is sensitive.",
        "issensitive(1)",
        "false",
        _issensitive,
        Passing.RAW,
    ),
    Function(
        "env(name: string, default?: string) -> string",
        "An environment variable; without a default it must be set.",
        'env("ENVDPLAN_NO_SUCH_VARIABLE", "none")',
        '"none"',
        _env,
        in_context=True,
        pure=False,
    ),
)
