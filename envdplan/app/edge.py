"""What reads and writes the world: one reader and one writer per kind, made when first needed.

A plan of contexts alone never imports what builds and builders need.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from envdplan.clients.envd.store import ContextStore
from envdplan.core.engine.protocols import Reader, StateStore, Writer
from envdplan.ground.addresses import Kind
from envdplan.ground.silence import Silence
from envdplan.resources.builders.base import Lifecycle, Surroundings

if TYPE_CHECKING:
    from envdplan.core.state.desired import DesiredState
    from envdplan.core.state.recorded import State
    from envdplan.resources.builders.provider import Lifecycles
    from envdplan.resources.builds.connections import Connections
    from envdplan.resources.builds.engines import Engines
    from envdplan.resources.builds.envdbuilds import EnvdBuilds
    from envdplan.resources.builds.reach import Reach
    from envdplan.resources.builds.registries import Registries
    from envdplan.resources.builds.sources import Sources

_Made = TypeVar("_Made")


@dataclass
class Edge:
    """The edge of one run. Any thread may ask for a reader or writer."""

    contexts: ContextStore
    state: StateStore
    surroundings: Surroundings
    environment: Mapping[str, str] = field(repr=False)
    folder: Path
    """Where runs keep what is theirs alone: beside the state."""
    project: Path
    """The folder of the configuration."""
    silence: Silence = field(default_factory=Silence)
    _guard: threading.RLock = field(default_factory=threading.RLock)
    _readers: dict[str, Reader] = field(default_factory=dict)
    _writers: dict[str, Writer] = field(default_factory=dict)

    def reader(self, kind: str) -> Reader:
        """What looks at resources of `kind`."""
        makers: Mapping[str, Callable[[], Reader]] = {
            Kind.CONTEXT.value: self._context_reader,
            Kind.BUILDER.value: self._builder_reader,
            Kind.BUILD.value: self._build_reader,
        }
        return self._once(self._readers, kind, makers[kind])

    def writer(self, kind: str) -> Writer:
        """What changes resources of `kind`."""
        makers: Mapping[str, Callable[[], Writer]] = {
            Kind.CONTEXT.value: self._context_writer,
            Kind.BUILDER.value: self._builder_writer,
            Kind.BUILD.value: self._build_writer,
        }
        return self._once(self._writers, kind, makers[kind])

    def reach(self, desired: "DesiredState", state: "State") -> "Reach":
        """What finds builders by name."""
        from envdplan.resources.builds.reach import Reach

        return Reach(desired, self._connections, state.records)

    def lifecycle(self, type: str) -> "Lifecycle":
        """What looks after builders of a type."""
        return self._lifecycles(type)

    def close(self) -> None:
        """Keep what makes the next run faster."""
        for name in ("_sources", "_engines"):
            part = self.__dict__.get(name)
            if part is not None:
                part.close()

    def _once(self, made: dict[str, _Made], kind: str, make: Callable[[], _Made]) -> _Made:
        found = made.get(kind)
        if found is None:
            with self._guard:
                found = made.get(kind) or made.setdefault(kind, make())
        return found

    def _context_reader(self) -> Reader:
        from envdplan.resources.contexts.provider import ContextReader
        from envdplan.resources.contexts.runners import Runners

        return ContextReader(self.contexts, Runners(self.environment))

    def _context_writer(self) -> Writer:
        from envdplan.resources.contexts.provider import ContextWriter

        return ContextWriter(self.contexts)

    def _builder_reader(self) -> Reader:
        from envdplan.resources.builders.provider import BuilderReader

        return BuilderReader(self._lifecycles)

    def _builder_writer(self) -> Writer:
        from envdplan.resources.builders.provider import BuilderWriter

        return BuilderWriter(self._lifecycles)

    def _build_reader(self) -> Reader:
        from envdplan.resources.builds.reader import BuildReader

        return BuildReader(
            self._sources, self._registries, self._connections, self._engines, self.state
        )

    def _build_writer(self) -> Writer:
        from envdplan.resources.builds.writer import BuildWriter

        return BuildWriter(
            self._sources,
            self._registries,
            self._connections,
            self._engines,
            self._envd,
            self.environment,
            self.state.keep_inputs,
            str(self.project),
        )

    @cached_property
    def _lifecycles(self) -> "Lifecycles":
        from envdplan.resources.builders.provider import Lifecycles

        return Lifecycles(self.surroundings)

    @cached_property
    def _connections(self) -> "Connections":
        from envdplan.resources.builds.connections import Connections

        return Connections(self._lifecycles, self.contexts)

    @cached_property
    def _registries(self) -> "Registries":
        from envdplan.resources.builds.registries import Registries

        return Registries(self.environment, self.silence)

    @cached_property
    def _engines(self) -> "Engines":
        from envdplan.resources.builds.engines import Engines

        return Engines(self.environment)

    @cached_property
    def _sources(self) -> "Sources":
        from envdplan.resources.builds.sources import Sources

        return Sources(self.environment, {"envd": self._envd_version})

    def _envd_version(self) -> str:
        return self._envd.version()

    @cached_property
    def _envd(self) -> "EnvdBuilds":
        from envdplan.resources.builds.envdbuilds import EnvdBuilds

        return EnvdBuilds(self._lifecycles, self.folder / "envd", self.environment)
