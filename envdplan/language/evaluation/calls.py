"""Calls of functions: arguments evaluated, converted, and freed of marks for the while."""

from collections.abc import Sequence

from envdplan.ground.values import UNKNOWN, Sensitive, Unknown, Value
from envdplan.language.evaluation.context import Context, Function, Passing
from envdplan.language.evaluation.frame import Frame
from envdplan.language.evaluation.problems import (
    ConversionError,
    FunctionError,
    failure,
    suggestion,
)
from envdplan.language.evaluation.signatures import Signature, signature_of
from envdplan.language.syntax.digits import NumberError
from envdplan.language.syntax.document import Call
from envdplan.language.types.marks import examine, lift, lift_all, mark, marked_if
from envdplan.language.types.types import type_name


def call(expression: Call, frame: Frame) -> Value:
    """The result of a function, user-defined or our own."""
    function = frame.context.functions.get(expression.name)
    if function is None:
        hint = suggestion(expression.name, frame.context.functions)
        detail = f'There is no function called "{expression.name}".{hint}'
        raise failure("Unknown function", detail, expression.name_range)
    if function.passing is Passing.LAZY:
        _check_count(expression, signature_of(function), len(expression.arguments))
        return function.implementation(frame, expression)
    arguments = [frame.value(argument) for argument in expression.arguments]
    secret = expression.expand and isinstance(arguments[-1], Sensitive)
    if expression.expand and not _spread(expression, arguments):
        return marked_if(UNKNOWN, any(examine(argument)[1] for argument in arguments))
    _check_count(expression, signature_of(function), len(arguments), secret=secret)
    result = _Invocation(expression, function, arguments).run(frame.context)
    return mark(result) if secret else result  # even the number of arguments is a secret


def _spread(expression: Call, arguments: list[Value]) -> bool:
    """Replace the last argument by its elements; False when they are not known yet."""
    last, sensitive = lift(arguments[-1])
    if isinstance(last, Unknown):
        return False
    if not isinstance(last, tuple):
        detail = f"Only a list can be followed by `...`, but this is a {type_name(last)}."
        range = expression.arguments[-1].range
        raise failure("Not a list of arguments", detail, range, sensitive=sensitive)
    arguments[-1:] = [mark(item) for item in last] if sensitive else last
    return True


def _check_count(
    expression: Call, signature: Signature, count: int, *, secret: bool = False
) -> None:
    if signature.minimum <= count <= signature.maximum:
        return
    few = count < signature.minimum
    bound = signature.minimum if few else signature.maximum
    limits = (
        "exactly" if signature.minimum == signature.maximum else ("at least", "at most")[not few]
    )
    noun = "argument" if bound == 1 else "arguments"
    given = "as many as this secret list has" if secret else str(count)
    detail = f"{expression.name}() takes {limits} {bound} {noun}, not {given}: {signature.text}."
    summary = "Not enough arguments" if few else "Too many arguments"
    raise failure(summary, detail, expression.range, sensitive=secret)


class _Invocation:
    """One call with evaluated arguments."""

    __slots__ = ("arguments", "expression", "function", "known", "sensitive")

    def __init__(self, expression: Call, function: Function, arguments: Sequence[Value]) -> None:
        self.expression = expression
        self.function = function
        self.arguments = arguments
        self.known = True
        self.sensitive = False

    def run(self, context: Context) -> Value:
        """The result with the marks that the arguments give it. Raises EvaluationError."""
        prepared = self._prepared()
        if not self.known:
            return marked_if(UNKNOWN, self.sensitive or self._any_sensitive())
        if self.function.in_context:
            prepared = [context, *prepared]
        try:
            result = self.function.implementation(*prepared)
        except FunctionError as error:
            raise self._failure(error.message, error.argument) from None
        except (ConversionError, NumberError) as error:
            raise self._failure(_message(error), None) from None
        return mark(result) if self.sensitive else result

    def _prepared(self) -> list[Value]:
        if self.function.passing is Passing.RAW:
            return list(self.arguments)
        signature = signature_of(self.function)
        moving = self.function.passing is Passing.PARTS
        return [
            self._argument(number, value, signature, moving=moving)
            for number, value in enumerate(self.arguments)
        ]

    def _argument(self, number: int, value: Value, signature: Signature, *, moving: bool) -> Value:
        parameter = signature.at(number)
        if moving and parameter.is_any:
            return value
        if moving and parameter.is_opaque:
            bare, sensitive = lift(value)
            known = not isinstance(bare, Unknown)
        else:
            bare, known, sensitive = lift_all(value)
        self.sensitive = self.sensitive or sensitive
        self.known = self.known and known
        if not known:
            return UNKNOWN
        try:
            return parameter.fit(bare)
        except ConversionError as error:
            message = (error.unseen() if sensitive else error).message
            raise self._failure(f"for {parameter.name}, {message}", number, hide=False) from None

    def _any_sensitive(self) -> bool:
        return any(examine(argument)[1] for argument in self.arguments)

    def _failure(self, message: str, argument: int | None, *, hide: bool = True) -> Exception:
        """A failure whose message may quote arguments, unless one of them is sensitive."""
        sensitive = self._any_sensitive()
        if sensitive and hide:
            message = "the reason is not shown, because an argument is sensitive"
        detail = f"{self.expression.name}() failed: {message}. Usage: {self.function.signature}."
        places = self.expression.arguments
        where = self.expression.range
        if argument is not None:
            where = places[min(argument, len(places) - 1)].range
        return failure("Function call failed", detail, where, sensitive=sensitive)


def _message(error: ConversionError | NumberError) -> str:
    return error.message if isinstance(error, ConversionError) else str(error)
