"""A configuration in YAML, for completion in editors."""

from collections.abc import Mapping
from typing import Any, Final

from envdplan.app.catalog import CATALOG
from envdplan.cli.schemas import blocks
from envdplan.cli.schemas.common import DRAFT, Schema
from envdplan.cli.schemas.definitions import with_definitions
from envdplan.ground.addresses import Kind

_TEMPLATE: Final = {"$ref": "#/$defs/template"}
_INNER: Final = ("items", "additionalProperties")


def configuration() -> Schema:
    """A configuration in YAML, for completion in editors. Templates may stand for any value."""
    meta = blocks.shared()
    builders = [
        _block(CATALOG.types[Kind.BUILDER, name].schema, {**meta, "type": {"const": name}})
        for name in CATALOG.names(Kind.BUILDER)
    ]
    made = {
        "$schema": DRAFT,
        "title": "envdplan configuration",
        "type": "object",
        "additionalProperties": False,
        "$defs": {"template": {"type": "string", "pattern": r"\$\{"}},
        "properties": {
            "envdplan": blocks.settings(),
            "locals": {"type": "object", "description": "Names for values"},
            "variable": _named(blocks.variable()),
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
            "template": _named(blocks.template()),
            "group": _named(blocks.group()),
            "function": _named(blocks.function()),
            "module": _named(blocks.module()),
            "data": {"type": "object", "properties": {"image": _named(blocks.data_image())}},
            "check": _named(blocks.check()),
            "import": blocks.adoption(),
            "moved": blocks.moved(),
            "removed": blocks.removed(),
            "output": _named(blocks.output()),
        },
    }
    return with_definitions(made)


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
    """A string with ${...} may stand for a value of any type, at any depth."""
    return {name: _or_template(one) for name, one in properties.items()}


def _or_template(schema: Schema) -> Schema:
    inner = {name: _or_template(schema[name]) for name in _INNER if _is_schema(schema.get(name))}
    if "properties" in schema:
        inner["properties"] = _templates(schema["properties"])
    if "anyOf" in schema:
        return {**schema, "anyOf": [*map(_or_template, schema["anyOf"]), _TEMPLATE]}
    is_text = schema.get("type") == "string" and schema.keys() <= {"type", "description"}
    if is_text or not schema:
        return {**schema}
    return {"anyOf": [{**schema, **inner}, _TEMPLATE]}


def _is_schema(value: object) -> bool:
    return isinstance(value, Mapping)
