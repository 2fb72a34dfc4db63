"""Where an expression is being evaluated: the Context, and the variables of `for` around it."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from envdplan.ground.values import UNKNOWN, Reference, Sensitive, SetValue, Unknown, Value
from envdplan.language.evaluation.context import Context, Namespace
from envdplan.language.evaluation.problems import EvaluationError
from envdplan.language.syntax.document import Expression
from envdplan.language.types.marks import PLAIN, mark

Handler: TypeAlias = Callable[[Value, "Frame"], Value]
"""Evaluates expressions of one class (the first parameter) in a Frame."""

_VALUES = PLAIN | {tuple, dict, SetValue, Unknown, Sensitive, Reference}


class Frame:
    """One level of names. `handlers` has a Handler for every class of Expression."""

    __slots__ = ("context", "handlers", "names", "position")

    def __init__(
        self, context: Context, names: dict[str, Value], handlers: Mapping[type, Handler]
    ) -> None:
        self.context = context
        self.names = names
        self.handlers = handlers
        self.position: tuple[int, ...] = ()
        """Which items the `for` and splats around are at."""

    def value(self, expression: Expression) -> Value:
        """The value of `expression`; a Namespace becomes an object. Raises EvaluationError."""
        value = self.handlers[type(expression)](expression, self)
        return value if type(value) in _VALUES else settle(value)

    def behind(self, expression: Expression, *, secret: bool) -> Value:
        """As `value`, where a `secret` decided that the expression is evaluated at all."""
        try:
            return self.value(expression)
        except EvaluationError as error:
            raise error.behind(secret) from None

    def operand(self, expression: Expression) -> Value:
        """As `value`, but a Namespace stays one: for what is left of a dot or bracket."""
        return self.handlers[type(expression)](expression, self)

    def attempt(self, expression: Expression) -> Value:
        """The value of `expression`, or UNKNOWN when it has none (yet)."""
        try:
            return self.value(expression)
        except EvaluationError as error:
            return mark(UNKNOWN) if error.sensitive else UNKNOWN

    def child(self, **names: Value) -> "Frame":
        """A frame inside this one, with more names."""
        inner = Frame(self.context, {**self.names, **names}, self.handlers)
        inner.position = self.position
        return inner


def settle(value: Value) -> Value:
    """A Namespace as an object of all its members; lists as tuples; other values unchanged."""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, Mapping):
        return dict(sorted(value.items()))
    if isinstance(value, Namespace):
        return {name: settle(value.attribute(name)) for name in sorted(value.names())}
    return value
