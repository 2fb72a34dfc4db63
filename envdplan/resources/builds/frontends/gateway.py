"""`frontend` and `syntax`: images that read the source, run by BuildKit's gateway."""

from collections.abc import Iterator, Mapping
from typing import Final

from envdplan.ground.schema import Problem
from envdplan.ground.values import Attributes

BUILTIN: Final = "dockerfile.v0"
_GATEWAY: Final = "gateway.v0"
_ARGUMENT: Final = "BUILDKIT_SYNTAX"


def problems(attributes: Attributes) -> Iterator[Problem]:
    """More than one that could read the source."""
    if attributes.get("frontend") is not None and attributes.get("syntax") is not None:
        detail = (
            "frontend and syntax exclude each other: syntax names an image that reads Dockerfiles, "
            "frontend one that reads anything. Remove one of the two."
        )
        yield ("syntax",), "Ambiguous frontend", detail
    args = attributes.get("args")
    if not isinstance(args, Mapping) or _ARGUMENT not in args:
        return
    for name in ("frontend", "syntax"):
        if attributes.get(name) is not None:
            detail = f"The argument {_ARGUMENT} names a frontend too: remove it, or {name}."
            yield (name,), "Ambiguous frontend", detail


def solver(plain: Attributes) -> tuple[str, dict[str, str]]:
    """BuildKit's name of the frontend, and the attributes that say which image it is.

    As in buildx, `cmdline` is all of a syntax, the image only its first word. With it a frontend
    does not follow the `# syntax=` of the Dockerfile.
    """
    chosen = str(plain.get("syntax") or plain.get("frontend") or "").strip()
    if not chosen:
        return BUILTIN, {}
    return _GATEWAY, {"source": chosen.split()[0], "cmdline": chosen}
