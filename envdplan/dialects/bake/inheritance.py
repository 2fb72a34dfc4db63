"""Targets with what they inherit, override by override: what bake calls resolving."""

from dataclasses import dataclass, field

from envdplan.dialects.bake.fields import FIELDS, Contents, join, normalized
from envdplan.dialects.bake.overrides import Overrides, apply
from envdplan.dialects.bake.placed import Items, listed
from envdplan.dialects.bake.targets import Targets
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceRange
from envdplan.language.evaluation.expressions import EvaluationError
from envdplan.language.evaluation.problems import failure, suggestion


@dataclass(frozen=True, slots=True)
class Resolved:
    """A target with everything that counts for it."""

    name: str
    contents: Contents
    range: SourceRange
    """The header of its block."""


@dataclass(slots=True)
class Resolver:
    """Resolves targets one by one; each is resolved once."""

    targets: Targets
    diagnostics: Diagnostics
    overrides: Overrides = field(default_factory=dict)
    _own: dict[str, tuple[Contents, Items]] = field(default_factory=dict)
    _told: set[SourceRange] = field(default_factory=set)

    def resolve(self, name: str) -> Resolved:
        """The target called `name`, which exists. Raises EvaluationError."""
        contents = self._resolved(name, {}) or {}
        return Resolved(name, contents, self.targets.instances[name][0].range)

    @property
    def inherited(self) -> frozenset[str]:
        """All targets that others inherit from."""
        return frozenset(one.value for _, parents in self._own.values() for one in parents)

    def read_all(self) -> None:
        """Evaluate every attribute of every block; what is wrong is told once."""
        for name in self.targets.instances:
            self._own[name] = self._read(name)

    def _read(self, name: str) -> tuple[Contents, Items]:
        own: Contents = {}
        for instance in self.targets.instances[name]:
            for attribute in instance.block.body.attributes:
                if attribute in FIELDS:
                    try:
                        content = self.targets.content(instance, attribute)
                    except EvaluationError as error:
                        self.diagnostics.extend([error.diagnostic])
                        continue
                    if content is not None:
                        own = join(own, {attribute: content})
        parents = listed(own.pop("inherits", None))
        return own, parents

    def _resolved(self, name: str, visited: dict[str, Contents | None]) -> Contents | None:
        """As bake does it: parents from left to right, each with its overrides, own last.

        None for a target that is being resolved: bake lets targets inherit each other, and leaves
        out the way back.
        """
        if name in visited:
            return visited[name]
        visited[name] = None
        own, parents = self._own[name]
        contents: Contents = {}
        for parent in parents:
            self._check(parent.value, parent.range)
            inherited = self._resolved(parent.value, visited)
            if inherited is None:
                self._tell_cycle(name, parent.value, parent.range)
            contents = join(contents, inherited or {})
        contents = apply(join(contents, own), self.overrides.get(name, {}).values())
        visited[name] = normalized(contents)
        return visited[name]

    def _check(self, parent: str, range: SourceRange) -> None:
        if parent not in self.targets.instances:
            hint = suggestion(parent, self.targets.instances)
            detail = f'There is no target "{parent}" to inherit from.{hint}'
            raise failure("Unknown target", detail, range)

    def _tell_cycle(self, name: str, parent: str, range: SourceRange) -> None:
        if range not in self._told:
            self._told.add(range)
            detail = (
                f"{name} and {parent} inherit from each other. As in bake, the second reference "
                "is ignored; remove one of the two."
            )
            self.diagnostics.warn("Inheritance cycle", detail, range)
