"""Whether a value that is brought to one type with others can still change."""

from collections.abc import Mapping
from decimal import Decimal

from envdplan.ground.values import UNKNOWN, Sensitive, SetValue, Value, replace_parts
from envdplan.language.types.marks import examine, lift


def settled(value: Value, rival: Value, *, sets: bool = True) -> bool:
    """Whether `value` stays as it is, whatever the unknown parts of both turn out to be.

    `sets` tells whether an unknown part may be a set: then a list would become one.
    """
    value, rival = lift(value)[0], lift(rival)[0]
    if isinstance(value, Mapping) and isinstance(rival, Mapping) and value.keys() == rival.keys():
        return all(settled(item, rival[key], sets=sets) for key, item in value.items())
    if _pairwise(value, rival):
        return all(settled(*pair, sets=sets) for pair in zip(value, rival, strict=True))
    if examine(value)[0] and examine(rival)[0]:
        return True
    if isinstance(value, tuple) and isinstance(rival, tuple):
        return all(_stable(item, sets=sets) for item in value)
    return _stable(value, sets=sets)


def shaped_by_secret(value: Value, rival: Value) -> bool:
    """Whether what is inside of a secret collection decides about the type of `value`.

    That a secret is a number or a string is none itself.
    """
    if not examine(rival)[1]:
        return False
    shown = replace_parts(value, lambda part: None if isinstance(part, Sensitive) else part)
    return not settled(shown, _veiled(rival), sets=False)


def _veiled(value: Value) -> Value:
    if isinstance(value, Sensitive):
        return UNKNOWN if isinstance(value.value, Mapping | tuple) else value.value
    if isinstance(value, Mapping):
        return {key: _veiled(item) for key, item in value.items()}
    if isinstance(value, tuple):
        return type(value)(_veiled(item) for item in value)
    return value


def _pairwise(value: Value, rival: Value) -> bool:
    """Whether both are lists whose elements have types of their own."""
    plain = isinstance(value, tuple) and isinstance(rival, tuple)
    return plain and SetValue not in (type(value), type(rival)) and len(value) == len(rival)


def _stable(value: Value, *, sets: bool) -> bool:
    """Whether no unification with an unknown type could change `value`."""
    if isinstance(value, bool | int | Decimal):
        return False
    if isinstance(value, Sensitive):
        return _stable(value.value, sets=sets)
    if isinstance(value, Mapping):
        return all(_stable(item, sets=sets) for item in value.values())
    if isinstance(value, tuple):
        lasting = isinstance(value, SetValue) or not sets
        return lasting and all(_stable(item, sets=sets) for item in value)
    return True
