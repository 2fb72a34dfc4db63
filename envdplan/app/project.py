"""Finds and reads the files of a project."""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from envdplan.app.bakefiles import looked_up, named_files, read_bake
from envdplan.app.sources import read_source
from envdplan.app.workflow import Project
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.source import SourceFile
from envdplan.language.configuration.modules import Texts

if TYPE_CHECKING:
    from envdplan.modules.installed import Installed

_CONFIGURATION: Final = (".envdplan.hcl", ".envdplan.yaml", ".envdplan.yml")
_NAMED: Final = frozenset({"envdplan.hcl", "envdplan.yaml", "envdplan.yml"})
_LANGUAGES: Final = (".hcl", ".yaml", ".yml")
_VALUES: Final = ("envdplan.vars.hcl", "envdplan.vars.yaml", "envdplan.vars.yml")
_AUTO: Final = (".auto.vars.hcl", ".auto.vars.yaml", ".auto.vars.yml")


def read_project(
    directory: Path,
    environment: Mapping[str, str],
    *,
    variable_files: Iterable[Path] = (),
    flags: Iterable[str] = (),
    may_be_empty: bool = False,
    bake: Sequence[Path] = (),
    overrides: Sequence[str] = (),
) -> Project:
    """The project in `directory`. Raises EnvdplanError when there is none, or it is unreadable.

    Where it `may_be_empty`, a directory without a configuration is a project without blocks. Files
    of `bake` make it a project in bake's language, as do such files where there is nothing else.
    """
    names = _names(directory)
    configuration = _configuration(names)
    foreign = bake or (() if configuration else named_files((), environment) or looked_up(names))
    given = tuple(_flag(one) for one in flags)
    if foreign:
        _refuse_values(variable_files)
        return _in_bakes_language(directory, foreign, environment, overrides, given)
    if overrides:
        raise EnvdplanError(
            "--set is for bake files only",
            "It overrides attributes of bake's targets, and this is a configuration of "
            "envdplan. Use variables and --var.",
        )
    if not configuration and not may_be_empty:
        raise _nothing(directory)
    project = without_configuration(
        directory, environment, variable_files=variable_files, flags=flags
    )
    return replace(project, files=tuple(read_source(directory / one) for one in configuration))


def without_configuration(
    directory: Path,
    environment: Mapping[str, str],
    *,
    variable_files: Iterable[Path] = (),
    flags: Iterable[str] = (),
) -> Project:
    """Only what is given for a configuration that is known already. Raises EnvdplanError."""
    values = _value_files(_names(directory))
    return Project(
        files=(),
        directory=str(directory),
        variable_files=tuple(
            _values_file(one) for one in (*(directory / one for one in values), *variable_files)
        ),
        flags=tuple(_flag(one) for one in flags),
        environment=environment,
        modules=Modules(directory),
    )


def _values_file(path: Path) -> SourceFile:
    """Raises EnvdplanError, also for a name that does not say in which language it is."""
    if not path.name.endswith(_LANGUAGES):
        raise EnvdplanError(
            "Not a file of values",
            f"{path}: values of variables stand in files called *.hcl, *.yaml or *.yml.",
        )
    return read_source(path)


def _nothing(directory: Path) -> EnvdplanError:
    return EnvdplanError(
        "No configuration found",
        f"{directory} has no envdplan.hcl, *.envdplan.hcl, envdplan.yaml or *.envdplan.yaml, and "
        "no file of docker buildx bake or Compose. Go to the directory of the project, or name it "
        "with -C DIR.",
    )


def _value_files(names: Iterable[str]) -> list[str]:
    """The weakest first."""
    there = list(names)
    automatic = [one for one in there if one.endswith(_AUTO)]
    return [*(one for one in _VALUES if one in there), *automatic]


def _refuse_values(files: Iterable[Path]) -> None:
    for file in files:
        raise EnvdplanError(
            "--var-file does not work with bake files",
            f"Variables of bake files get their values from the environment and from --var, and "
            f"not from files such as {file.name}.",
        )


def _in_bakes_language(
    directory: Path,
    files: Sequence[Path],
    environment: Mapping[str, str],
    overrides: Sequence[str],
    variables: Sequence[tuple[str, str]],
) -> Project:
    dialect = read_bake(directory, files, environment, overrides, variables)
    return Project((), str(directory), environment=environment, dialect=dialect)


@dataclass(slots=True)
class Modules:
    """Reads the modules that a project calls, as they are installed."""

    project: Path
    _installed: "Installed | None" = None

    def __call__(self, source: str, directory: str) -> Texts:
        """The files of a module, called by a file in `directory`. Raises EnvdplanError."""
        from envdplan.modules.installed import Installed
        from envdplan.modules.source import is_fetched, parse

        self._installed = self._installed or Installed(self.project)
        place = self._installed.find(parse(source), Path(directory))
        return Texts(str(place), read_configuration(place), is_fetched(source))


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
        "Module has no configuration",
        f"{folder} has no envdplan.hcl, *.envdplan.hcl, envdplan.yaml or *.envdplan.yaml."
        f"{hint if inside else ''}",
    )


def _configuration(names: Iterable[str]) -> list[str]:
    return [one for one in names if one in _NAMED or one.endswith(_CONFIGURATION)]


def _names(directory: Path) -> list[str]:
    try:
        return sorted(entry.name for entry in os.scandir(directory) if entry.is_file())
    except OSError as error:
        reason = error.strerror or str(error)
        raise EnvdplanError("Cannot read the directory", f"{directory}: {reason}.") from error


def _flag(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise EnvdplanError("Invalid --var", f'"{name}" is not NAME=VALUE.')
    return name, value
