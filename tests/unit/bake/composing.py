"""Helpers for tests about compose files that are written inline."""

from collections.abc import Mapping
from textwrap import dedent
from typing import Any

from envdplan.dialects.compose.target_files import Composed, read
from envdplan.ground.diagnostics import Diagnostic, Severity
from envdplan.ground.source import SourceFile


def compose(
    *texts: str,
    environment: Mapping[str, str] | None = None,
    dotenv: str | None = None,
    others: Mapping[str, str] | None = None,
) -> tuple[Composed, list[Diagnostic]]:
    """What the texts say, as files 1.yaml, 2.yaml and so on; `others` are files beside them."""
    files = [SourceFile(f"{i}.yaml", dedent(text)) for i, text in enumerate(texts, 1)]
    beside = {name: SourceFile(name, text) for name, text in (others or {}).items()}
    env = None if dotenv is None else SourceFile(".env", dotenv)
    composed, problems = read(files, environment or {}, env, beside.get)
    return composed, list(problems)


def targets(*texts: str, **more: Any) -> Mapping[str, Any]:
    """The targets of texts without mistakes."""
    composed, problems = compose(*texts, **more)
    assert [one.detail for one in problems if one.severity is Severity.ERROR] == []
    return composed.body["target"]


def mistakes(*texts: str, **more: Any) -> list[str]:
    """What is wrong, each with its place."""
    _, problems = compose(*texts, **more)
    return [f"{one.range}: {one.detail}" for one in problems]
