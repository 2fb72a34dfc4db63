"""Values of the language as text, in HCL's notation; secrets and unknown ones by a word."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from envdplan.ground.values import Reference, Sensitive, Unknown, Value
from envdplan.language.types.numbers import number_text
from envdplan.views.style import safe

_SHORT: Final = 72


def value_text(value: Value, indent: str = "") -> str:
    """One value; collections on several lines when they are long. `indent` is of the next ones."""
    short = _inline(value)
    if len(short) <= _SHORT or not isinstance(value, Mapping | tuple | list):
        return short
    return "\n".join(_lines(value, indent))


def _inline(value: Value) -> str:  # noqa: PLR0911  one case per type
    match value:
        case Unknown():
            return "(known after apply)"
        case Sensitive():
            return "(sensitive value)"
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            return safe(json.dumps(value, ensure_ascii=False))
        case Reference():
            return str(value)
        case int() | Decimal():
            return number_text(value)
        case Mapping():
            inner = ", ".join(f"{_key(key)} = {_inline(one)}" for key, one in value.items())
            return f"{{ {inner} }}" if inner else "{}"
        case tuple() | list():
            return f"[{', '.join(map(_inline, value))}]"
    return str(value)


def _lines(value: Value, indent: str) -> Iterator[str]:
    deeper = f"{indent}  "
    if isinstance(value, Mapping):
        yield "{"
        for key, one in value.items():
            yield f"{deeper}{_key(key)} = {value_text(one, deeper)}"
        yield f"{indent}}}"
    else:
        yield "["
        for one in value:
            yield f"{deeper}{value_text(one, deeper)},"
        yield f"{indent}]"


def _key(key: object) -> str:
    text = str(key)
    return text if text.isidentifier() else safe(json.dumps(text, ensure_ascii=False))
