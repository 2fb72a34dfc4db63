"""A Docker Engine as a few typed objects: itself, its containers, volumes and images."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Self

from envdplan.clients.docker.containers import Containers
from envdplan.clients.docker.endpoint import Endpoint
from envdplan.clients.docker.images import Images
from envdplan.clients.docker.info import EngineInfo, engine_info
from envdplan.clients.docker.reply import Reply
from envdplan.clients.docker.volumes import Volumes
from envdplan.ground.diagnostics import Unreachable
from envdplan.ground.loading import load
from envdplan.ground.silence import Silence

if TYPE_CHECKING:
    from envdplan.clients.docker.client import Api

_LONG: Final = 5.0
"""Seconds; an engine that took longer to give no answer is not asked again at once."""


class Engine:
    """The engine at `endpoint`; connects at the first call. Several threads may use it.

    All methods raise Unreachable when it does not answer, and Refused when it says no.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self.containers = Containers(self.doing)
        self.volumes = Volumes(self.doing)
        self.images = Images(self.doing)
        self._lock = threading.Lock()
        self._api: Api | None = None
        self._silence = Silence()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; a later call opens new ones."""
        with self._lock:
            api, self._api = self._api, None
        if api is not None:
            api.close()

    def ping(self) -> None:
        """Return when it answers."""
        with self.doing("answer") as api:
            api.ping()

    def info(self) -> EngineInfo:
        """What it is."""
        with self.doing("tell what it is") as api:
            return engine_info(Reply.of(api.info()), Reply.of(api.version()))

    @contextmanager
    def doing(self, action: str) -> Iterator["Api"]:
        """The API for one action; `action` completes "the engine did not ..." in errors."""
        load("envdplan.clients.docker.client")
        from envdplan.clients.docker.client import translated

        with translated(self.endpoint, action):
            yield self._open()

    def _open(self) -> "Api":
        from envdplan.clients.docker.client import open_api

        with self._lock:
            if self._api is None:
                self._api = self._opened(open_api)
            return self._api

    def _opened(self, open_api: "Callable[[Endpoint], Api]") -> "Api":
        self._silence.check(self.endpoint.url)
        begun = time.monotonic()
        try:
            return open_api(self.endpoint)
        except Unreachable as error:
            if time.monotonic() - begun > _LONG:
                self._silence.keep(self.endpoint.url, error)
            raise
