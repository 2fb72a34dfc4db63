"""Writes HCL: python-hcl2 makes the text, and our own formatter lays it out."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from envdplan.ground.values import Value
from envdplan.language.syntax.formatting import layout


def block_text(
    type: str,
    label: str,
    attributes: Mapping[str, Value],
    references: Mapping[str, str] | None = None,
) -> Iterator[str]:
    """The lines of a block with these attributes; null ones are left out.

    `references` are attributes whose value is an expression, such as builder.NAME.
    """
    import hcl2

    builder = hcl2.Builder()
    given = {name: _literal(value) for name, value in attributes.items() if value is not None}
    named = {name: f"${{{expression}}}" for name, expression in (references or {}).items()}
    values: dict[str, Any] = {**named, **given}
    builder.block(type, [_literal(label)], **values)
    text: str = hcl2.dumps(builder.build())  # type: ignore[no-untyped-call]  # no stub
    yield from layout(text).rstrip().splitlines()


def _literal(value: Value) -> Value:
    """A string in quotes, with what would be a template taken at its word."""
    if isinstance(value, Mapping):
        return {_key(name): _literal(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [_literal(one) for one in value]
    if isinstance(value, Decimal):
        return float(value)
    if not isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")


def _key(name: str) -> str:
    return name if name.isidentifier() else json.dumps(name, ensure_ascii=False)
