"""Writes docs/reference.md: every attribute and function, from their tables."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from envdplan.addresses import Kind
from envdplan.cli.catalog import CATALOG
from envdplan.config.functions import FUNCTIONS
from envdplan.views.values_text import value_text

PATH = Path(__file__).parents[1] / "docs" / "reference.md"


def text() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Reference"
    yield ""
    yield "Written by `python scripts/write_reference.py` from the schemas and functions; a test"
    yield "holds it current. What blocks mean together is in [language.md](language.md)."
    for kind in Kind:
        for name in CATALOG.names(kind):
            title = f'`builder` of type "{name}"' if kind is Kind.BUILDER else f"`{kind.value}`"
            yield f"\n## {title}\n"
            yield from _table(CATALOG.types[kind, name].schema)
    yield "\n## Functions\n"
    yield "| function | | example |"
    yield "|---|---|---|"
    for function in FUNCTIONS.values():
        example = f"`{function.example}` is `{function.result}`"
        cells = (f"`{function.signature}`", function.description, example)
        yield f"| {' | '.join(map(_cell, cells))} |"


def _table(schema: Mapping[str, Any]) -> Iterator[str]:
    yield "| attribute | type | default | |"
    yield "|---|---|---|---|"
    required = schema.get("required", ())
    for name, one in sorted(schema["properties"].items()):
        default = f"`{value_text(one['default'])}`" if "default" in one else ""
        notes = [str(one.get("description", ""))]
        notes += ["required"] * (name in required) + ["computed"] * bool(one.get("readOnly"))
        notes += ["a change replaces it"] * bool(one.get("x-forces-replacement"))
        cells = (f"`{name}`", _type(one), default, "; ".join(filter(None, notes)))
        yield f"| {' | '.join(map(_cell, cells))} |"
        yield from _inner(name, one)


def _inner(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    items = schema.get("items", {}) if schema.get("type") == "array" else schema
    for inner, one in items.get("properties", {}).items():
        cells = (f"`{name}.{inner}`", _type(one), "", str(one.get("description", "")))
        yield f"| {' | '.join(map(_cell, cells))} |"


def _type(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    kind = schema.get("type", "string or object")
    if isinstance(kind, list | tuple):
        return " or ".join(one for one in kind if one != "null")
    if kind == "array":
        return f"list of {_type(schema.get('items', {'type': 'any'}))}"
    if kind == "object" and isinstance(schema.get("additionalProperties"), Mapping):
        return f"map of {_type(schema['additionalProperties'])}"
    return str(kind)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    PATH.write_text(text())
