"""What `envdplan init` tells of each module; light, as every view knows it."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """What became of a module, or, for `fetching`, is about to."""

    LOCAL = "local"
    FETCHING = "fetching"
    INSTALLED = "installed"
    UPGRADED = "upgraded"
    UNCHANGED = "unchanged"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class ModuleEvent:
    """One step with one module. Commits are those of git repositories."""

    outcome: Outcome
    source: str
    address: str | None = None
    """Which module block: module.a, module.a.module.b; none for what nobody needs any more."""
    checksum: str | None = None
    commit: str | None = None
    former_commit: str | None = None
