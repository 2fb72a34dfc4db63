"""What reads and writes the world: one reader and one writer per kind, made when first needed."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from envdplan.addresses import Kind
from envdplan.drivers.base import Surroundings
from envdplan.engine.protocols import Reader, StateReader, Writer
from envdplan.envd.store import ContextStore
from envdplan.providers.build.connections import Connections
from envdplan.providers.build.engines import Engines
from envdplan.providers.build.reader import BuildReader
from envdplan.providers.build.registries import Registries
from envdplan.providers.build.sources import Sources
from envdplan.providers.build.writer import BuildWriter
from envdplan.providers.builder import BuilderReader, BuilderWriter, Lifecycles
from envdplan.providers.context import ContextReader, ContextWriter


@dataclass
class Edge:
    """The edge of one run."""

    contexts: ContextStore
    state: StateReader
    surroundings: Surroundings
    environment: Mapping[str, str] = field(repr=False)
    _guard: threading.Lock = field(default_factory=threading.Lock)

    @cached_property
    def _lifecycles(self) -> Lifecycles:
        return Lifecycles(self.surroundings)

    @cached_property
    def _connections(self) -> Connections:
        return Connections(self._lifecycles, self.contexts)

    @cached_property
    def _registries(self) -> Registries:
        return Registries(self.environment)

    @cached_property
    def _engines(self) -> Engines:
        return Engines(self.environment)

    @cached_property
    def sources(self) -> Sources:
        """Digests of files; `close` keeps them for the next run."""
        return Sources(self.environment)

    @cached_property
    def _readers(self) -> Mapping[str, Reader]:
        return {
            Kind.CONTEXT.value: ContextReader(self.contexts),
            Kind.BUILDER.value: BuilderReader(self._lifecycles),
            Kind.BUILD.value: BuildReader(
                self.sources, self._registries, self._connections, self._engines, self.state
            ),
        }

    @cached_property
    def _writers(self) -> Mapping[str, Writer]:
        return {
            Kind.CONTEXT.value: ContextWriter(self.contexts),
            Kind.BUILDER.value: BuilderWriter(self._lifecycles),
            Kind.BUILD.value: BuildWriter(
                self.sources, self._registries, self._connections, self._engines, self.environment
            ),
        }

    def reader(self, kind: str) -> Reader:
        """What looks at resources of `kind`."""
        with self._guard:
            return self._readers[kind]

    def writer(self, kind: str) -> Writer:
        """What changes resources of `kind`."""
        with self._guard:
            return self._writers[kind]

    def close(self) -> None:
        """Keep what makes the next run faster."""
        self.sources.close()
        self._engines.close()
