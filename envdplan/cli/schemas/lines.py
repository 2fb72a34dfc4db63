"""What --json writes: one object a line."""

from collections.abc import Mapping
from typing import Any, Final

from envdplan.cli.schemas.common import DRAFT, Schema
from envdplan.cli.schemas.reasons import REASONS, definitions
from envdplan.core.plan.changes import Action, Work
from envdplan.modules.events import Outcome

_TEXT: Final[Schema] = {"type": "string"}
_TEXTS: Final[Schema] = {"type": "array", "items": _TEXT}
_OPTIONAL: Final[Schema] = {"type": ["string", "null"]}
_FLAG: Final[Schema] = {"type": "boolean"}
_OBJECT: Final[Schema] = {"type": "object"}
_PERHAPS: Final[Schema] = {"type": ["object", "null"]}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_SECONDS: Final[Schema] = {"type": "number", "minimum": 0}
_FORMAT: Final[Schema] = {"const": 1}
_CHANGE: Final[Schema] = {
    "address": _TEXT,
    "action": {"enum": [one.value for one in Action]},
    "work": {"type": "array", "items": {"enum": [one.value for one in Work]}},
}
_DIFFERENCES: Final[Schema] = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["path", "before", "after", "forces_replacement"],
        "properties": {
            "path": {"type": "array"},
            "before": {},
            "after": {},
            "forces_replacement": _FLAG,
        },
    },
}


def output() -> Schema:
    """One line of --json."""
    lines = {**_checks(), **_plans(), **_applies(), **_states(), "message": {"message": _TEXT}}
    return {
        "$schema": DRAFT,
        "title": "One line of envdplan --json",
        "$defs": definitions(),
        "oneOf": [_line(type, properties) for type, properties in lines.items()],
    }


def _checks() -> dict[str, Schema]:
    return {
        "version": {"format": _FORMAT, "envdplan": _TEXT},
        "diagnostic": {
            "severity": {"enum": ["error", "warning"]},
            "summary": _TEXT,
            "detail": _TEXT,
            "address": _OPTIONAL,
            "addresses": _TEXTS,
            "range": _PERHAPS,
            "snippet": _PERHAPS,
        },
        "validation": {
            "format": _FORMAT,
            "envdplan": _TEXT,
            "valid": _FLAG,
            "error_count": _COUNT,
            "warning_count": _COUNT,
            "resources": _COUNT,
            "diagnostics": {"type": "array", "items": _diagnostic()},
        },
    }


def _plans() -> dict[str, Schema]:
    counts = ("add", "change", "destroy", "builds", "pushes", "retags", "deferred", "unclear")
    return {
        "drift": {"address": _TEXT, "gone": _FLAG, "differences": _DIFFERENCES},
        "planned_change": {
            **_CHANGE,
            "resource_type": _TEXT,
            "reasons": _TEXTS,
            "why": REASONS,
            "before": _PERHAPS,
            "after": _PERHAPS,
            "differences": _DIFFERENCES,
            "source": _OPTIONAL,
            "tags": _TEXTS,
        },
        "change_summary": {
            "empty": _FLAG,
            **dict.fromkeys(counts, _COUNT),
            "output_changes": _TEXTS,
        },
    }


def _applies() -> dict[str, Schema]:
    counts = ("added", "changed", "destroyed", "failed", "skipped", "deferred")
    return {
        "apply_start": _CHANGE,
        "apply_progress": {
            "address": _TEXT,
            "message": _TEXT,
            **dict.fromkeys(("step", "status", "log", "warning"), _OBJECT),
        },
        "apply_complete": {**_CHANGE, "seconds": _SECONDS},
        "apply_errored": {**_CHANGE, "seconds": _SECONDS, "summary": _TEXT, "detail": _TEXT},
        "apply_skipped": {**_CHANGE, "because": _TEXT},
        "apply_summary": dict.fromkeys(counts, _COUNT),
    }


def _states() -> dict[str, Schema]:
    """What is recorded or configured, and what became of modules."""
    return {
        "resource": {
            "address": _TEXT,
            "resource_type": _TEXT,
            "attributes": _OBJECT,
            "depends_on": _TEXTS,
        },
        "state": {"lineage": _TEXT, "serial": _COUNT},
        "group": {"name": _TEXT, "members": _TEXTS},
        "module": {
            "outcome": {"enum": [one.value for one in Outcome]},
            "source": _TEXT,
            **dict.fromkeys(("address", "checksum", "commit", "former_commit"), _OPTIONAL),
        },
        "outputs": {"outputs": _OBJECT, "sensitive": _TEXTS},
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


OPTIONAL = {
    "address",
    "addresses",
    "range",
    "snippet",
    "message",
    "step",
    "status",
    "log",
    "warning",
}


def _line(type: str, properties: Mapping[str, Any]) -> Schema:
    needed = [name for name in properties if name not in OPTIONAL]
    return {
        "title": type,
        "type": "object",
        "required": ["type", *needed],
        "additionalProperties": False,
        "properties": {"type": {"const": type}, **properties},
    }
