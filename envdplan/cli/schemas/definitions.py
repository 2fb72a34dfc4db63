"""What a schema says several times gets one place in `$defs`: less text, and one name."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from envdplan.cli.schemas.common import Schema

_STRUCTURE: Final = frozenset({"properties", "items", "anyOf", "additionalProperties"})
"""Keywords, which are no names of anything."""
_WORTH: Final = 400
"""Characters of a part that is worth a name."""


def with_definitions(schema: Schema) -> Schema:
    """An equal schema in which parts that stand several times are named after where they stand."""
    seen = Counter(text for _, text in _parts("", schema))
    often = {text for text, count in seen.items() if count > 1 and len(text) > _WORTH}
    naming = _Naming(often)
    body = {name: naming.made(name, one) for name, one in schema.items() if name != "$defs"}
    return {**body, "$defs": {**schema.get("$defs", {}), **naming.definitions}}


def _parts(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Every schema in `value` with the name that it has, and its text."""
    if isinstance(value, dict):
        yield name, json.dumps(value, sort_keys=True)
        for key, inner in value.items():
            yield from _parts(key, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _parts(name, inner)


@dataclass(slots=True)
class _Naming:
    often: set[str]
    definitions: dict[str, Any] = field(default_factory=dict)
    _names: dict[str, str] = field(default_factory=dict)

    def made(self, name: str, value: Any) -> Any:
        """`value` with references for the parts that have names."""
        if isinstance(value, list):
            return [self.made(name, one) for one in value]
        if not isinstance(value, dict):
            return value
        text = json.dumps(value, sort_keys=True)
        if text not in self.often or name in _STRUCTURE:
            return {key: self.made(key, one) for key, one in value.items()}
        if text not in self._names:
            self._names[text] = self._free(name)
            inner = {key: self.made(key, one) for key, one in value.items()}
            self.definitions[self._names[text]] = inner
        return {"$ref": f"#/$defs/{self._names[text]}"}

    def _free(self, name: str) -> str:
        taken = {*self._names.values(), "template"}
        number = 2
        free = name
        while free in taken:
            free, number = f"{name}{number}", number + 1
        return free
