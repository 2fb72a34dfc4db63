"""Writes schemas/: the configuration for editors, and the formats that other programs read.

`python scripts/assemble_schemas.py` writes them; `--check` only says whether they are current.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from envdplan.addresses import Kind
from envdplan.cli.catalog import CATALOG
from envdplan.plans.changes import Action, Work
from envdplan.values import Value

FOLDER = Path(__file__).parents[1] / "schemas"
DRAFT = "https://json-schema.org/draft/2020-12/schema"
Schema = dict[str, Any]


def schemas() -> dict[str, Schema]:
    """Every file of schemas/ by its name."""
    return {
        "envdplan.schema.json": configuration(),
        "output.schema.json": output(),
        "state.schema.json": sealed("state", _state()),
        "plan.schema.json": sealed("plan", _plan()),
    }


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
        "lifecycle": {"type": "object", "properties": {"prevent_destroy": {"type": "boolean"}}},
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


def _settings() -> Schema:
    names = ("required_version", "context_store", "state")
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {name: {"type": "string"} for name in names},
    }


def _variable() -> Schema:
    validation = {
        "type": "object",
        "required": ["condition", "error_message"],
        "properties": {"condition": {}, "error_message": {"type": "string"}},
    }
    return {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {
            "type": {"type": "string"},
            "default": {},
            "description": {"type": "string"},
            "sensitive": {"type": "boolean"},
            "nullable": {"type": "boolean"},
            "validation": {"anyOf": [validation, {"type": "array", "items": validation}]},
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


# -- what the command writes


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


# -- files


def sealed(kind: str, content: Schema) -> Schema:
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


def _state() -> Schema:
    record = {
        "type": "object",
        "required": ["address", "type", "attributes", "depends_on", "prevent_destroy"],
        "properties": {"address": {"type": "string"}, "attributes": {"type": "object"}},
    }
    pending = {
        "type": "object",
        "required": ["address", "action", "type", "started", "attributes"],
    }
    return {
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


def _plan() -> Schema:
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
    )
    return {"type": "object", "required": list(names)}


def text(schema: Value) -> str:
    """The text of a schema's file."""
    return json.dumps(schema, indent=2) + "\n"


def main() -> int:
    """Write or check all files."""
    stale = [
        name
        for name, schema in schemas().items()
        if not (FOLDER / name).exists() or (FOLDER / name).read_text() != text(schema)
    ]
    if "--check" not in sys.argv:
        for name in stale:
            (FOLDER / name).write_text(text(schemas()[name]))
        return 0
    for name in stale:
        print(f"schemas/{name} is not current: python scripts/assemble_schemas.py")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
