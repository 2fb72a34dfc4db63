"""`data` blocks: what others made, looked at while planning."""

from collections.abc import Callable
from typing import Final, TypeAlias

from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.values import UNKNOWN, Unknown, Value
from envdplan.language.configuration.config import Declared
from envdplan.language.evaluation.problems import failure, suggestion
from envdplan.language.syntax.document import Expression
from envdplan.language.types.marks import lift, marked_if

_NAMES: Final = ("ref",)
_SECRET: Final = "The reference is sensitive, so it is not shown here."  # noqa: S105  a text

AskImage: TypeAlias = Callable[[str], Value]
"""From an image's reference to `{ref, digest, pinned, platforms, created}`; UNKNOWN where nobody
may be asked. Raises EnvdplanError when there is none, or no clear answer."""


def read_data(block: Declared, value: Callable[[Expression], Value], ask: AskImage) -> Value:
    """What a data block gives. Raises EvaluationError."""
    for name, attribute in block.body.attributes.items():
        if name not in _NAMES:
            hint = suggestion(name, _NAMES) or f" It has: {', '.join(_NAMES)}."
            detail = f'Data of an image has no attribute "{name}".{hint}'
            raise failure("Unknown attribute", detail, attribute.name_range)
    for nested in block.body.blocks:
        detail = f'Data of an image has no block "{nested.type}".'
        raise failure("Unknown block type", detail, nested.range)
    stated = block.body.attributes.get("ref")
    if stated is None:
        detail = 'Data of an image needs its ref, such as ref = "python:3.12-slim".'
        raise failure("Missing attribute", detail, block.range)
    ref, sensitive = lift(value(stated.expression))
    try:
        return marked_if(_image(ref, stated.expression, ask), sensitive)
    except EnvdplanError as error:
        detail = _SECRET if sensitive else error.detail
        raise failure(error.summary, detail, stated.expression.range, sensitive=sensitive) from None


def _image(ref: Value, expression: Expression, ask: AskImage) -> Value:
    if isinstance(ref, Unknown):
        return UNKNOWN
    if not isinstance(ref, str):
        detail = "ref is the reference of an image: a string such as python:3.12-slim."
        raise failure("Wrong type", detail, expression.range)
    return ask(ref)
