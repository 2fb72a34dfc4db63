"""Runs envd for a build: on the build's own context, beside others, its progress as events."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from envdplan.clients.buildkit.plainprogress import PlainProgress
from envdplan.clients.envd.contexts import Context
from envdplan.ground.values import Attributes
from envdplan.resources.builders.base import Lifecycle
from envdplan.resources.builds.connections import Connection

_ANY: Final = Context("envdplan", "moby-worker", "envd_buildkitd")


@dataclass(slots=True)
class EnvdBuilds:
    """`folder` keeps the private homes."""

    lifecycles: Callable[[str], Lifecycle]
    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    _version: str | None = None
    _guard: threading.Lock = field(default_factory=threading.Lock)

    def version(self) -> str:
        """envd's version; asked once. Raises EnvdplanError when it is not there."""
        from envdplan.clients.envd import program
        from envdplan.clients.envd.privatehome import private_home

        with self._guard:
            if self._version is None:
                home = private_home(self.folder, "version", _ANY, self.environment)
                found = program.find(self.environment)
                self._version = program.version(found, self.environment, home)
            return self._version

    def run(
        self,
        name: str,
        arguments: list[str],
        attributes: Attributes,
        connection: Connection,
        tell: Callable[[object], object],
        cancel: threading.Event,
    ) -> str | None:
        """Build; the digest that envd told. Raises EnvdplanError with envd's own words."""
        from envdplan.clients.envd import program
        from envdplan.clients.envd.privatehome import private_home

        progress = PlainProgress()

        def on_line(line: str) -> None:
            for event in progress.feed(line):
                tell(event)

        with self._context(connection) as context:
            home = private_home(self.folder, f"{name} {context}", context, self.environment)
            environment = program.own_environment(self.environment, home)
            if connection.host:
                environment["DOCKER_HOST"] = self._engine(connection.host)
            command = [program.find(self.environment), *arguments]
            program.run(command, environment, Path(str(attributes["path"])), on_line, cancel)
        return progress.digest

    def _engine(self, host: str) -> str:
        """envd knows endpoints, but no Docker contexts."""
        from envdplan.clients.docker.endpoint import resolve

        return resolve(self.environment, host).url

    @contextmanager
    def _context(self, connection: Connection) -> Iterator[Context]:
        """A context that envd can use: its own way there, or a socket of ours."""
        address, nodes = (connection.attributes.get(name) for name in ("address", "node"))
        if nodes:
            with self._forwarded(connection) as path:
                yield Context("envdplan", "unix", path)
        elif connection.type == "moby-worker":
            yield _ANY
        elif connection.type == "unix":
            yield Context("envdplan", "unix", str(address))
        elif connection.type == "tcp" and not connection.attributes.get("tls"):
            yield Context("envdplan", "tcp", str(address))
        else:
            with self._forwarded(connection) as path:
                yield Context("envdplan", "unix", path)

    @contextmanager
    def _forwarded(self, connection: Connection) -> Iterator[str]:
        lifecycle = self.lifecycles(connection.type)
        with lifecycle.connect(connection.attributes) as client:
            client.workers()  # its own words when it does not answer; envd would only time out
            with client.exposed() as path:
                yield path
