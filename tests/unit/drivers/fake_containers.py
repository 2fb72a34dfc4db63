"""A Docker Engine of containers in memory, and processes that ask it and can be killed."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

from envdplan.clients.docker.container import ContainerInfo, ContainerSpec
from envdplan.clients.docker.missing import Missing
from envdplan.ground.diagnostics import Conflict, Refused
from envdplan.ground.values import Attributes
from envdplan.resources.builders.base import Surroundings
from envdplan.resources.builders.container.docker_container import DockerContainer

Request = Callable[[], object]


@dataclass
class World:
    """The engine's containers by id. One at a time can hold the cache, as buildkitd locks it."""

    containers: dict[str, ContainerInfo] = field(default_factory=dict)
    made: int = 0

    def inspect(self, name: str) -> ContainerInfo | None:
        return next((c for c in self.containers.values() if name in (c.id, c.name)), None)

    def _found(self, name: str) -> ContainerInfo:
        if (found := self.inspect(name)) is None:
            raise Missing("Not found in the Docker Engine", name)
        return found

    def _set(self, which: str, **changes: str) -> None:
        found = self._found(which)
        self.containers[found.id] = replace(found, **changes)  # type: ignore[arg-type]  # texts

    def create(self, name: str, spec: ContainerSpec) -> SimpleNamespace:
        if self.inspect(name) is not None:
            raise Conflict("Docker Engine is in an unexpected state", "name in use")
        self.made += 1
        id = f"id{self.made}"
        self.containers[id] = ContainerInfo(
            id, name, "created", "", 0, "", False, "", 0, {}, spec
        )  # fmt: skip
        return SimpleNamespace(id=id)

    def start(self, name: str) -> None:
        locked = any(c.state == "running" for c in self.containers.values() if c.name != name)
        if self._found(name).state != "running":
            self._set(name, state="exited" if locked else "running")

    def stop(self, name: str) -> None:
        if self._found(name).state == "running":
            self._set(name, state="exited")

    def rename(self, name: str, new: str) -> None:
        if self._found(name).name == new:
            raise Refused("Docker Engine refuses a request", "it has that name")
        if self.inspect(new) is not None:
            raise Conflict("Docker Engine is in an unexpected state", "name in use")
        self._set(name, name=new)

    def remove(self, name: str, *, force: bool = False) -> bool:
        del self.containers[self._found(name).id]
        return True

    def update(self, name: str, *, restart_policy: Any) -> None:
        found = self._found(name)
        spec = replace(found.spec, restart_policy=restart_policy)
        self.containers[found.id] = replace(found, spec=spec)

    def logs(self, name: str, tail: int = 50) -> str:
        return ""


class Killed(BaseException):
    """The process is gone, and can clean up nothing."""


@dataclass
class Process:
    """Hands requests on to the engine, until it is killed while it waits for an answer."""

    world: World
    killed_at: int = -1
    """The number of the request that it does not live to see answered."""
    late: Request | None = None
    """What a process before this one had asked for, and ..."""
    late_at: int = -1
    """... the number of the request of this one that it is served before."""
    asked: int = 0
    unserved: Request | None = None

    def __getattr__(self, name: str) -> Callable[..., object]:
        return lambda *arguments, **options: self._ask(
            lambda: getattr(self.world, name)(*arguments, **options)
        )

    def _ask(self, request: Request) -> object:
        if self.unserved is not None:
            raise Killed
        if self.asked == self.late_at and self.late is not None:
            serve(self.late)
        self.asked += 1
        if self.asked - 1 == self.killed_at:
            self.unserved = request
            raise Killed
        return request()


def serve(request: Request) -> None:
    """Do what was asked for; nobody reads the answer."""
    with suppress(Refused, Conflict):
        request()


class Driver(DockerContainer):
    """The real driver, asking the engine as `process`; its BuildKits always answer."""

    def __init__(self, process: Process) -> None:
        super().__init__(Surroundings({}, "lineage"))
        there = SimpleNamespace(inspect=lambda _: SimpleNamespace(labels={}, id=""))
        volumes = SimpleNamespace(inspect=there.inspect, create=lambda *_: None)
        self._fake: Any = SimpleNamespace(containers=process, volumes=volumes, images=there)

    def _engine(self, attributes: Attributes) -> Any:
        return self._fake

    def _client(self, attributes: Attributes, timeout: float) -> AbstractContextManager[Any]:  # type: ignore[override]
        return nullcontext(SimpleNamespace(workers=tuple, info=lambda: "v1"))
