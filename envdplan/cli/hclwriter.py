"""Writes HCL: python-hcl2 formats it."""

import json
from collections.abc import Iterator, Mapping

from envdplan.values import Value


def block_text(type: str, label: str, attributes: Mapping[str, Value]) -> Iterator[str]:
    """The lines of a block with these attributes; null ones are left out."""
    import hcl2

    builder = hcl2.Builder()
    given = {name: _literal(value) for name, value in attributes.items() if value is not None}
    builder.block(type, [_literal(label)], **given)
    text: str = hcl2.dumps(builder.build())  # type: ignore[no-untyped-call]  # no stub
    yield from text.rstrip().splitlines()


def _literal(value: Value) -> Value:
    """A string in quotes, with what would be a template taken at its word."""
    if not isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False).replace("${", "$${").replace("%{", "%%{")
