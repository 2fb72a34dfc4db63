"""Finds and reads the files of `docker buildx bake`: a directory that has them is a project.

Lookup and order are bake's own (buildx 0.29.1): each of these that exists is read, in this order;
Compose files come first in any case.
"""

import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from envdplan.app.sources import read_source
from envdplan.ground.diagnostics import Diagnostics, EnvdplanError
from envdplan.ground.reading import is_file
from envdplan.ground.source import SourceFile

if TYPE_CHECKING:
    from envdplan.language.evaluation.context import Context
    from envdplan.language.syntax.document import Document

LOOKUP: Final = (
    "compose.yaml",
    "compose.yml",
    "docker-compose.yml",
    "docker-compose.yaml",
    "docker-bake.json",
    "docker-bake.hcl",
    "docker-bake.override.json",
    "docker-bake.override.hcl",
)
_STDIN: Final = "-"
_YAML: Final = (".yaml", ".yml")
_BAKE: Final = (".hcl", ".json")
_SERVICES: Final = re.compile(r"^(services|include)\s*:", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class BakeFiles:
    """The texts of a project in bake's language. Calling it gives them as a Document of ours."""

    files: tuple[SourceFile, ...]
    compose: tuple[SourceFile, ...]
    directory: str
    """Absolute: where all relative paths start."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    dotenv: SourceFile | None = None
    overrides: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def __call__(self, base: "Context") -> "tuple[Document, Diagnostics]":
        """The builds and groups that they mean, and what is wrong with them."""
        from envdplan.dialects.bake import Request
        from envdplan.dialects.bake.joined import read

        request = Request(
            files=self.files,
            directory=self.directory,
            environment=self.environment,
            overrides=self.overrides,
            variables=self.variables,
            base=base,
        )
        return read(request, self.compose, self.dotenv, self._opened)

    def _opened(self, path: str) -> SourceFile | None:
        """A file that a Compose file names; None when there is none."""
        found = Path(self.directory, path)
        return read_source(found) if is_file(found) else None


def named_files(given: Sequence[Path], environment: Mapping[str, str]) -> tuple[Path, ...]:
    """The files of -f, else those of BUILDX_BAKE_FILE."""
    if given:
        return tuple(given)
    separator = environment.get("BUILDX_BAKE_PATH_SEPARATOR") or os.pathsep
    listed = environment.get("BUILDX_BAKE_FILE", "")
    return tuple(Path(one) for one in listed.split(separator) if one)


def looked_up(names: Iterable[str]) -> tuple[Path, ...]:
    """Those of bake's own files that are there."""
    there = set(names)
    return tuple(Path(one) for one in LOOKUP if one in there)


def read_bake(
    directory: Path,
    paths: Iterable[Path],
    environment: Mapping[str, str],
    overrides: Iterable[str] = (),
    variables: Iterable[tuple[str, str]] = (),
) -> BakeFiles:
    """The texts behind `paths`. Raises EnvdplanError when one cannot be read."""
    files = [_source(directory, path) for path in paths]
    compose = tuple(one for one in files if _is_compose(one))
    dotenv = directory / ".env"
    return BakeFiles(
        files=tuple(one for one in files if one not in compose),
        compose=compose,
        directory=str(directory),
        environment=environment,
        dotenv=read_source(dotenv) if compose and is_file(dotenv) else None,
        overrides=tuple(overrides),
        variables=tuple(variables),
    )


def _source(directory: Path, path: Path) -> SourceFile:
    if str(path) == _STDIN:
        return SourceFile("<stdin>", sys.stdin.read(), str(directory))
    if path.name.removesuffix(path.suffix).endswith("envdplan"):
        raise EnvdplanError(
            "Not a bake file",
            f"-f is for files of docker buildx bake and Compose, and {path} is a configuration of "
            "envdplan. All of these in a directory are read; choose the directory with -C.",
        )
    return read_source(directory / path)


def _is_compose(file: SourceFile) -> bool:
    if file.name.endswith(_YAML):
        return True
    return not file.name.endswith(_BAKE) and _SERVICES.search(file.text) is not None
