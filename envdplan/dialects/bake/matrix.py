"""Matrix targets: one block, a target for each combination of values, each with its own name."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import product
from math import prod
from typing import Final

from envdplan.ground.source import SourceRange
from envdplan.ground.values import Value
from envdplan.language.evaluation.context import Context
from envdplan.language.evaluation.expressions import evaluate
from envdplan.language.evaluation.instances import Inner
from envdplan.language.evaluation.problems import ConversionError, failure
from envdplan.language.syntax.document import Attribute, Block
from envdplan.language.types.conversion import to_string

_MOST: Final = 10_000
_NAME: Final = re.compile(r"[a-zA-Z0-9_-]+")


def instances(block: Block, context: Context) -> Iterator[tuple[str, Context]]:
    """Name and context of every target of a block. Raises EvaluationError.

    bake takes the axes in the random order of a Go map; here they go by name, the last one
    changing fastest.
    """
    matrix, name = (block.body.attributes.get(one) for one in ("matrix", "name"))
    check_name(block.labels[0], block.range)
    if matrix is None:
        if name is not None:
            detail = "Only targets with a matrix take a name; the label names all others."
            raise failure("Name without a matrix", detail, name.range)
        yield block.labels[0], context
        return
    seen: set[str] = set()
    for axes in _combinations(matrix, context):
        inner = replace(context, scope=Inner(axes, context.scope)) if axes else context
        made = block.labels[0] if name is None else _name(name, inner)
        if made in seen:
            detail = f'Two combinations of this matrix are called "{made}"; give each a name.'
            raise failure("Duplicate name", detail, (name or matrix).range)
        seen.add(made)
        yield made, inner


def check_name(name: str, range: SourceRange) -> None:
    """Raises EvaluationError for what cannot be the name of a target or group."""
    if _NAME.fullmatch(name) is None:
        detail = (
            f'"{name}" cannot be a name: names are made of letters, digits, underscores and '
            "hyphens. sanitize() makes one of any string."
        )
        raise failure("Invalid name", detail, range)


def _combinations(matrix: Attribute, context: Context) -> Iterator[Mapping[str, Value]]:
    range = matrix.expression.range
    value = evaluate(matrix.expression, context)
    if not isinstance(value, Mapping):
        raise failure("Wrong type", "A matrix is an object of lists.", range)
    axes = {name: _axis(one, range) for name, one in sorted(value.items())}
    if prod(map(len, axes.values())) > _MOST:
        detail = f"A matrix makes at most {_MOST} targets; this one would make more."
        raise failure("Matrix too large", detail, range)
    for chosen in product(*axes.values()):
        yield dict(zip(axes, chosen, strict=True))


def _axis(value: Value, range: SourceRange) -> tuple[Value, ...]:
    if isinstance(value, Mapping):
        return tuple(value.values())
    if isinstance(value, tuple):
        return tuple(value)
    raise failure("Wrong type", "The values of a matrix are lists.", range)


def _name(attribute: Attribute, context: Context) -> str:
    range = attribute.expression.range
    try:
        made = to_string(evaluate(attribute.expression, context))
    except ConversionError as error:
        raise failure("Wrong type", f"For the name, {error.message}.", range) from None
    check_name(made, range)
    return made
