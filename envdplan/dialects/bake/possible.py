"""Which targets of a whole file have to be builds, and which may be left out.

What bake builds when nobody says what must be possible. Of the other targets nobody has asked for
one yet: those that cannot be builds (such as `call = "check"`) do not stand in the way of the rest.
Where nothing is called default, everything is built; what cannot be beside the others, since it has
the same tag, is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from envdplan.dialects.bake import groups as grouping
from envdplan.dialects.bake.claims import rivals
from envdplan.dialects.bake.links import linked
from envdplan.dialects.bake.resolution import Resolution
from envdplan.ground.diagnostics import Diagnostics, Severity
from envdplan.language.syntax.document import Block

DEFAULT: Final = "default"


@dataclass(slots=True)
class Possible:
    """Judges targets one by one; mistakes of what may be left out become warnings."""

    resolution: Resolution
    diagnostics: Diagnostics
    tolerant: bool
    """Whether the targets were not asked for by name."""
    _needed: frozenset[str] = field(init=False)
    _left_out: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._needed = needed(self.resolution) if self.tolerant else frozenset()

    def judge(self, name: str, found: Diagnostics) -> None:
        """Take what was found wrong with a target."""
        if not self.tolerant or name in self._needed or not found.has_errors:
            self.diagnostics.extend(found, f"build.{name}")
            return
        self._left_out.add(name)
        for one in found:
            if one.severity is Severity.ERROR:
                detail = f'The target "{name}" is left out. {one.detail}'
                self.diagnostics.warn(one.summary, detail, one.range)

    def left_out(self, made: Mapping[str, Block]) -> frozenset[str]:
        """All that are left out: those that take such a one as a context are, too."""
        if self.tolerant and not self._needed:
            self._judge_together({n: b for n, b in made.items() if n not in self._left_out})
        more = True
        while more:
            more = any(self._follows(name) for name in self.resolution.targets)
        return frozenset(self._left_out)

    def _judge_together(self, made: Mapping[str, Block]) -> None:
        found = rivals(made, self._needed, self.resolution)
        if found:
            self._left_out.update(found)
            told = "; ".join(f"{name} ({what})" for name, what in found.items())
            detail = (
                "Each tag, written cache and output path belongs to one build, so these "
                f"targets are left out: {told}."
            )
            self.diagnostics.warn("Targets left out", detail, made[next(iter(found))].range)

    def _follows(self, name: str) -> bool:
        if name in self._left_out:
            return False
        for link in linked(self.resolution.targets[name]):
            if link.value in self._left_out:
                self._left_out.add(name)
                detail = f'The target "{name}" is left out, because {link.value} is.'
                self.diagnostics.warn("Context left out", detail, link.range)
                return True
        return False


def needed(resolution: Resolution) -> frozenset[str]:
    """The targets of `default`, and those that they are linked to."""
    groups, targets = resolution.groups, resolution.targets
    first = [DEFAULT] if DEFAULT in targets else []
    if DEFAULT in groups:
        first = [one.value for one in grouping.members(DEFAULT, groups)[0]]
    found: dict[str, None] = dict.fromkeys(first)
    waiting = list(found)
    while waiting:
        for link in linked(targets[waiting.pop()]):
            if link.value not in found:
                found[link.value] = None
                waiting.append(link.value)
    return frozenset(found)
