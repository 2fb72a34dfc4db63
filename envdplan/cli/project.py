"""Finds and reads the files of a project."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from envdplan.config.modules import Texts
from envdplan.diagnostics import EnvdplanError
from envdplan.source import SourceFile
from envdplan.workflow import Project

if TYPE_CHECKING:
    from envdplan.modules.installed import Installed

_CONFIGURATION: Final = (".envdplan.hcl", ".envdplan.yaml", ".envdplan.yml")
_NAMED: Final = frozenset({"envdplan.hcl", "envdplan.yaml", "envdplan.yml"})
_VALUES: Final = ("envdplan.vars.hcl", "envdplan.vars.yaml", "envdplan.vars.yml")
_AUTO: Final = (".auto.vars.hcl", ".auto.vars.yaml", ".auto.vars.yml")
_LARGEST: Final = 32 * 1024 * 1024
"""Bytes; a file of text that is larger is not meant."""


def read_project(
    directory: Path,
    environment: Mapping[str, str],
    *,
    variable_files: Iterable[Path] = (),
    flags: Iterable[str] = (),
    may_be_empty: bool = False,
) -> Project:
    """The project in `directory`. Raises EnvdplanError when there is none, or it is unreadable.

    Where it `may_be_empty`, a directory without a configuration is a project without blocks.
    """
    names = _names(directory)
    configuration = _configuration(names)
    if not configuration and not may_be_empty:
        raise EnvdplanError(
            "There is no configuration here",
            f"{directory} has no envdplan.hcl, *.envdplan.hcl, envdplan.yaml or *.envdplan.yaml. "
            "Go to the directory of the project, or name it with -C DIR.",
        )
    values: list[str] = [one for one in _VALUES if one in names]
    values += [one for one in names if one.endswith(_AUTO)]
    return Project(
        files=tuple(read_source(directory / one) for one in configuration),
        directory=str(directory),
        variable_files=(
            *(read_source(directory / one) for one in values),
            *(read_source(one) for one in variable_files),
        ),
        flags=tuple(_flag(one) for one in flags),
        environment=environment,
        modules=Modules(directory),
    )


@dataclass(slots=True)
class Modules:
    """Reads the modules that a project calls, as they are installed."""

    project: Path
    _installed: "Installed | None" = None

    def __call__(self, source: str, directory: str) -> Texts:
        """The files of a module, called by a file in `directory`. Raises EnvdplanError."""
        from envdplan.modules.installed import Installed
        from envdplan.modules.source import parse

        self._installed = self._installed or Installed(self.project)
        place = self._installed.find(parse(source), Path(directory))
        return Texts(str(place), read_configuration(place))


def read_configuration(folder: Path) -> tuple[SourceFile, ...]:
    """The files of a module. Raises EnvdplanError when there are none."""
    found = _configuration(_names(folder))
    if not found:
        raise _empty(folder)
    return tuple(read_source(folder / one) for one in found)


def _empty(folder: Path) -> EnvdplanError:
    from envdplan.modules.installed import folders

    inside = ", ".join(folders(folder)[:10])
    hint = f" It has the folders {inside}; to mean one, name it: //FOLDER in what is fetched."
    return EnvdplanError(
        "A module without a configuration",
        f"{folder} has no envdplan.hcl, *.envdplan.hcl, envdplan.yaml or *.envdplan.yaml."
        f"{hint if inside else ''}",
    )


def _configuration(names: Iterable[str]) -> list[str]:
    return [one for one in names if one in _NAMED or one.endswith(_CONFIGURATION)]


def read_source(path: Path) -> SourceFile:
    """One file of text. Raises EnvdplanError."""
    try:
        if path.stat().st_size > _LARGEST:
            raise EnvdplanError("File too large", f"{path} has more than {_LARGEST} bytes.")
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        reason = error.strerror or str(error)
        raise EnvdplanError("Cannot read a file", f"{path}: {reason}.") from error
    except UnicodeDecodeError as error:
        raise EnvdplanError(
            "Not a text file",
            f"{path} is not UTF-8: byte {error.start} cannot be read. Save it as UTF-8.",
        ) from error
    return SourceFile(_shown(path), text, str(path.parent.absolute()))


def _names(directory: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(directory) if entry.is_file())
    except OSError as error:
        reason = error.strerror or str(error)
        raise EnvdplanError("Cannot read the directory", f"{directory}: {reason}.") from error


def _shown(path: Path) -> str:
    """The path as seen from where the user is, when that is shorter."""
    try:
        relative = os.path.relpath(path)
    except (OSError, ValueError):
        return str(path)
    return relative if len(relative) < len(str(path)) else str(path)


def _flag(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise EnvdplanError("Bad --var", f'"{name}" is not NAME=VALUE.')
    return name, value
