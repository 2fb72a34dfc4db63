"""Diagnostics as data: Terraform's names for the parts, so that its readers need little change."""

from collections.abc import Mapping

from envdplan.ground.diagnostics import Diagnostic, Diagnostics, Severity
from envdplan.ground.source import SourceRange
from envdplan.ground.values import Value


def diagnostic_json(one: Diagnostic) -> Mapping[str, Value]:
    """One diagnostic; `range` and `snippet` are null where it has no place in a file."""
    several = {"addresses": list(one.addresses)} if one.addresses else {}
    return {
        "severity": one.severity.value,
        "summary": one.summary,
        "detail": one.detail,
        "address": one.address,
        **several,
        "range": None if one.range is None else _range(one.range),
        "snippet": None if one.range is None else _snippet(one.range),
    }


def validation_json(diagnostics: Diagnostics) -> Mapping[str, Value]:
    """What `validate --json` says: the verdict, the counts, and every diagnostic."""
    items = diagnostics.sorted()
    errors = sum(one.severity is Severity.ERROR for one in items)
    return {
        "valid": not errors,
        "error_count": errors,
        "warning_count": len(items) - errors,
        "diagnostics": [diagnostic_json(one) for one in items],
    }


def _range(range: SourceRange) -> Value:
    """Lines and columns count from 1, columns in characters; `end` is behind the last one."""
    return {
        "file": range.file.name,
        "start": {"line": range.start.line, "column": range.start.column},
        "end": {"line": range.end.line, "column": range.end.column},
    }


def _snippet(range: SourceRange) -> Value:
    """The first line, and which of its characters (from 0) are meant."""
    code = range.file.line(range.start.line)
    end = range.end.column - 1 if range.end.line == range.start.line else len(code)
    return {
        "code": code,
        "start_line": range.start.line,
        "highlight_start_offset": range.start.column - 1,
        "highlight_end_offset": max(end, range.start.column - 1),
    }
