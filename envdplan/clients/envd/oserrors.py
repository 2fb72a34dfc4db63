"""The operating system's errors on envd's files, as errors that say what to do."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.files_on_disk import telling

_ADVICE = {
    errno.ENOSPC: "The disk is full: free some space and try again.",
    errno.EDQUOT: "Your disk quota is used up: free some space and try again.",
    errno.EROFS: "The file system is read-only: choose another HOME or remount it.",
    errno.EACCES: "Permission is denied: check who owns the file and its directories.",
    errno.EPERM: "Permission is denied: check who owns the file and its directories.",
    errno.ELOOP: "It is, or leads through, a symbolic link that cannot be followed.",
    errno.ENOTDIR: "A part of the path is not a directory.",
    errno.EISDIR: "It is a directory, and a file was expected.",
}


@contextmanager
def translated(path: Path, verb: str) -> Iterator[None]:
    """Turn an OSError inside into an EnvdplanError: could not `verb` the file `path`."""

    def told(error: OSError) -> EnvdplanError:
        why = error.strerror or type(error).__name__
        advice = _ADVICE.get(error.errno or 0, "")
        return EnvdplanError(
            f"Could not {verb} envd's context store",
            f"{path}: {why}. {advice}".rstrip() + " Nothing was changed.",
        )

    with telling(told):
        yield
