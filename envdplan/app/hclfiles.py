"""Which files `envdplan fmt` is asked to format."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from envdplan.ground.diagnostics import EnvdplanError
from envdplan.language.evaluation.problems import suggestion

_NAMED: Final = "envdplan.hcl"
_SUFFIXES: Final = (".envdplan.hcl", ".vars.hcl")
_YAML: Final = (".yaml", ".yml")


def hcl_files(path: Path, *, recursive: bool) -> Iterator[Path]:
    """A file that was named, or envdplan's own files in a directory. Raises EnvdplanError.

    In a directory other tools' HCL is left alone; a file that is named may have any name in .hcl.
    """
    mode = _mode(path)
    if stat.S_ISDIR(mode):
        yield from _in_directory(path, recursive=recursive)
        return
    if path.name.endswith(_YAML):
        raise EnvdplanError(
            "YAML cannot be formatted",
            f"{path} is YAML, and fmt knows the canonical form of HCL only. Use a formatter of "
            "YAML, such as prettier or yamlfmt.",
        )
    if path.suffix != ".hcl" or not stat.S_ISREG(mode):
        raise EnvdplanError("Not an HCL file", f"fmt formats files in .hcl, and {path} is none.")
    yield path


def _mode(path: Path) -> int:
    try:
        return path.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        near = _near(path)
        raise EnvdplanError("File not found", f"{path} does not exist.{near}") from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise EnvdplanError("Cannot read a file", f"{path}: {reason}.") from error


def _near(path: Path) -> str:
    try:
        return suggestion(path.name, [one.name for one in path.parent.iterdir()])
    except OSError:
        return ""


def _in_directory(directory: Path, *, recursive: bool) -> Iterator[Path]:
    """Its files, then those below; links to directories are not followed, they may be circles."""
    try:
        with os.scandir(directory) as entries:
            found = sorted(entries, key=lambda one: one.name)
    except OSError as error:
        reason = error.strerror or str(error)
        raise EnvdplanError("Cannot read the directory", f"{directory}: {reason}.") from error
    for one in found:
        if one.is_file() and (one.name == _NAMED or one.name.endswith(_SUFFIXES)):
            yield directory / one.name
    for one in found:
        if recursive and one.is_dir(follow_symlinks=False) and not one.name.startswith("."):
            yield from _in_directory(directory / one.name, recursive=True)
