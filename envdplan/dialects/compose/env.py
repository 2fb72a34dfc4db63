"""The variables of a project, and those of a service, from which arguments take their values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from envdplan.dialects.compose import dotenv
from envdplan.dialects.compose.paths import local
from envdplan.dialects.compose.tree import Branch, Scalar
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceFile

Open: TypeAlias = Callable[[str], SourceFile | None]
"""A file by its path, relative to the working directory; None when there is none."""

PROJECT_NAME: Final = "COMPOSE_PROJECT_NAME"
_DEFAULT_NAME: Final = "bake"


def project(
    environment: Mapping[str, str], file: SourceFile | None, diagnostics: Diagnostics
) -> dict[str, str]:
    """The variables of .env and of the environment, which is stronger."""
    found: dict[str, str] = {}
    if file is not None:
        found, problems = dotenv.parse(file, environment.get)
        diagnostics.extend(problems)
    variables = {**found, **environment}
    variables[PROJECT_NAME] = variables.get(PROJECT_NAME) or _DEFAULT_NAME
    return variables


@dataclass(frozen=True, slots=True)
class ServiceEnvironment:
    """The variables of one service: its `environment`, over those of its `env_file`s."""

    service: Branch
    project: Mapping[str, str]
    open: Open
    diagnostics: Diagnostics

    def variables(self) -> dict[str, str]:
        """All variables that have values."""
        own = self._own()
        found: dict[str, str] = {}
        for entry in self.service.row("env_file"):
            file = self._file(entry) if isinstance(entry, Branch) else None
            if file is not None:
                found, problems = dotenv.parse(file, lambda n: self._outer(n, own), found)
                self.diagnostics.extend(problems)
        hidden = self._names() - set(own)
        visible = {name: value for name, value in found.items() if name not in hidden}
        return {**self.project, **visible, **own}

    def _names(self) -> set[str]:
        """All names in `environment`; those without any value hide what files say."""
        environment = self.service.branch("environment")
        return set(environment.items) if environment else set()

    def _own(self) -> dict[str, str]:
        environment = self.service.branch("environment")
        items = environment.items if environment else {}
        values = {n: tree.value for n, tree in items.items() if isinstance(tree, Scalar)}
        resolved = {n: self.project.get(n) if v is None else str(v) for n, v in values.items()}
        return {name: value for name, value in resolved.items() if value is not None}

    def _outer(self, name: str, own: Mapping[str, str]) -> str | None:
        return self.project.get(name, own.get(name))

    def _file(self, entry: Branch) -> SourceFile | None:
        path = local(entry.text("path"), self.project.get("HOME", "~"))
        file = self.open(path)
        required = entry.get("required")
        if file is None and isinstance(required, Scalar) and required.value:
            detail = (
                f"There is no file {path}. Arguments take their values from it; paths in env_file "
                "start in the working directory. Write required: false where it may be missing."
            )
            self.diagnostics.error("Missing file", detail, entry.items["path"].place)
        return file
