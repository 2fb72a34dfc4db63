"""Outputs as JSON in Terraform's shapes: one object of all of them, or the bare value of one."""

from collections.abc import Mapping
from decimal import Decimal

from envdplan.ground.values import (
    Reference,
    Sensitive,
    SetValue,
    Value,
    is_sensitive,
    replace_parts,
)
from envdplan.language.functions.encoding import jsonencode


def outputs_json(outputs: Mapping[str, Value]) -> str:
    """`{"NAME": {"sensitive": ..., "type": ..., "value": ...}}`; secrets are null.

    Raises FunctionError for what is nested too deeply.
    """
    return jsonencode(
        {
            name: {
                "sensitive": is_sensitive(outputs[name]),
                "type": _type(_plain(outputs[name])),
                "value": _plain(outputs[name]),
            }
            for name in sorted(outputs)
        }
    )


def value_json(value: Value) -> str:
    """The bare value. Raises FunctionError for what is nested too deeply."""
    return jsonencode(_plain(value))


def _plain(value: Value) -> Value:
    return replace_parts(value, _part)


def _part(value: Value) -> Value:
    if isinstance(value, Sensitive):
        return None  # a state does not hold it
    return str(value) if isinstance(value, Reference) else value


def _type(value: Value) -> Value:
    """A type as Terraform writes it in JSON (cty's `ctyjson.MarshalType`)."""
    match value:
        case None:
            return "dynamic"
        case bool():
            return "bool"
        case int() | Decimal():
            return "number"
        case str():
            return "string"
        case SetValue():
            return ("set", _type(value[0]) if value else "dynamic")
        case Mapping():
            return ("object", {str(key): _type(one) for key, one in value.items()})
    return ("tuple", tuple(map(_type, value)))
