"""Holds attributes against their schema; jsonschema judges, the words are ours.

jsonschema is imported only when the quick check has doubts: a project without mistakes, that is
most of the runs, need not wait for it.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from envdplan.ground.attributes import JsonSchema
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.schema import conforms
from envdplan.ground.values import (
    AttributePath,
    Attributes,
    Reference,
    SetValue,
    Unknown,
    Value,
    is_sensitive,
    reveal,
    walk,
)
from envdplan.language.configuration import metaarguments
from envdplan.language.configuration.config import ResourceConfig
from envdplan.language.configuration.refusals import meant
from envdplan.language.evaluation.problems import suggestion

_NOUNS: Final = {
    "string": "a string",
    "boolean": "true or false",
    "integer": "a whole number",
    "number": "a number",
    "array": "a list",
    "object": "an object",
    "null": "null",
}
_QUOTED = 60


@dataclass(frozen=True, slots=True)
class _Mistake:
    """One complaint of jsonschema, in plain types."""

    keyword: str
    wanted: Value
    """What the keyword says."""
    given: Value
    schema: JsonSchema
    path: AttributePath
    message: str


def check(config: ResourceConfig, given: Attributes) -> Diagnostics:
    """What is wrong with the attributes that were `given`, by the schema of their type."""
    diagnostics = Diagnostics()
    schema = config.type.schema
    present = {name: value for name, value in given.items() if value is not None}
    for name in config.type.computed:
        if name in present:
            diagnostics.error(
                "Computed attribute",
                f'"{name}" is computed by envdplan and cannot be set. Remove it.',
                config.place(name),
                str(config.address),
            )
    if not conforms(present, schema):
        _ask(config, present, diagnostics)
    return diagnostics


def check_together(config: ResourceConfig) -> Diagnostics:
    """What the type itself has to say about attributes that are right one by one."""
    diagnostics = Diagnostics()
    for path, summary, detail in config.type.problems(config.attributes):
        diagnostics.error(summary, detail, config.place(*path), str(config.address))
    return diagnostics


def _ask(config: ResourceConfig, given: Attributes, diagnostics: Diagnostics) -> None:
    mistakes = list(_mistakes(reveal(given), config.type.schema))
    misspelt = {path for one in mistakes for path in _misspelt(one)}
    for mistake in mistakes:
        secret = is_sensitive(_at(given, mistake.path))
        for place, summary, detail in _words(mistake, misspelt, secret=secret):
            diagnostics.error(summary, detail, config.place(*place), str(config.address))


def _mistakes(value: Value, schema: JsonSchema) -> Iterator[_Mistake]:
    from jsonschema import Draft202012Validator, validators

    types = Draft202012Validator.TYPE_CHECKER.redefine_many(
        {
            "array": lambda _, one: isinstance(one, tuple | list),
            "number": lambda _, one: _is_number(one),
            "integer": lambda _, one: type(one) is int,
        }
    )
    extend: Callable[..., Value] = validators.extend
    validator = extend(Draft202012Validator, type_checker=types)(dict(schema))
    found = sorted(validator.iter_errors(value), key=lambda error: list(map(str, error.path)))
    plain = (
        _Mistake(
            str(error.validator),
            error.validator_value,
            error.instance,
            error.schema if isinstance(error.schema, Mapping) else {},
            tuple(error.absolute_path),
            error.message,
        )
        for error in chain.from_iterable(map(_alternatives, found))
    )
    return (mistake for mistake in plain if not _excused(mistake))


def _alternatives(error: Any) -> Iterator[Any]:
    """What is wrong with the one alternative of its type, rather than that none fits."""
    branches: dict[object, list[Any]] = {}
    for one in error.context if error.validator == "anyOf" else ():
        branches.setdefault(one.schema_path[0], []).append(one)
    fitting = [b for b in branches.values() if not any(_is_of_type(one, error) for one in b)]
    yield from fitting[0] if len(fitting) == 1 else (error,)


def _is_of_type(one: Any, error: Any) -> bool:
    return bool(one.validator == "type" and one.absolute_path == error.absolute_path)


def _is_number(value: Value) -> bool:
    from decimal import Decimal

    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _excused(error: _Mistake) -> bool:
    """What is known after apply is checked then; a whole resource where one may stand is fine."""
    instance = error.given
    if isinstance(instance, Reference):
        return bool(error.schema.get("x-reference"))
    collection = error.keyword in ("required", "additionalProperties", "minItems", "type")
    return any(isinstance(part, Unknown) for _, part in walk(instance)) and (
        isinstance(instance, Unknown) or not collection
    )


def _at(value: Value, path: AttributePath) -> Value:
    for step in path:
        if is_sensitive(value) and not isinstance(value, dict | tuple):
            return value
        value = value[step]
    return value


def _misspelt(error: _Mistake) -> Iterator[AttributePath]:
    """What unknown names were meant to be: nobody has to miss it as well."""
    if error.keyword == "additionalProperties":
        known = error.schema.get("properties", {})
        for name in error.given:
            if name not in known and (other := meant(str(name), known)) is not None:
                yield (*error.path, other)


def _words(
    error: _Mistake, misspelt: Collection[AttributePath], *, secret: bool
) -> Iterator[tuple[AttributePath, str, str]]:
    """Place, summary and detail; one keyword may stand for several mistakes."""
    path = error.path
    name = _dotted(path)
    match error.keyword:
        case "additionalProperties":
            yield from _unknown(error)
        case "required":
            yield from _missing(error, misspelt)
        case "type":
            wanted = _nouns(error.wanted)
            given = _kind(error.given)
            hint = " Put it into brackets: [ ... ]." if wanted == "a list" else ""
            yield path, "Wrong type", f'"{name}" must be {wanted}, but it is {given}.{hint}'
        case "enum" | "const":
            yield path, "Value not allowed", _choice(error, name, secret=secret)
        case _:
            yield path, "Value not allowed", _limit(error, name, secret=secret)


def _unknown(
    error: _Mistake,
) -> Iterator[tuple[AttributePath, str, str]]:
    path = error.path
    known = [n for n, s in error.schema.get("properties", {}).items() if not s.get("readOnly")]
    known += [] if path else sorted(metaarguments.NAMES)
    inside = f' inside "{_dotted(path)}"' if path else ""
    for name in error.given:
        if name not in error.schema.get("properties", {}):
            near = meant(str(name), known)
            hint = f' Did you mean "{near}"?' if near else f" There are: {', '.join(known)}."
            detail = f'There is no attribute "{name}"{inside}.{hint}'
            yield (*path, name), "Unknown attribute", detail


def _missing(
    error: _Mistake, misspelt: Collection[AttributePath]
) -> Iterator[tuple[AttributePath, str, str]]:
    path = error.path
    for name in error.wanted:
        absent = name not in error.given and f"'{name}'" in error.message
        if absent and (*path, name) not in misspelt:
            about = error.schema.get("properties", {}).get(name, {}).get("description", "")
            meaning = f" ({about})" if about else ""
            detail = f'"{_dotted((*path, name))}" must be set{meaning}.'
            yield path, "Missing attribute", detail


def _nouns(types: str | list[str]) -> str:
    names = [types] if isinstance(types, str) else [one for one in types if one != "null"]
    return " or ".join(_NOUNS[one] for one in names)


def _kind(value: Value) -> str:
    if isinstance(value, Reference):
        return f"the whole of {value.address}"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    names: dict[type, str] = {
        str: "a string",
        dict: "an object",
        tuple: "a list",
        SetValue: "a set",
    }
    return names.get(type(value), "a number")


def _choice(error: _Mistake, name: str, *, secret: bool) -> str:
    wanted = error.wanted
    choices = [str(one) for one in (wanted if isinstance(wanted, list | tuple) else [wanted])]
    given = "" if secret else f", but it is {_shown(error.given)}"
    hint = suggestion(error.given, choices) if isinstance(error.given, str) else ""
    return f'"{name}" must be one of {", ".join(choices)}{given}.{hint}'


def _limit(error: _Mistake, name: str, *, secret: bool) -> str:
    """Patterns, bounds and alternatives: the schema's own description says what is right."""
    about = error.schema.get("description", "")
    given = "" if secret else f" {_shown(error.given)}"
    meaning = f" It must be: {about}." if about else ""
    return f'"{name}" cannot be{given}.{meaning}'


def _shown(value: Value) -> str:
    if isinstance(value, Reference):
        return f"the whole of {value.address}"
    if isinstance(value, str):
        text = value if len(value) <= _QUOTED else f"{value[:_QUOTED]}..."
        return f'"{text}"'
    if isinstance(value, bool | int):
        return str(value).lower()
    return "this value"


def _dotted(path: AttributePath) -> str:
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text
