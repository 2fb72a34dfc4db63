"""Which files of a folder are no part of a build's source: .dockerignore and its kin."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from envdplan.clients.buildkit.tree.inside import read_inside
from envdplan.clients.buildkit.tree.patterns import Patterns, compiled
from envdplan.ground.diagnostics import EnvdplanError

OWN: Final = ".envdplan"
"""The folder of envdplan itself, with its state."""

HIDDEN: Final = (f"**/{OWN}",)
"""Never a part of any source."""

NAME: Final = ".dockerignore"
_SIGNS: Final = re.compile(r"([\\*?\[\]!])")
"""What means more than itself in a pattern."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where patterns of ignored files may stand.

    Links are resolved inside of `root`, since the builder is sent nothing from elsewhere.
    """

    root: str
    path: str
    required: bool = False
    """Somebody named this very file: that it is not there is an error."""


def named(path: str) -> Place:
    """A file that the configuration names, anywhere on this machine."""
    return Place("/", path.lstrip("/"), required=True)


def ignore_file(places: Iterable[Place]) -> bytes | None:
    """The first of `places` that exists: the one decision for the plan and for the builder.

    Raises EnvdplanError when it cannot be read, or has to be there and is not.
    """
    for place in places:
        content = read_inside(place.root, place.path)
        if content is not None:
            return content
        if place.required:
            raise EnvdplanError(
                "Ignore file not found",
                f"ignore_file: {place.root}{place.path} is not a file. Without it the builder "
                "would get files that you want to leave out.",
            )
    return None


def literal(paths: Iterable[str]) -> tuple[str, ...]:
    """Patterns that match `paths`, whatever signs they have in them."""
    return tuple(_SIGNS.sub(r"\\\1", one) for one in paths)


def folders_above(paths: Iterable[str]) -> frozenset[str]:
    """The folders that `paths` lie in."""
    above = (str(folder) for one in paths for folder in PurePosixPath(one).parents)
    return frozenset(above) - {"."}


def read_ignore(places: Iterable[Place], results: Iterable[str] = ()) -> Patterns:
    """The patterns of `ignore_file`, those for `results`, and of what is hidden in any case.

    Raises EnvdplanError.
    """
    content = ignore_file(places)
    if content is None:
        return compiled((*literal(results), *HIDDEN))
    return parse_ignore(content.decode("utf-8-sig", "surrogateescape"), literal(results))


def parse_ignore(text: str, more: Iterable[str] = ()) -> Patterns:
    """Lines of patterns; comments start with # at the very beginning of a line.

    Lines end where moby/patternmatcher/ignorefile ends them: at newlines, and nowhere else.
    """
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return compiled([*(line for line in lines if not line.startswith("#")), *more, *HIDDEN])
