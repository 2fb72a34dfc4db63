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
    message = "What to tell when it does not hold: a sentence"
    return _some(
        _object(
            ("condition", "error_message"),
            condition=_said("An expression that has to be true", {}),
            error_message=_said(message),
        )
    )


def shared() -> dict[str, Schema]:
    """What every resource can have."""
    return {
        "depends_on": _said("Resources that come first though nothing refers to them", _NAMES),
        "for_each": _said("A map, an object or a set of strings: a resource for each key", {}),
        "inherits": _said(
            "Templates and blocks of the same kind whose attributes it takes, the last strongest",
            _NAMES,
        ),
        "unset": _said("Inherited attributes, or keys of them, that it does without", _NAMES),
        "lifecycle": _said("How it may change", _lifecycle()),
        "precondition": _said("What has to be true before it is changed", conditions()),
        "postcondition": _said("What has to be true of what became of it", conditions()),
    }


def _lifecycle() -> Schema:
    ignored = "Attributes, or keys of them, that stay as they are; or all"
    return _object(
        prevent_destroy=_said("A plan that would destroy it is an error", _FLAG),
        ignore_changes=_said(ignored, {"anyOf": [_NAMES, {"const": "all"}]}),
        replace_triggered_by=_said(
            "Resources, or attributes of them, whose change replaces it", _NAMES
        ),
    )


def settings() -> Schema:
    """The envdplan block."""
    return _object(
        required_version=_said('Versions of envdplan that fit, such as ">= 0.1, < 2"'),
        context_store=_said(
            "File of the context store (default: ~/.config/envd/contexts, envd's own)"
        ),
        state=_said("File of the state (default: .envdplan/state.json)"),
    )


def variable() -> Schema:
    """A variable; null declares one with nothing but a name."""
    block = _object(
        type=_said("string, number, bool, list(string), object({ a = number }) and the like"),
        default=_said("Its value when nobody gives one; without it, it must be given", {}),
        description=_said("For readers"),
        sensitive=_said("Never shown or stored, and whatever is made of it neither", _FLAG),
        nullable=_said("Whether null may be given (default: true)", _FLAG),
        validation=_said("What its values have to fulfil", conditions()),
    )
    return {**block, "type": ["object", "null"]}


def output() -> Schema:
    """An output."""
    return _object(
        ("value",),
        value=_said("What is shown after apply, and kept in the state", {}),
        description=_said("For readers"),
        sensitive=_said("Needed where the value is made of sensitive ones; hides it", _FLAG),
    )


def module() -> Schema:
    """A call of a module."""
    return {
        "type": "object",
        "required": ["source"],
        "description": "All other attributes are the variables of the module",
        "properties": {
            "source": _said("A folder, a git repository or an archive; plain text"),
            "depends_on": _said("What all of its resources wait for", _NAMES),
        },
    }


def data_image() -> Schema:
    """An image of others; what it gives is computed."""
    gives = "An image of others: .digest, .pinned, .platforms and .created are known while planning"
    return _said(gives, _object(("ref",), ref=_said("HOST/NAME:TAG")))


def check() -> Schema:
    """Conditions that fail nothing."""
    return {
        "type": "object",
        "required": ["assert"],
        "properties": {"assert": _said("Warned of after plan and apply", conditions())},
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
        "description": "Attributes for the blocks that name it in inherits; itself it is nothing",
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
            to=_said("The builder or context that exists already and may be changed"),
            id=_said("What it is called in the world, to be sure"),
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
            destroy=_said("false forgets it, and keeps the thing (default: true)", _FLAG),
        )
    )
