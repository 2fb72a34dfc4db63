"""`condition ? yes : no`, with the two results brought to one type."""

from envdplan.ground.addresses import Kind
from envdplan.ground.values import UNKNOWN, Value
from envdplan.language.evaluation.frame import Frame
from envdplan.language.evaluation.problems import ConversionError, EvaluationError, failure
from envdplan.language.evaluation.references import static_path
from envdplan.language.syntax.document import Conditional, Expression, Literal
from envdplan.language.types.conversion import convert, to_bool
from envdplan.language.types.marks import examine, lift_all, marked_if
from envdplan.language.types.settled import settled, shaped_by_secret
from envdplan.language.types.types import (
    ANY,
    ListType,
    MapType,
    ObjectType,
    SetType,
    TupleType,
    Type,
    type_name,
    type_of,
    unify,
)

_RESOURCES = frozenset(kind.value for kind in Kind)
_SIMPLE = frozenset((str, int, bool))


def conditional(expression: Conditional, frame: Frame) -> Value:
    """The chosen result. The other one counts for the common type; its errors do not."""
    condition, known, sensitive = lift_all(frame.value(expression.condition))
    if not known:
        both = (frame.attempt(expression.yes), frame.attempt(expression.no))
        return marked_if(UNKNOWN, sensitive or examine(both)[1])
    if _truth(expression, condition, sensitive=sensitive):
        chosen, other = expression.yes, expression.no
    else:
        chosen, other = expression.no, expression.yes
    value = frame.behind(chosen, secret=sensitive)
    rival = _rival(other, frame)
    if type(value) is not type(rival) or type(value) not in _SIMPLE:
        if value is not None and not settled(value, rival, sets=_may_be_a_set(other)):
            # once all is known, numbers, bools and lists may have to become strings and sets
            return marked_if(UNKNOWN, sensitive or examine((value, rival))[1])
        sensitive = sensitive or shaped_by_secret(value, rival)
        value = _common(expression, value, rival, sensitive=sensitive)
    return marked_if(value, sensitive)


def _rival(expression: Expression, frame: Frame) -> Value:
    """The value that is not chosen; without one (`length(x) > 0 ? x[0] : 0`) nothing to go by."""
    if type(expression) is Literal:
        return expression.value
    try:
        return frame.value(expression)
    except EvaluationError:
        return None


def _may_be_a_set(expression: Expression) -> bool:
    """No attribute of a resource is one."""
    path = static_path(expression)
    return path is None or path[0] not in _RESOURCES


def _truth(expression: Conditional, condition: Value, *, sensitive: bool) -> bool:
    if condition is None:
        detail = "The condition is null; it must be true or false."
    else:
        try:
            return to_bool(condition)
        except ConversionError as error:
            message = (error.unseen() if sensitive else error).message
            detail = f"The condition is not valid: {message}."
    range = expression.condition.range
    raise failure("Invalid condition", detail, range, sensitive=sensitive)


def _common(expression: Conditional, value: Value, rival: Value, *, sensitive: bool) -> Value:
    """`value` in the type that it has in common with `rival`."""
    if value is None:
        return None
    own, other = type_of(value), type_of(rival)
    if own == other or other is ANY:
        return value
    both = unify((own, other))
    if both is None:
        return _incompatible(expression, value, (own, other), rival, sensitive=sensitive)
    try:
        return convert(value, both)
    except ConversionError as error:  # unify() promises that it cannot happen
        raise failure("Inconsistent results", error.message, expression.range) from None


_SEQUENCES = (ListType, SetType, TupleType)
_OBJECTS = (MapType, ObjectType)


def _incompatible(
    expression: Conditional,
    value: Value,
    types: tuple[Type, Type],
    rival: Value,
    *,
    sensitive: bool,
) -> Value:
    """Two lists, or two objects, may be of whatever they like; other kinds do not mix."""
    for family in (_SEQUENCES, _OBJECTS):
        if all(isinstance(one, family) for one in types):
            return value
    detail = (
        "Both results of a condition must be of one type, "
        f"but one is a {type_name(value)} and the other a {type_name(rival)}."
    )
    raise failure("Inconsistent results", detail, expression.range, sensitive=sensitive)
