"""Builders of type docker-container: a buildkitd in a container that envdplan keeps alive.

It is what envd expects of one (its name is the address, buildctl is in its PATH), and more: marks
of its owner, a named volume for its state, its own configuration, and updates that keep the cache.
"""

import re
import threading
from threading import Event as Flag
from typing import TYPE_CHECKING, Final

from envdplan.addresses import Address, Kind
from envdplan.diagnostics import EnvdplanError, Refused
from envdplan.drivers.base import Driver, Surroundings
from envdplan.drivers.common import computed
from envdplan.drivers.container_schema import NAME_PATTERN, SCHEMA
from envdplan.engine.protocols import Reporter
from envdplan.schema import Problem, ResourceType
from envdplan.states.observed import Absent, Observation, Present, Unreachable
from envdplan.values import Attributes, Unknown, Value, reveal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from envdplan.buildkit.client import BuildKit
    from envdplan.dockerengine.container import ContainerInfo
    from envdplan.dockerengine.engine import Engine
    from envdplan.drivers.container_spec import Owner
    from envdplan.drivers.container_work import Work

_HALF: Final = "half updated"
"""A status of our own: an update was killed before it could tidy up."""

_UNHEALTHY: Final = "unhealthy"
"""Another one: the container runs, but its BuildKit does not answer."""

_DIAL: Final = ("buildctl", "dial-stdio")
_PATIENCE: Final = 5.0
"""Seconds that a builder which seems to run may take to answer a plan."""


def _derive(attributes: Attributes) -> Attributes:
    from envdplan.drivers.container_attributes import derive

    return derive(attributes)


def _problems(attributes: Attributes) -> "Iterator[Problem]":
    from envdplan.drivers.container_attributes import problems

    return problems(attributes)


TYPE: Final = ResourceType(Kind.BUILDER, "docker-container", SCHEMA, _derive, _problems)


class DockerContainer:
    """The lifecycle. One client for each engine; any thread may use it."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._engines: dict[str | None, Engine] = {}
        self._guard = threading.Lock()

    # -- looking

    def read(self, address: Address, attributes: Attributes) -> Observation:
        """See Lifecycle."""
        from envdplan.drivers.container_live import is_ours

        if any(isinstance(attributes.get(one), Unknown) for one in ("name", "host")):
            return Unreachable("Which container it is will be known only after apply.")
        name = _name(attributes)
        try:
            engine = self._engine(attributes)
            info = engine.containers.inspect(name)
            if info is None:
                return _absent(name, attributes)
            live = self._live(engine, info, attributes)
            if self._is_half(engine, name):
                live["status"] = _HALF
        except EnvdplanError as error:
            return Unreachable(f"{error.summary}. {error.detail}".strip())
        ours = is_ours(info, self._owner(address), fresh=self._surroundings.fresh)
        return Present(live, ours=ours)

    def connect(self, attributes: Attributes) -> "BuildKit":
        """See Lifecycle."""
        return self._client(attributes, float(attributes.get("timeout") or _PATIENCE))

    def _client(self, attributes: Attributes, timeout: float) -> "BuildKit":
        from envdplan.buildkit.client import BuildKit
        from envdplan.buildkit.dial import SocketDialer
        from envdplan.dockerengine.exec_stream import exec_socket

        engine, name = self._engine(attributes), _name(attributes)
        dialer = SocketDialer(
            f"docker-container://{name}", lambda: exec_socket(engine, name, _DIAL)
        )
        return BuildKit(dialer, timeout)

    def _is_half(self, engine: "Engine", name: str) -> bool:
        from envdplan.drivers.container_work import old_name

        return engine.containers.inspect(old_name(name)) is not None

    def _live(
        self, engine: "Engine", info: "ContainerInfo", wanted: Attributes
    ) -> dict[str, Value]:
        from envdplan.drivers.container_live import config_path, live_attributes

        path, config = config_path(info.spec), None
        if path is not None:
            config = engine.containers.read_file(info.name, path) or b""
        image = reveal(wanted.get("image"))
        known = engine.images.inspect(image) if isinstance(image, str) else None
        live = live_attributes(info, wanted, config, known.id if known else None)
        if info.state == "running":
            live.update(self._answers(live))
        return live

    def _answers(self, live: Attributes) -> dict[str, Value]:
        try:
            with self._client(live, _PATIENCE) as client:
                return computed(client)
        except EnvdplanError:
            return {"status": _UNHEALTHY}

    # -- changing

    def create(
        self, address: Address, attributes: Attributes, report: Reporter, cancel: Flag
    ) -> Attributes:
        """See Lifecycle."""
        if attributes.get("bootstrap") is False:
            raise Refused(
                "The builder may not be made",
                f'The container "{_name(attributes)}" does not exist, and bootstrap = false. '
                "Start it yourself, or set bootstrap = true.",
            )
        return self._work(address, attributes, report, cancel).create()

    def update(
        self,
        address: Address,
        before: Attributes,
        after: Attributes,
        report: Reporter,
        cancel: Flag,
    ) -> Attributes:
        """See Lifecycle. Only what must be is made anew; the cache stays in any case.

        What is live decides, not `before`: much may have happened since the plan was made.
        """
        from envdplan.plans.compare import differences

        del before
        work = self._work(address, after, report, cancel)
        info = work.engine.containers.inspect(work.name)
        if info is None:
            return work.create()
        live = self._live(work.engine, info, after)
        changed = {one.path[0] for one in differences(TYPE, live, after)}
        if self._is_half(work.engine, work.name):
            return work.resume() if changed else work.finish()
        if not changed:
            return work.ready()
        if changed == {"status"} and info.state not in ("dead", "removing"):
            return work.heal(str(live["status"]))
        if changed == {"restart"}:
            work.engine.containers.update(work.name, restart_policy=after["restart"])
            return work.ready()
        return work.recreate()

    def delete(
        self, address: Address, attributes: Attributes, report: Reporter, cancel: Flag
    ) -> None:
        """See Lifecycle. The volume goes too, unless keep_state says otherwise."""
        work = self._work(address, attributes, report, cancel)
        work.delete(keep_state=bool(attributes.get("keep_state")))

    def _work(
        self, address: Address, attributes: Attributes, report: Reporter, cancel: Flag
    ) -> "Work":
        from envdplan.drivers.container_work import Work

        return Work(
            engine=self._engine(attributes),
            owner=self._owner(address),
            attributes=attributes,
            connect=lambda seconds: self._client(attributes, seconds),
            environment=self._surroundings.environment,
            report=report,
            cancel=cancel,
        )

    # -- what both need

    def _engine(self, attributes: Attributes) -> "Engine":
        from envdplan.dockerengine.endpoint import resolve
        from envdplan.dockerengine.engine import Engine

        host = reveal(attributes.get("host"))
        with self._guard:
            if host not in self._engines:
                self._engines[host] = Engine(resolve(self._surroundings.environment, host))
            return self._engines[host]

    def _owner(self, address: Address) -> "Owner":
        from envdplan.drivers.container_spec import Owner

        return Owner(address, self._surroundings.lineage)


def _name(attributes: Attributes) -> str:
    return str(reveal(attributes["name"]))


def _absent(name: str, attributes: Attributes) -> Observation:
    if attributes.get("bootstrap") is False:
        return Unreachable(f'The container "{name}" does not exist, and bootstrap = false.')
    return Absent()


def _from_address(address: str) -> Attributes | None:
    name = address.removeprefix("docker-container://")
    return {"name": name, "host": None} if re.fullmatch(NAME_PATTERN, name) else None


DRIVER: Final = Driver(TYPE, DockerContainer, _from_address)
