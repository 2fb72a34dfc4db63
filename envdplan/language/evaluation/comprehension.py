"""`for` expressions: lists, objects and groups made from collections."""

from collections.abc import Iterator, Mapping

from envdplan.ground.values import UNKNOWN, Sensitive, SetValue, Unknown, Value
from envdplan.language.evaluation.frame import Frame
from envdplan.language.evaluation.problems import ConversionError, EvaluationError, failure
from envdplan.language.syntax.document import Expression, For
from envdplan.language.types.conversion import to_bool, to_string
from envdplan.language.types.marks import examine, lift_all, mark, marked_if
from envdplan.language.types.types import type_name


class _Result:
    """What is known so far about the result as a whole."""

    __slots__ = ("known", "sensitive")

    def __init__(self) -> None:
        self.known = True
        self.sensitive = False

    def note(self, known: bool, sensitive: bool) -> None:
        """Take in one condition or key: it decides about the whole result."""
        self.known = self.known and known
        self.sensitive = self.sensitive or sensitive


def comprehension(expression: For, frame: Frame) -> Value:
    """The list or object of a `for` expression."""
    source = frame.value(expression.source)
    result = _Result()
    if isinstance(source, Sensitive):
        result.sensitive = True
        source = source.value
    if isinstance(source, Unknown):
        return marked_if(UNKNOWN, result.sensitive or _adds_secrets(expression, frame))
    try:
        made = _made(expression, source, frame.child(), result)
    except EvaluationError as error:
        raise error.behind(result.sensitive) from None
    if not result.known:
        return marked_if(UNKNOWN, result.sensitive or examine(made)[1])
    return marked_if(made, result.sensitive)


def _adds_secrets(expression: For, frame: Frame) -> bool:
    """Whether items that are not known yet will be made into something sensitive."""
    names = (expression.key_name, expression.value_name)
    inner = frame.child(**{name: UNKNOWN for name in names if name is not None})
    parts = (expression.key, expression.value, expression.condition)
    return any(examine(inner.attempt(part))[1] for part in parts if part is not None)


def _made(expression: For, source: Value, inner: Frame, result: _Result) -> Value:
    items = _selected(expression, source, inner, result)
    if expression.key is None:
        return tuple(_values(expression.value, items, inner, result))
    return _object(expression, expression.key, items, inner, result)


def _pairs(expression: For, source: Value) -> Iterator[tuple[Value, Value]]:
    if isinstance(source, Mapping):
        return iter(source.items())
    if isinstance(source, SetValue):
        return ((item, item) for item in source)
    if isinstance(source, tuple):
        return enumerate(source)
    if source is None:
        detail = "This value is null, but `for` needs a collection. coalesce() can give a default."
    else:
        detail = f"`for` takes a list, set, map or object, not a {type_name(source)}."
    raise failure("Not a collection", detail, expression.source.range)


def _selected(
    expression: For, source: Value, inner: Frame, result: _Result
) -> Iterator[tuple[Value, Value]]:
    """Bind each item that the condition does not rule out; marked when the collection is."""
    secret, outer = result.sensitive, inner.position
    for number, (key, value) in enumerate(_pairs(expression, source)):
        inner.position = (*outer, number)
        if expression.key_name is not None:
            inner.names[expression.key_name] = mark(key) if secret else key
        inner.names[expression.value_name] = mark(value) if secret else value
        if expression.condition is None or _condition(expression.condition, inner, result):
            yield key, value


def _condition(expression: Expression, inner: Frame, result: _Result) -> bool:
    value = inner.value(expression)
    if type(value) is bool:
        return value
    bare, known, sensitive = lift_all(value)
    result.note(known, sensitive)
    if not known:
        return True
    try:
        return to_bool(bare)
    except ConversionError as error:
        message = (error.unseen() if sensitive else error).message
        detail = f"The condition of a `for` is not valid: {message}."
        raise failure("Invalid condition", detail, expression.range, sensitive=sensitive) from None


def _values(
    expression: Expression,
    items: Iterator[tuple[Value, Value]],
    inner: Frame,
    result: _Result,
) -> Iterator[Value]:
    for _ in items:
        # an unknown condition may still rule this item out, and its error with it
        yield inner.value(expression) if result.known else inner.attempt(expression)


def _object(
    expression: For,
    key_expression: Expression,
    items: Iterator[tuple[Value, Value]],
    inner: Frame,
    result: _Result,
) -> Value:
    made: dict[str, Value] = {}
    groups: dict[str, list[Value]] = {}
    for _ in items:
        key = _key(key_expression, inner, result)
        value = inner.value(expression.value) if result.known else inner.attempt(expression.value)
        groups.setdefault(key, []).append(value)
        if key in made and not expression.grouping and result.known:
            raise _duplicate(key, key_expression, result)
        made[key] = value
    if not result.known:
        return tuple(value for group in groups.values() for value in group)
    if expression.grouping:
        return {key: tuple(group) for key, group in sorted(groups.items())}
    return dict(sorted(made.items()))


def _key(expression: Expression, inner: Frame, result: _Result) -> str:
    value = inner.value(expression) if result.known else inner.attempt(expression)
    if type(value) is str:
        return value
    bare, known, sensitive = lift_all(value)
    result.note(known, sensitive)
    try:
        return object_key(bare, expression, sensitive=sensitive) if known else ""
    except EvaluationError:
        if result.known:
            raise
        return ""  # an unknown condition may still rule this item out


def _duplicate(key: str, expression: Expression, result: _Result) -> Exception:
    which = "a sensitive key" if result.sensitive else f'the key "{key}"'
    detail = (
        f"Two items produce {which}. Write `...` behind the value to collect all of them "
        "in a list under the key."
    )
    return failure("Duplicate key", detail, expression.range, sensitive=result.sensitive)


def object_key(value: Value, expression: Expression, *, sensitive: bool) -> str:
    """A known value without marks as the key of an object. Raises EvaluationError."""
    if value is None:
        detail = "The key of an object cannot be null."
    else:
        try:
            return to_string(value)
        except ConversionError as error:
            detail = f"The key of an object is a string: {error.message}."
    raise failure("Invalid key", detail, expression.range, sensitive=sensitive)
