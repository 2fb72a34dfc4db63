"""What --json writes: one object a line."""

from collections.abc import Mapping
from typing import Any

from envdplan.cli.schemas.common import DRAFT, Schema
from envdplan.modules.events import Outcome
from envdplan.plans.changes import Action, Work


def output() -> Schema:
    """One line of --json."""
    address = {"type": "string"}
    work = {"type": "array", "items": {"enum": [one.value for one in Work]}}
    short = {
        "address": address,
        "action": {"enum": [one.value for one in Action]},
        "work": work,
    }
    number = {"type": "number", "minimum": 0}
    text = {"type": "string"}
    optional = {"type": ["string", "null"]}
    attributes = {"type": ["object", "null"]}
    difference = {
        "type": "object",
        "required": ["path", "before", "after", "forces_replacement"],
        "properties": {
            "path": {"type": "array"},
            "before": {},
            "after": {},
            "forces_replacement": {"type": "boolean"},
        },
    }
    differences = {"type": "array", "items": difference}
    count = {"type": "integer", "minimum": 0}
    lines: dict[str, Schema] = {
        "version": {"format": {"const": 1}, "envdplan": text},
        "diagnostic": {
            "severity": {"enum": ["error", "warning"]},
            "summary": text,
            "detail": text,
            "address": optional,
            "range": {"type": ["object", "null"]},
            "snippet": {"type": ["object", "null"]},
        },
        "validation": {
            "format": {"const": 1},
            "envdplan": text,
            "valid": {"type": "boolean"},
            "error_count": count,
            "warning_count": count,
            "resources": count,
            "diagnostics": {"type": "array", "items": _diagnostic()},
        },
        "drift": {"address": address, "gone": {"type": "boolean"}, "differences": differences},
        "planned_change": {
            **short,
            "resource_type": text,
            "reasons": {"type": "array", "items": text},
            "before": attributes,
            "after": attributes,
            "differences": differences,
            "source": optional,
            "tags": {"type": "array", "items": text},
        },
        "change_summary": {
            "empty": {"type": "boolean"},
            **dict.fromkeys(
                ("add", "change", "destroy", "builds", "pushes", "retags", "deferred"), count
            ),
            "output_changes": {"type": "array", "items": text},
        },
        "apply_start": short,
        "apply_progress": {
            "address": address,
            "message": text,
            "step": {"type": "object"},
            "status": {"type": "object"},
            "log": {"type": "object"},
            "warning": {"type": "object"},
        },
        "apply_complete": {**short, "seconds": number},
        "apply_errored": {**short, "seconds": number, "summary": text, "detail": text},
        "apply_skipped": {**short, "because": text},
        "apply_summary": dict.fromkeys(
            ("added", "changed", "destroyed", "failed", "skipped"), count
        ),
        "resource": {
            "address": address,
            "resource_type": text,
            "attributes": {"type": "object"},
            "depends_on": {"type": "array", "items": text},
        },
        "state": {"lineage": text, "serial": count},
        "group": {"name": text, "members": {"type": "array", "items": text}},
        "module": {
            "outcome": {"enum": [one.value for one in Outcome]},
            "source": text,
            **dict.fromkeys(("address", "checksum", "commit", "former_commit"), optional),
        },
        "outputs": {
            "outputs": {"type": "object"},
            "sensitive": {"type": "array", "items": text},
        },
        "message": {"message": text},
    }
    return {
        "$schema": DRAFT,
        "title": "One line of envdplan --json",
        "oneOf": [_line(type, properties) for type, properties in lines.items()],
    }


def _diagnostic() -> Schema:
    """One diagnostic of `validate --json`; those that stand on a line alone are the same."""
    number = {"type": "integer", "minimum": 1}
    place = {
        "type": "object",
        "required": ["line", "column"],
        "properties": {"line": number, "column": number},
    }
    offset = {"type": "integer", "minimum": 0}
    offsets = ("start_line", "highlight_start_offset", "highlight_end_offset")
    words = {name: {"type": "string"} for name in ("severity", "summary", "detail")}
    range = {"file": {"type": "string"}, "start": place, "end": place}
    snippet = {"code": {"type": "string"}, **dict.fromkeys(offsets, offset)}
    parts = {
        **words,
        "address": {"type": ["string", "null"]},
        "range": {"type": ["object", "null"], "required": list(range), "properties": range},
        "snippet": {"type": ["object", "null"], "required": list(snippet), "properties": snippet},
    }
    return {"type": "object", "required": list(parts), "properties": parts}


OPTIONAL = {"address", "range", "snippet", "message", "step", "status", "log", "warning"}


def _line(type: str, properties: Mapping[str, Any]) -> Schema:
    needed = [name for name in properties if name not in OPTIONAL]
    return {
        "title": type,
        "type": "object",
        "required": ["type", *needed],
        "additionalProperties": False,
        "properties": {"type": {"const": type}, **properties},
    }
