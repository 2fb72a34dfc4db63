"""Which files of a folder are no part of a build's source: .dockerignore and its kin."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from envdplan.diagnostics import EnvdplanError
from envdplan.files.inside import read_inside
from envdplan.files.patterns import Patterns, compiled

HIDDEN: Final = ("**/.envdplan",)
"""Never a part of any source: the state of envdplan itself."""

NAME: Final = ".dockerignore"


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
                "There is no such ignore file",
                f"ignore_file: {place.root}{place.path} is no file. Without it other files would "
                "be sent to the builder than you mean.",
            )
    return None


def read_ignore(places: Iterable[Place]) -> Patterns:
    """The patterns of `ignore_file`, and of what is hidden in any case. Raises EnvdplanError."""
    content = ignore_file(places)
    if content is None:
        return compiled(HIDDEN)
    return parse_ignore(content.decode("utf-8-sig", "surrogateescape"))


def parse_ignore(text: str) -> Patterns:
    """Lines of patterns; comments start with # at the very beginning of a line.

    Lines end where moby/patternmatcher/ignorefile ends them: at newlines, and nowhere else.
    """
    lines = [line.removesuffix("\r") for line in text.split("\n")]
    return compiled([*(line for line in lines if not line.startswith("#")), *HIDDEN])
