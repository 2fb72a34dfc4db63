"""Docker Engines that builds load into, one client for each host of a run."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from envdplan.core.state.observed import Cause, ImageFact, ImageFound, ImageMissing, ImageUnclear
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.resources.builds.images import LABEL

if TYPE_CHECKING:
    from envdplan.clients.docker.engine import Engine


@dataclass
class Engines:
    """Clients are made at the first question; any thread may ask."""

    environment: Mapping[str, str] = field(repr=False)
    _made: dict[str | None, "Engine"] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def at(self, host: str | None) -> "Engine":
        """The engine at `host` (an endpoint or Docker context); None means the usual one."""
        from envdplan.clients.docker.endpoint import resolve
        from envdplan.clients.docker.engine import Engine

        with self._lock:
            if host not in self._made:
                self._made[host] = Engine(resolve(self.environment, host))
            return self._made[host]

    def fact(self, host: str | None, ref: str) -> ImageFact:
        """The image of that name in the engine; its digest is the engine's id for it."""
        try:
            found = self.at(host).images.inspect(ref)
        except EnvdplanError as error:
            return ImageUnclear(error.detail or error.summary, Cause.of(error))
        if found is None:
            return ImageMissing()
        return ImageFound(found.id, found.labels.get(LABEL))

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            made, self._made = self._made, {}
        for engine in made.values():
            engine.close()
