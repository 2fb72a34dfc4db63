"""Which files of a folder are no part of a build's source: .dockerignore and its kin."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from envdplan.diagnostics import EnvdplanError
from envdplan.files.patterns import Patterns, compiled

HIDDEN: Final = ("**/.envdplan",)
"""Never a part of any source: the state of envdplan itself."""


def read_ignore(paths: Iterable[str]) -> Patterns:
    """The patterns of the first of `paths` that exists, and of what is hidden in any case.

    Raises EnvdplanError when it cannot be read.
    """
    for path in paths:
        try:
            text = Path(path).read_text("utf-8-sig", "surrogateescape")
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise EnvdplanError("Cannot read a file", f"{path}: {error.strerror}.") from error
        return parse_ignore(text)
    return compiled(HIDDEN)


def parse_ignore(text: str) -> Patterns:
    """Lines of patterns; comments start with # at the very beginning of a line."""
    lines = text.splitlines()
    return compiled([*(line for line in lines if not line.startswith("#")), *HIDDEN])
