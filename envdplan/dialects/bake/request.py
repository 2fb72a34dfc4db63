"""What bake files are read from: texts, and what is given on the command line and around it."""

import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from envdplan.ground.source import SourceFile, SourceRange
from envdplan.ground.values import AttributePath, Value
from envdplan.language.evaluation.context import Context, Names

_ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64", "armv7l": "arm/v7"}


def local_platform() -> str:
    """The platform of this machine as BuildKit calls it, such as linux/amd64."""
    machine = platform.machine()
    return f"linux/{_ARCHITECTURES.get(machine, machine)}"


@dataclass(frozen=True, slots=True)
class Request:
    """Everything that decides what bake files mean."""

    files: tuple[SourceFile, ...]
    """HCL and JSON files; later ones override."""
    directory: str
    """Absolute; where relative paths start, as they do at the current directory of bake."""
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    overrides: tuple[str, ...] = ()
    """--set TARGET.KEY=VALUE in the order given."""
    variables: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """--var NAME=VALUE in the order given; stronger than the environment."""
    targets: tuple[str, ...] = ()
    """Targets, groups and patterns that are wanted, with what they need; all when empty."""
    compose: Mapping[str, Value] | None = field(default=None, repr=False)
    """`{"target": {NAME: {...}}, "group": {NAME: {...}}}` of Compose files: the first body."""
    compose_places: Mapping[tuple[str, AttributePath], SourceRange] = field(
        default_factory=dict, repr=False
    )
    """Where its values stand, by the name of the target and the path in there."""
    compose_file: SourceFile | None = None
    """Where problems with `compose` point to that have no place."""
    base: Context = field(default_factory=lambda: Context(Names(), {}), repr=False, compare=False)
    """What functions may know of the run, such as its moment; names and functions are bake's."""
    local_platform: str = field(default_factory=local_platform)

    def given(self, name: str) -> str | None:
        """The text for a variable from outside, or None."""
        return dict(self.variables).get(name, self.environment.get(name))
