"""Blocks that are no resources, and what resources share: with words for the reference."""

from collections.abc import Mapping
from typing import Final

from envdplan.cli.schemas.common import Schema

_TEXT: Final = {"type": "string"}
_FLAG: Final = {"type": "boolean"}
_NAMES: Final = {"type": "array", "items": _TEXT}


def _said(description: str, schema: Mapping[str, object] = _TEXT) -> Schema:
    return {**schema, "description": description}


def _object(required: tuple[str, ...] = (), **properties: Schema) -> Schema:
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": properties,
    }


def _some(one: Schema) -> Schema:
    """One, or a list of them."""
    return {"anyOf": [one, {"type": "array", "items": one}]}


def conditions() -> Schema:
    """Conditions of variables, resources and checks."""
    message = "Message if the condition is false, as a sentence"
    return _some(
        _object(
            ("condition", "error_message"),
            condition=_said("An expression that must be true", {}),
            error_message=_said(message),
        )
    )


def shared() -> dict[str, Schema]:
    """What every resource can have."""
    return {
        "depends_on": _said(
            "Resources to finish first, besides those that are referred to", _NAMES
        ),
        "for_each": _said("A map, object or set of strings; makes one resource for each key", {}),
        "inherits": _said(
            "Templates and blocks of the same kind to inherit attributes from; later ones win",
            _NAMES,
        ),
        "unset": _said("Inherited attributes, or keys of them, to leave out", _NAMES),
        "lifecycle": _said("How it may change", _lifecycle()),
        "precondition": _said("Conditions that must be true before a change", conditions()),
        "postcondition": _said("Conditions that must be true after a change", conditions()),
    }


def _lifecycle() -> Schema:
    ignored = "Attributes, or keys of them, whose changes are ignored; or all"
    return _object(
        prevent_destroy=_said("Refuse every plan that would destroy it", _FLAG),
        ignore_changes=_said(ignored, {"anyOf": [_NAMES, {"const": "all"}]}),
        replace_triggered_by=_said(
            "Resources, or attributes of them, whose change replaces this one", _NAMES
        ),
    )


def settings() -> Schema:
    """The envdplan block."""
    return _object(
        required_version=_said('Allowed versions of envdplan, such as ">= 0.1, < 2"'),
        context_store=_said(
            "File of the context store (default: ~/.config/envd/contexts, envd's own)"
        ),
        state=_said("File of the state (default: .envdplan/state.json)"),
    )


def variable() -> Schema:
    """A variable; null declares one with nothing but a name."""
    block = _object(
        type=_said("string, number, bool, list(string), object({ a = number }) and the like"),
        default=_said("Value if none is given; a variable without a default must be set", {}),
        description=_said("For readers"),
        sensitive=_said("Never show or store the value, or anything made from it", _FLAG),
        nullable=_said("Allow null as the value (default: true)", _FLAG),
        validation=_said("Conditions that the value must meet", conditions()),
    )
    return {**block, "type": ["object", "null"]}


def output() -> Schema:
    """An output."""
    return _object(
        ("value",),
        value=_said("Value to show after apply and keep in the state", {}),
        description=_said("For readers"),
        sensitive=_said("Hide the value; required if it is made from sensitive values", _FLAG),
    )


def module() -> Schema:
    """A call of a module."""
    return {
        "type": "object",
        "required": ["source"],
        "description": "All other attributes are the variables of the module",
        "properties": {
            "source": _said("A folder, a git repository or an archive; plain text"),
            "depends_on": _said("Resources to finish before any resource of the module", _NAMES),
        },
    }


def data_image() -> Schema:
    """An image of others; what it gives is computed."""
    gives = (
        "An image that this project does not build: .digest, .pinned, .platforms and "
        ".created are known while planning"
    )
    return _said(gives, _object(("ref",), ref=_said("HOST/NAME:TAG")))


def check() -> Schema:
    """Conditions that fail nothing."""
    return {
        "type": "object",
        "required": ["assert"],
        "properties": {
            "assert": _said(
                "Conditions to check after plan and apply; a warning if one is false", conditions()
            )
        },
    }


def group() -> Schema:
    """A name for some resources."""
    return _object(
        ("members",),
        members=_said("Resources, modules and other groups", _NAMES),
        description=_said("For readers"),
    )


def template() -> Schema:
    """Attributes for who inherits them."""
    return {
        "type": "object",
        "description": "Attributes for the blocks that inherit from it; makes no resource itself",
    }


def function() -> Schema:
    """A function of the user's own."""
    return _object(
        ("params", "result"),
        params=_said("Names of its arguments", _NAMES),
        variadic_params=_said("Name of the list of all further arguments"),
        result=_said("An expression with these names", {}),
    )


def adoption() -> Schema:
    """The import block."""
    return _some(
        _object(
            ("to",),
            to=_said("The builder or context that already exists"),
            id=_said("Name of the real thing, as a check"),
        )
    )


def moved() -> Schema:
    """What a resource was called before."""
    return _some(
        _object(
            ("from", "to"),
            **{"from": _said("The former address")},
            to=_said("The address of now"),
        )
    )


def removed() -> Schema:
    """What is no longer declared."""
    return _some(
        _object(
            ("from",),
            **{"from": _said("The former address")},
            destroy=_said("Destroy the real thing (default: true); false only forgets it", _FLAG),
        )
    )
