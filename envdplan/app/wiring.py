"""The composition root: makes stores, views and the edge for one run of the command."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Final

from envdplan import __version__
from envdplan.ground.attributes import Hidden
from envdplan.ground.diagnostics import EnvdplanError, Rejected
from envdplan.ground.silence import Silence
from envdplan.ground.values import Value
from envdplan.views import VIEWS
from envdplan.views.base import View

if TYPE_CHECKING:
    from envdplan.app.edge import Edge
    from envdplan.app.workflow import Loaded, Project
    from envdplan.clients.envd.store import ContextStore
    from envdplan.clients.git.repository import Repositories
    from envdplan.core.state.recorded import State
    from envdplan.language.configuration.config import Settings
    from envdplan.store.local import LocalStore
    from envdplan.store.parsed import ParsedFiles

STATE: Final = Path(".envdplan", "state.json")
CACHE: Final = Path(".envdplan", "cache")
_WIDTH: Final = 100


@dataclass
class Session:
    """Where the command works and how it speaks. Slow parts are imported when asked for."""

    directory: Path = field(default_factory=Path.cwd)
    color: bool = True
    json: bool = False
    bake_files: tuple[Path, ...] = ()
    """-f: files of bake and Compose instead of those of envdplan."""
    overrides: tuple[str, ...] = ()
    """--set: overrides of bake's targets."""
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ), repr=False)
    silence: Silence = field(default_factory=Silence)
    """Hosts that did not answer in this run."""

    @cached_property
    def view(self) -> View:
        """How it speaks."""
        tty = sys.stdout.isatty() and self.environment.get("TERM") != "dumb"
        return VIEWS["json" if self.json else "human"](
            sys.stdout,
            sys.stderr,
            _hidden,
            color=tty and self.color and not self.environment.get("NO_COLOR"),
            tty=tty,
            width=_width() if tty else _WIDTH,
        )

    def tell(self, error: EnvdplanError) -> None:
        """What ended the command, or a part of it."""
        if isinstance(error, Rejected):
            self.view.diagnostics(error.diagnostics)
        else:
            self.view.error(error)

    def project(
        self,
        files: list[Path] | None = None,
        flags: list[str] | None = None,
        *,
        may_be_empty: bool = False,
    ) -> "Project":
        """The configuration's texts, and the values given from outside."""
        from envdplan.app.project import read_project

        here = [one.absolute() for one in files or ()]
        project = read_project(
            self.directory,
            self.environment,
            variable_files=here,
            flags=flags or (),
            may_be_empty=may_be_empty,
            bake=self.bake_files,
            overrides=self.overrides,
        )
        return self._equipped(project)

    def given(self, files: list[Path] | None, flags: list[str] | None) -> "Project":
        """The values given from outside, for the configuration of a saved plan."""
        from envdplan.app.project import without_configuration

        here = [one.absolute() for one in files or ()]
        project = without_configuration(
            self.directory, self.environment, variable_files=here, flags=flags or ()
        )
        return self._equipped(project)

    def _equipped(self, project: "Project") -> "Project":
        return replace(project, decode=self._parsed_files().decode, repository=self._repository)

    def _repository(self, directory: str) -> Mapping[str, Value]:
        """What git says, asked once for each repository. Raises FunctionError."""
        from envdplan.clients.git.repository import NoAnswer
        from envdplan.language.evaluation.problems import FunctionError

        try:
            return self._repositories.about(directory)
        except NoAnswer as error:
            raise FunctionError(str(error)) from None

    @cached_property
    def _repositories(self) -> "Repositories":
        from envdplan.clients.git.repository import Repositories

        return Repositories(self.environment)

    def _parsed_files(self) -> "ParsedFiles":
        from envdplan.store.parsed import ParsedFiles, key_file

        scheme = f"{__version__} {sys.version_info.major}.{sys.version_info.minor}"
        return ParsedFiles(self.directory / CACHE, key_file(self.environment), scheme)

    def load(self, project: "Project", *, look: bool = True) -> "Loaded":
        """The configuration, evaluated and checked. Its warnings are told."""
        loaded = self.evaluated(project, look=look)
        self.view.diagnostics(loaded.warnings)
        return loaded

    def evaluated(self, project: "Project", *, look: bool = True) -> "Loaded":
        """The configuration, evaluated and checked. Raises Rejected.

        Where it must not `look`, what images in registries are is not known.
        """
        from envdplan.app.catalog import CATALOG
        from envdplan.app.workflow import load
        from envdplan.language.functions import FUNCTIONS
        from envdplan.resources.builds.dataimages import Images

        if look:
            project = replace(project, image=Images(self.environment, self.silence))
        return load(project, CATALOG, FUNCTIONS, __version__)

    def settings(self) -> "Settings":
        """Where things are kept, for commands that need no more of the configuration."""
        from envdplan.app.workflow import load_settings

        return load_settings(self.project(), __version__)

    def state_store(self, settings: "Settings") -> "LocalStore":
        """The state of the project."""
        from envdplan.store.local import LocalStore

        return LocalStore(Path(settings.state) if settings.state else self.directory / STATE)

    def context_store(self, path: str | None = None) -> "ContextStore":
        """envd's contexts: where the configuration says, else where envd keeps them."""
        from envdplan.clients.envd.store import ContextStore, default_path

        return ContextStore(Path(path) if path else default_path(self.environment))

    @contextmanager
    def edge(self, settings: "Settings", store: "LocalStore", state: "State") -> "Iterator[Edge]":
        """What reads and writes the world."""
        from envdplan.app.edge import Edge
        from envdplan.resources.builders.base import Surroundings

        made = Edge(
            self.context_store(settings.context_store),
            store,
            Surroundings(self.environment, state.lineage, fresh=not state.records),
            self.environment,
            store.path.parent,
            self.directory,
            self.silence,
        )
        try:
            yield made
        finally:
            made.close()


def _hidden(where: Hidden) -> frozenset[str]:
    from envdplan.app.catalog import CATALOG

    return CATALOG.hidden(where)


def _width() -> int:
    import shutil

    return shutil.get_terminal_size((_WIDTH, 24)).columns
