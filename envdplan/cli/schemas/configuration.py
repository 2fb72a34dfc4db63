"""A configuration in YAML, for completion in editors."""

from collections.abc import Mapping
from typing import Any

from envdplan.addresses import Kind
from envdplan.cli.catalog import CATALOG
from envdplan.cli.schemas.common import DRAFT, Schema


def _nameless(required: list[str]) -> Schema:
    """A block without a label, or a list of such blocks."""
    one = {"type": "object", "required": required}
    return {"anyOf": [one, {"type": "array", "items": one}]}


def configuration() -> Schema:
    """A configuration in YAML, for completion in editors. Templates may stand for any value."""
    meta = {
        "depends_on": {"type": "array", "items": {"type": "string"}},
        "for_each": {},
        "inherits": {"type": "array", "items": {"type": "string"}},
        "unset": {"type": "array", "items": {"type": "string"}},
        "lifecycle": _lifecycle(),
        "precondition": _conditions(),
        "postcondition": _conditions(),
    }
    builders = [
        _block(CATALOG.types[Kind.BUILDER, name].schema, {**meta, "type": {"const": name}})
        for name in CATALOG.names(Kind.BUILDER)
    ]
    return {
        "$schema": DRAFT,
        "title": "envdplan configuration",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "envdplan": _settings(),
            "locals": {"type": "object"},
            "variable": _named(_variable()),
            "builder": _named({"anyOf": builders}),
            "context": _named(_block(CATALOG.types[Kind.CONTEXT, "context"].schema, meta)),
            "build": _named(
                {
                    "anyOf": [
                        _block(CATALOG.types[Kind.BUILD, name].schema, meta)
                        for name in CATALOG.names(Kind.BUILD)
                    ]
                }
            ),
            "template": _named({"type": "object"}),
            "group": _named({"type": "object", "required": ["members"]}),
            "function": _named({"type": "object", "required": ["params", "result"]}),
            "module": _named({"type": "object", "required": ["source"]}),
            "data": {"type": "object", "properties": {"image": _named(_image())}},
            "check": _named(
                {"type": "object", "required": ["assert"], "properties": {"assert": _conditions()}}
            ),
            "import": _nameless(["to"]),
            "moved": _nameless(["from", "to"]),
            "removed": _nameless(["from"]),
            "output": _named(
                {
                    "type": "object",
                    "required": ["value"],
                    "additionalProperties": False,
                    "properties": {
                        "value": {},
                        "description": {"type": "string"},
                        "sensitive": {"type": "boolean"},
                    },
                }
            ),
        },
    }


def _lifecycle() -> Schema:
    references = {"type": "array", "items": {"type": "string"}}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "prevent_destroy": {"type": "boolean"},
            "ignore_changes": {"anyOf": [references, {"const": "all"}]},
            "replace_triggered_by": references,
        },
    }


def _conditions() -> Schema:
    """One, or a list of them."""
    one = {
        "type": "object",
        "required": ["condition", "error_message"],
        "additionalProperties": False,
        "properties": {"condition": {}, "error_message": {"type": "string"}},
    }
    return {"anyOf": [one, {"type": "array", "items": one}]}


def _settings() -> Schema:
    names = ("required_version", "context_store", "state")
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"type": "string"} for name in names},
    }


def _image() -> Schema:
    return {
        "type": "object",
        "required": ["ref"],
        "additionalProperties": False,
        "properties": {"ref": {"type": "string", "description": "HOST/NAME:TAG"}},
    }


def _variable() -> Schema:
    return {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {
            "type": {"type": "string"},
            "default": {},
            "description": {"type": "string"},
            "sensitive": {"type": "boolean"},
            "nullable": {"type": "boolean"},
            "validation": _conditions(),
        },
    }


def _named(schema: Schema) -> Schema:
    return {"type": "object", "additionalProperties": schema}


def _block(schema: Mapping[str, Any], meta: Mapping[str, Any]) -> Schema:
    """Without what is computed; a name that is left out is the key."""
    writable = {name: one for name, one in schema["properties"].items() if not one.get("readOnly")}
    return {
        "type": "object",
        "additionalProperties": False,
        "required": list(schema.get("required", ())),
        "properties": _templates({**writable, **meta}),
    }


def _templates(properties: Mapping[str, Any]) -> Schema:
    """A string with ${...} may stand for a value of any type."""
    template = {"type": "string", "pattern": r"\$\{"}
    return {
        name: one if one.get("type") == "string" or not one else {"anyOf": [one, template]}
        for name, one in properties.items()
    }
