"""The typed reasons of changes, as saved plans and --json have them."""

from typing import Final

from envdplan.cli.schemas.common import Schema
from envdplan.core.plan.reasons import Code, Turn

REASONS: Final[Schema] = {"type": "array", "items": {"$ref": "#/$defs/reason"}}


def definitions() -> Schema:
    """What REASONS refers to: the `$defs` of a schema that uses it."""
    optional = {"type": ["string", "null"]}
    properties: Schema = {
        "code": {"enum": [one.value for one in Code]},
        "kind": optional,
        "name": optional,
        "change": {"enum": [*(one.value for one in Turn), None]},
        "before": {},
        "after": {},
        "detail": optional,
        "because": {"anyOf": [{"$ref": "#/$defs/reason"}, {"type": "null"}]},
    }
    reason = {
        "type": "object",
        "description": "Why something changes: docs/reasons.md explains each code",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }
    return {"reason": reason}
