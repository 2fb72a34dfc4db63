"""Functions that look into registries."""

from typing import Final

from envdplan.config.context import Context, Function
from envdplan.config.problems import FunctionError
from envdplan.diagnostics import EnvdplanError
from envdplan.values import UNKNOWN, Unknown, Value


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
