"""Writes docs/attributes.md: the rules of every attribute, from where they are declared."""

import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from envdplan.app.catalog import CATALOG
from envdplan.ground.attributes import Attribute

PATH = Path(__file__).parents[1] / "docs" / "attributes.md"
_VALUES = ("about", "schema", "parts")
"""These are in the reference."""


def text() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Rules of attributes"
    yield ""
    yield "For those who change envdplan. Written by `python scripts/write_attributes.py` from"
    yield "the attributes as they are declared; a test holds it current, so that no rule comes or"
    yield "goes unseen. What each rule means is said in `envdplan/ground/attributes.py`, what"
    yield "attributes mean for users in the [reference](reference.md). An attribute that no line"
    yield "names has the usual rules: it is compared, and changed in place."
    for (kind, name), type in CATALOG.types.items():
        yield f"\n## {kind.value} ({name})\n"
        rules: defaultdict[str, list[str]] = defaultdict(list)
        _collect(rules, "", {**type.attributes, **type.internal})
        for rule in sorted(rules):
            yield f"- {rule}: {', '.join(f'`{one}`' for one in rules[rule])}"


def _collect(rules: dict[str, list[str]], prefix: str, attributes: Mapping[str, Attribute]) -> None:
    for name, one in attributes.items():
        for field in fields(Attribute):
            value = getattr(one, field.name)
            if field.name not in _VALUES and value not in (field.default, None):
                rules[_worded(field.name, value)].append(f"{prefix}{name}")
        _collect(rules, f"{prefix}{name}.", one.parts)


def _worded(rule: str, value: object) -> str:
    if value is True:
        return rule
    if isinstance(value, Enum):
        return f"{rule} {value.name}"
    if is_dataclass(value):
        given = ", ".join(f"{getattr(value, one.name)!r}" for one in fields(value))
        return f"{rule} {type(value).__name__}({given})"
    return f"{rule} {value!r}"


if __name__ == "__main__":
    PATH.write_text(text())
