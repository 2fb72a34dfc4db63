"""Values as JSON and back: for state and plan files. Sensitive parts are never written."""

from collections.abc import Mapping
from decimal import Decimal

from envdplan.ground.addresses import Address
from envdplan.ground.values import UNKNOWN, Reference, Sensitive, SetValue, Unknown, Value

SIGN = "$envdplan"
"""The key that marks what JSON has no word for; a user's own key of that name is escaped."""

PLAIN = (str, int, bool, type(None))


def to_json(value: Value) -> Value:
    """`value` in JSON's types. What was sensitive comes back as Sensitive(None)."""
    kind = type(value)
    if kind in PLAIN:
        return value
    if isinstance(value, Mapping):
        encoded = {str(key): to_json(item) for key, item in value.items()}
        return {SIGN: "object", "value": encoded} if SIGN in encoded else encoded
    if isinstance(value, SetValue):
        return {SIGN: "set", "value": [to_json(item) for item in value]}
    if isinstance(value, list | tuple):
        return [to_json(item) for item in value]
    return _mark(value)


def _mark(value: Value) -> Value:
    match value:
        case Unknown():
            return {SIGN: "unknown"}
        case Sensitive():
            return {SIGN: "sensitive"}
        case Reference(address=address):
            return {SIGN: "reference", "value": str(address)}
        case Decimal():
            return {SIGN: "number", "value": str(value)}
        case float():
            return value
    raise TypeError(f"{type(value).__name__} is not a value of the language")


def from_json(value: Value) -> Value:
    """The value that `to_json` wrote. ValueError when the marks make no sense."""
    kind = type(value)
    if kind in PLAIN:
        return value
    if isinstance(value, list):
        return tuple(from_json(item) for item in value)
    if isinstance(value, dict):
        if SIGN in value:
            return _unmark(value)
        return {key: from_json(item) for key, item in value.items()}
    return value


def _unmark(value: dict[str, Value]) -> Value:
    inner = value.get("value")
    match value[SIGN]:
        case "unknown":
            return UNKNOWN
        case "sensitive":
            return Sensitive(None)
        case "reference":
            return Reference(Address.parse(str(inner)))
        case "number":
            return _number(inner)
        case "set" if isinstance(inner, list):
            return SetValue(from_json(item) for item in inner)
        case "object" if isinstance(inner, dict):
            return {key: from_json(item) for key, item in inner.items()}
    raise ValueError(f"unknown mark {value[SIGN]!r}")


def _number(text: Value) -> Decimal:
    try:
        return Decimal(str(text))
    except ArithmeticError:
        raise ValueError(f"{text!r} is not a number") from None
