"""Values of a target's attributes as what bake takes them for; strings where strings belong."""

from collections.abc import Mapping
from typing import Final

from envdplan.dialects.bake import placed
from envdplan.dialects.bake.entries import READERS
from envdplan.dialects.bake.fields import FIELDS, Kind
from envdplan.dialects.bake.placed import Content, Placed
from envdplan.ground.source import SourceRange
from envdplan.ground.values import Value
from envdplan.language.evaluation.problems import ConversionError, EvaluationError, failure
from envdplan.language.syntax.document import Expression
from envdplan.language.types.conversion import to_bool, to_string


def decode(name: str, value: Value, expression: Expression) -> Content | None:
    """The content of one attribute; None when it is null. Raises EvaluationError."""
    if value is None:
        return None
    match FIELDS[name].kind:
        case Kind.TEXT | Kind.FLAG | Kind.OTHER as kind:
            return Placed(_converted(kind, Placed(value, expression.range), name), expression.range)
        case Kind.MAP:
            return _map(name, value, expression)
        case Kind.LIST:
            listed = _list(name, value, expression)
            return tuple(Placed(_converted(Kind.TEXT, one, name), one.range) for one in listed)
        case Kind.ENTRIES:
            return entries(name, _list(name, value, expression))


def entries(name: str, items: placed.Items) -> placed.Items:
    """Entries of caches and the like. Raises EvaluationError."""
    found: list[Placed] = []
    for one in items:
        if one.value in ("", None):
            continue
        try:
            found.extend(Placed(made, one.range) for made in READERS[name](one.value))
        except ValueError as error:
            detail = f'This is not an entry for "{name}": {error}.'
            raise failure("Invalid entry", detail, one.range) from None
    return tuple(found)


def _map(name: str, value: Value, expression: Expression) -> Content:
    if not isinstance(value, Mapping):
        raise wrong(name, "an object of names and strings", expression.range)
    found = placed.entries(value, expression)
    if name == "contexts" and any(one.value is None for one in found.values()):
        raise wrong(name, "an object of names and strings without null", expression.range)
    return {
        key: Placed(None if one.value is None else _converted(Kind.TEXT, one, name), one.range)
        for key, one in found.items()
    }


def _list(name: str, value: Value, expression: Expression) -> placed.Items:
    if not isinstance(value, tuple):
        raise wrong(name, "a list", expression.range)
    return placed.items(value, expression)


_CONVERTERS: Final = {Kind.TEXT: to_string, Kind.FLAG: to_bool}


def _converted(kind: Kind, one: Placed, name: str) -> Value:
    convert = _CONVERTERS.get(kind)
    try:
        return one.value if convert is None else convert(one.value)
    except ConversionError as error:
        detail = f'For "{name}", {error.message}.'
        raise failure("Wrong type", detail, one.range) from None


def wrong(name: str, wanted: str, range: SourceRange) -> EvaluationError:
    """The complaint that an attribute holds something else."""
    return failure("Wrong type", f'"{name}" must be {wanted}.', range)


def shown(name: str, content: Content | None) -> Value:
    """What a reference such as `target.app.tags` gives; the reverse of `decode`."""
    if content is None:
        return () if FIELDS[name].kind is Kind.ENTRIES else "" if name == "description" else None
    if isinstance(content, Placed):
        return content.value
    if isinstance(content, Mapping):
        return {key: one.value for key, one in sorted(content.items())}
    return tuple(_entry(name, one.value) for one in content)


def _entry(name: str, value: Value) -> Value:
    if not isinstance(value, Mapping):
        return value
    more = {"dest": ""} if name == "output" else {}
    return dict(sorted({**more, **value}.items()))
