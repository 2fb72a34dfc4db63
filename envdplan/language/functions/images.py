"""Functions that look into registries."""

from typing import Final

from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.values import UNKNOWN, Unknown, Value
from envdplan.language.evaluation.context import Context, Function
from envdplan.language.evaluation.problems import FunctionError


def _digest(context: Context, ref: str) -> Value:
    try:
        found = context.image(ref)
    except EnvdplanError as error:
        reason = error.detail.rstrip(".") or error.summary
        raise FunctionError(f"{error.summary}: {reason}", 0) from None
    return UNKNOWN if isinstance(found, Unknown) else found["digest"]


FUNCTIONS: Final = (
    Function(
        "digest(ref: string) -> string",
        "The digest that the registry has for an image; each is asked once.",
        'length(digest("python:3.12-slim"))',
        "71",
        _digest,
        in_context=True,
        pure=False,
    ),
)
