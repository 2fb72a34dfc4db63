"""Writes docs/reference.md: every block, attribute and function, from their tables."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from envdplan.app.catalog import CATALOG
from envdplan.cli.schemas.blocks import shared
from envdplan.cli.schemas.configuration import configuration
from envdplan.ground.addresses import Kind
from envdplan.language.functions import FUNCTIONS
from envdplan.views.values_text import value_text

_BLOCKS = (
    "envdplan", "variable", "locals", "output", "module", "data", "check", "group", "template",
    "function", "import", "moved", "removed",
)  # fmt: skip

PATH = Path(__file__).parents[1] / "docs" / "reference.md"


def text() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Reference"
    yield ""
    yield "Written by `python scripts/write_reference.py` from the schemas and functions; a test"
    yield "holds it current. What blocks mean together is in [language.md](language.md), and which"
    yield "addresses and names are written [bare](language.md#bare-addresses), in YAML too."
    for kind in Kind:
        for name in CATALOG.names(kind):
            yield f"\n## {_title(kind, name)}\n"
            yield from _table(CATALOG.types[kind, name].schema)
    yield "\n## All of `builder`, `context` and `build`\n"
    yield from _table({"properties": shared()})
    for name in _BLOCKS:
        yield from _block(name, configuration()["properties"][name])
    yield "\n## Functions\n"
    yield "| function | | example |"
    yield "|---|---|---|"
    for function in FUNCTIONS.values():
        example = f"`{function.example}` is `{function.result}`"
        cells = (f"`{function.signature}`", function.description, example)
        yield f"| {' | '.join(map(_cell, cells))} |"


def _title(kind: Kind, name: str) -> str:
    if kind is Kind.BUILDER:
        return f'`builder` of type "{name}"'
    return f"`{kind.value}`" if name != "envd" else f"`{kind.value}` with `from` (envd)"


def _block(name: str, schema: Mapping[str, Any]) -> Iterator[str]:
    if name == "data":
        name, schema = 'data "image"', schema["properties"]["image"]
    one = _single(schema.get("additionalProperties") or schema)
    yield f"\n## `{name}`\n"
    if "description" in one:
        yield f"{one['description']}."
    if "description" in one and "properties" in one:
        yield ""
    if "properties" in one:
        yield from _table(one)


def _single(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """What may be one or a list of them: one."""
    return schema["anyOf"][0] if "anyOf" in schema else schema


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
    items = _single(schema.get("items", {}) if schema.get("type") == "array" else schema)
    for inner, one in items.get("properties", {}).items():
        cells = (f"`{name}.{inner}`", _type(one), "", str(one.get("description", "")))
        yield f"| {' | '.join(map(_cell, cells))} |"


def _type(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"])
    if "anyOf" in schema and "type" not in schema:
        return " or ".join(dict.fromkeys(map(_type, schema["anyOf"])))
    if "const" in schema:
        return f"`{schema['const']}`"
    kind = schema.get("type", "any")
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
