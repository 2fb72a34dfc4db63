"""Reads one file of text."""

import errno
import os
from pathlib import Path
from typing import Final

from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.reading import read_named
from envdplan.ground.source import SourceFile

_LARGEST: Final = 32 * 1024 * 1024
"""Bytes; a file of text that is larger is not meant."""


def read_source(path: Path) -> SourceFile:
    """One file of text. Raises EnvdplanError."""
    try:
        text = read_named(path, _LARGEST).decode("utf-8-sig")
    except OSError as error:
        if error.errno == errno.EFBIG:
            raise EnvdplanError(
                "File too large", f"{path} has more than {_LARGEST} bytes."
            ) from None
        reason = error.strerror or str(error)
        raise EnvdplanError("Cannot read a file", f"{path}: {reason}.") from error
    except UnicodeDecodeError as error:
        raise EnvdplanError(
            "Not a text file",
            f"{path} is not UTF-8: byte {error.start} cannot be read. Save it as UTF-8.",
        ) from error
    return SourceFile(_shown(path), text, str(path.parent.absolute()))


def _shown(path: Path) -> str:
    """The path as seen from where the user is, when that is shorter."""
    try:
        relative = os.path.relpath(path)
    except (OSError, ValueError):
        return str(path)
    return relative if len(relative) < len(str(path)) else str(path)
