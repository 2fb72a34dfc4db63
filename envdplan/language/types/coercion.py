"""Values as a schema wants them: `2` for a string, `"2"` for a number, absolute paths."""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

from envdplan.ground.attributes import JsonSchema
from envdplan.ground.values import Sensitive, Value
from envdplan.language.evaluation.problems import ConversionError
from envdplan.language.types.conversion import to_bool, to_number, to_string

_EMPTY: Final[JsonSchema] = {}
_PEM: Final = "-----BEGIN"
"""A certificate or key itself, where the path of one could stand."""


def coerce(value: Value, schema: JsonSchema, directory: str) -> Value:
    """`value` converted where Terraform would convert it too; what does not fit stays as it is.

    Relative paths (x-path) become absolute, starting at `directory`.
    """
    if isinstance(value, Sensitive):
        return Sensitive(coerce(value.value, schema, directory))
    if isinstance(value, dict):
        return _object(value, schema, directory)
    if isinstance(value, tuple):
        items = schema.get("items", _EMPTY)
        return tuple([coerce(item, items, directory) for item in value])
    fitting = _primitive(value, schema)
    pattern = schema.get("x-path")
    if not pattern or not isinstance(fitting, str) or fitting.startswith(_PEM):
        return fitting
    if isinstance(pattern, str):
        return _with_absolute_parts(fitting, pattern, directory)
    return absolute(fitting, directory)


def _with_absolute_parts(text: str, pattern: str, directory: str) -> str:
    """`text` with every first group of `pattern` as an absolute path."""
    import re

    def replaced(match: "re.Match[str]") -> str:
        start, end = (at - match.start() for at in match.span(1))
        return match[0][:start] + absolute(match[1], directory) + match[0][end:]

    return re.sub(pattern, replaced, text)


def absolute(path: str, directory: str) -> str:
    """`path` as seen from `directory`; `~` is the home of the user."""
    import os

    # pathlib would keep "a/../b"; symlinks are for the one who opens it
    return os.path.normpath(Path(directory) / Path(path).expanduser())


def _object(value: Mapping[str, Value], schema: JsonSchema, directory: str) -> Value:
    known = schema.get("properties", _EMPTY)
    other = schema.get("additionalProperties")
    rest = other if isinstance(other, Mapping) else _EMPTY
    return {name: coerce(item, known.get(name, rest), directory) for name, item in value.items()}


def _primitive(value: Value, schema: JsonSchema) -> Value:
    wanted = schema.get("type")
    if not isinstance(wanted, str) or wanted not in _CONVERSIONS:
        return value
    if not isinstance(value, str | bool | int | Decimal):
        return value
    try:
        return _CONVERSIONS[wanted](value)
    except ConversionError:
        return value  # the schema check words the complaint


_CONVERSIONS: Final = {
    "string": to_string,
    "boolean": to_bool,
    "integer": to_number,
    "number": to_number,
}
