"""The files that envdplan writes, for whoever reads them."""

from envdplan.cli.schemas.common import DRAFT, Schema
from envdplan.cli.schemas.reasons import REASONS, definitions


def _sealed(kind: str, content: Schema) -> Schema:
    """A file with a checksum over its content."""
    return {
        "$schema": DRAFT,
        "title": f"envdplan {kind} file",
        "type": "object",
        "required": ["kind", "format_version", "checksum", "content"],
        "additionalProperties": False,
        "properties": {
            "kind": {"const": kind},
            "format_version": {"const": 1},
            "checksum": {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"},
            "content": content,
        },
    }


def state() -> Schema:
    """What is recorded."""
    record = {
        "type": "object",
        "required": ["address", "type", "attributes", "depends_on", "prevent_destroy"],
        "properties": {
            "address": {"type": "string"},
            "attributes": {"type": "object"},
            "seal": {
                "type": "object",
                "description": "Keyed digests, by which a changed sensitive input is noticed",
                "required": ["key", "digests"],
                "properties": {
                    "key": {"type": "string"},
                    "digests": {"type": "object", "additionalProperties": {"type": "string"}},
                },
            },
        },
    }
    pending = {
        "type": "object",
        "required": ["address", "action", "type", "started", "attributes"],
    }
    content = {
        "type": "object",
        "required": ["lineage", "serial", "resources", "pending", "outputs"],
        "properties": {
            "lineage": {"type": "string"},
            "serial": {"type": "integer", "minimum": 0},
            "resources": {"type": "array", "items": record},
            "pending": {"type": "array", "items": pending},
            "outputs": {"type": "object"},
        },
    }
    return _sealed("state", content)


def plan() -> Schema:
    """A saved plan."""
    names = (
        "envdplan",
        "directory",
        "lineage",
        "serial",
        "options",
        "changes",
        "drift",
        "outputs",
        "output_changes",
        "variables",
        "sensitive_variables",
        "sources",
        "modules",
        "started",
        "seed",
    )
    words = {"type": "array", "items": {"type": "string"}}
    change = {
        "type": "object",
        "required": ["address", "type", "action", "reasons"],
        "properties": {"reasons": words, "why": REASONS},
    }
    properties = {"changes": {"type": "array", "items": change}}
    content = {"type": "object", "required": list(names), "properties": properties}
    return {**_sealed("plan", content), "$defs": definitions()}
