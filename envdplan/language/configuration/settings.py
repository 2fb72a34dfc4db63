"""The `envdplan` block: what holds for the whole project."""

import operator as operators
import sys
from typing import Final

from envdplan.ground.diagnostics import Diagnostics
from envdplan.language.configuration.config import Declarations, Declared, Settings
from envdplan.language.configuration.refusals import refuse_unknown
from envdplan.language.evaluation.context import Context
from envdplan.language.evaluation.expressions import EvaluationError, evaluate
from envdplan.language.types.coercion import absolute

_NAMES: Final = ("required_version", "context_store", "state")
_COMPARISONS: Final = {
    ">=": operators.ge,
    "<=": operators.le,
    ">": operators.gt,
    "<": operators.lt,
    "=": operators.eq,
    "!=": operators.ne,
}
_PATHS: Final = frozenset({"context_store", "state"})


def settings(declared: Declarations, base: Context, version: str) -> tuple[Settings, Diagnostics]:
    """The settings; relative paths start at the file that states them.

    They are needed before any variable is known, so they can only be constants.
    """
    diagnostics = Diagnostics()
    found: dict[str, str] = {}
    for block in declared.settings[:1]:
        refuse_unknown("The envdplan block", block.body, _NAMES, diagnostics)
        for name in _NAMES:
            value = _text(block, name, base, diagnostics)
            if value is not None:
                found[name] = value
        if "required_version" in found:
            _check_version(block, found["required_version"], version, diagnostics)
    return Settings(**found), diagnostics


def _text(block: Declared, name: str, base: Context, diagnostics: Diagnostics) -> str | None:
    attribute = block.body.attributes.get(name)
    if attribute is None:
        return None
    try:
        value = evaluate(attribute.expression, base)
    except EvaluationError as error:
        diagnostics.extend([error.diagnostic])
        return None
    if not isinstance(value, str) or not value:
        detail = f'"{name}" must be a string that holds no variables.'
        diagnostics.error("Wrong type", detail, attribute.expression.range)
        return None
    if name not in _PATHS:
        return value
    if "://" in value:
        diagnostics.error("Not a path", _not_a_path(name, value), attribute.expression.range)
        return None
    return absolute(value, attribute.range.file.directory)


def _not_a_path(name: str, value: str) -> str:
    scheme = value.partition("://")[0]
    what = "The state is kept" if name == "state" else "envd's contexts are kept"
    return (
        f'"{name}" is the path of a file, and "{value}" is an address. {what} in a file; '
        f"envdplan cannot store anything at {scheme}://. Name a file; it can be on a shared "
        "disk."
    )


def _check_version(block: Declared, wanted: str, version: str, diagnostics: Diagnostics) -> None:
    place = block.body.attributes["required_version"].expression.range
    try:
        fits = all(_fits(one, version) for one in wanted.split(","))
    except ValueError:
        detail = f'"{wanted}" is not a version constraint; write for example ">= 0.1, < 2".'
        diagnostics.error("Invalid version constraint", detail, place)
        return
    if not fits:
        detail = f"This project wants envdplan {wanted}, but this is {version}."
        diagnostics.error("Unsupported envdplan version", detail, place)


def _fits(constraint: str, version: str) -> bool:
    import re

    match = re.fullmatch(r"\s*(>=|<=|>|<|=|!=|~>)?\s*v?(\d{1,9}(?:\.\d{1,9}){0,2})\s*", constraint)
    if match is None:
        raise ValueError(constraint)
    operator, text = match.groups()
    parts = [int(part) for part in text.split(".")]
    wanted, given = _padded(parts), _padded(_numbers(version))
    if operator == "~>":  # the last part given may grow
        upper = [*parts[:-2], parts[-2] + 1] if len(parts) > 1 else [sys.maxsize]
        return wanted <= given < _padded(upper)
    return bool(_COMPARISONS[operator or "="](given, wanted))


def _numbers(version: str) -> list[int]:
    import re

    return [int(part) for part in re.findall(r"\d+", version)[:3]]


def _padded(parts: list[int]) -> tuple[int, ...]:
    return tuple([*parts, 0, 0, 0][:3])
