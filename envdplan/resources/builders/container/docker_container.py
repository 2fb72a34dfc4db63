"""Builders of type docker-container: a buildkitd in a container that envdplan keeps alive.

It is what envd expects of one (its name is the address, buildctl is in its PATH), and more: marks
of its owner, a named volume for its state, its own configuration, and updates that keep the cache.
"""

import threading
import time
from contextlib import suppress
from dataclasses import replace
from threading import Event as Flag
from typing import TYPE_CHECKING, Final

from envdplan.core.engine.protocols import Reporter
from envdplan.core.state.observed import Absent, Cause, Observation, Present, Unreachable
from envdplan.ground.addresses import Address, Kind
from envdplan.ground.diagnostics import Conflict, EnvdplanError, Interrupted, Refused
from envdplan.ground.schema import ResourceType
from envdplan.ground.values import Attributes, Value
from envdplan.resources.builders.base import NOBODY, Driver, Surroundings, Undeclared
from envdplan.resources.builders.common import computed
from envdplan.resources.builders.container.container_schema import (
    ATTRIBUTES,
    consequence,
    derive,
    named,
    problems,
)
from envdplan.resources.builders.ownership import Claim

if TYPE_CHECKING:
    from envdplan.clients.buildkit.client import BuildKit
    from envdplan.clients.docker.container import ContainerInfo
    from envdplan.clients.docker.endpoint import Endpoint
    from envdplan.clients.docker.engine import Engine
    from envdplan.resources.builders.container.succession import Succession

_HALF: Final = "half updated"
"""The status of a container whose predecessor is still there."""

_BROKEN: Final = ("created", "dead", "removing")
"""States that no start leads out of; who created one was killed, perhaps amid its files."""

DIAL: Final = ("buildctl", "dial-stdio")
_PATIENCE: Final = 5.0
"""Seconds that a builder which seems to run may take to answer a plan."""

_PAUSE: Final = 0.1
_NO_INIT: Final = ("docker-init", "container-init")
TYPE: Final = ResourceType(
    Kind.BUILDER,
    "docker-container",
    ATTRIBUTES,
    derive,
    problems,
    consequence,
    title="docker-container builder",
)
_LOG_LINES: Final = 15


class DockerContainer:
    """The lifecycle. One client for each engine; any thread may use it."""

    scheme = "docker-container"
    """How messages begin its address."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings
        self._engines: dict[str | None, Engine] = {}
        self._guard = threading.Lock()

    # -- looking

    def read(self, address: Address, attributes: Attributes) -> Observation:
        """See Lifecycle."""
        from envdplan.resources.builders.ownership import Mark

        try:
            line = self._succession(Claim(address), attributes)
            info = line.holder()
            if info is None:
                return self._absent(line, attributes)
            live = self._live(line.engine, info, attributes)
            if line.is_unfinished():
                live["status"] = _HALF
        except EnvdplanError as error:
            return Unreachable.of(error)
        mark = Mark.of_labels(info.spec.labels)
        strangers = line.owner.stranger(info.id, mark)
        return Present(live, ours=line.owner.made(mark), strangers=strangers)

    def look(self, builder: Undeclared) -> Observation:
        """See Lifecycle."""
        from envdplan.resources.builders.ownership import Mark

        try:
            line = self._succession(Claim(NOBODY), builder.reach)
            info = line.holder()
            if info is None:
                return Absent()
            strangers = line.owner.stranger(info.id, Mark.of_labels(info.spec.labels))
            seen = {"status": info.state, "network": info.spec.network or None}
            if info.state == "running":
                with self._client(builder.reach, _PATIENCE) as client:
                    seen.update(computed(client))
            return Present(seen, strangers=strangers)
        except EnvdplanError as error:
            return Unreachable.of(error)

    def connect(self, attributes: Attributes) -> "BuildKit":
        """See Lifecycle."""
        return self._client(attributes, float(attributes.get("timeout") or _PATIENCE))

    def _client(self, attributes: Attributes, timeout: float) -> "BuildKit":
        from envdplan.clients.buildkit.client import BuildKit
        from envdplan.clients.buildkit.wire.dial import SocketDialer
        from envdplan.clients.docker.exec_stream import exec_socket

        engine, name = self._engine(attributes), str(attributes["name"])
        dialer = SocketDialer(f"{self.scheme}://{name}", lambda: exec_socket(engine, name, DIAL))
        return BuildKit(dialer, timeout)

    def _live(
        self, engine: "Engine", info: "ContainerInfo", wanted: Attributes
    ) -> dict[str, Value]:
        from envdplan.resources.builders.container.container_spec import (
            CONFIG_PATH,
            live_attributes,
        )

        command = info.spec.command or ()
        image = wanted.get("image")
        if (
            isinstance(image, str)
            and image
            and info.spec.image != image
            and self._same_image(engine, info, image)
        ):
            info = replace(info, spec=replace(info.spec, image=image))
        config = None
        if CONFIG_PATH in command:
            config = engine.containers.read_file(info.name, CONFIG_PATH) or b""
        live = live_attributes(info, wanted, config)
        if info.state == "running":
            live.update(self._answers(live))
        return live

    def _same_image(self, engine: "Engine", info: "ContainerInfo", name: str) -> bool:
        """One image may have several names."""
        found = engine.images.inspect(name)
        return found is not None and found.id == info.image_id

    def _absent(self, line: "Succession", attributes: Attributes) -> Observation:
        if attributes.get("bootstrap") is False:
            detail = f'The container "{line.name}" does not exist, and bootstrap = false.'
            return Unreachable(detail, Cause("Builder does not exist", detail))
        return Absent(remains=self._own_volume(line, attributes))

    def _own_volume(self, line: "Succession", attributes: Attributes) -> bool:
        from envdplan.resources.builders.container.container_spec import volume_name
        from envdplan.resources.builders.ownership import Mark

        volume = line.engine.volumes.inspect(volume_name(attributes))
        return volume is not None and line.owner.owns_remains(Mark.of_labels(volume.labels))

    def _answers(self, live: Attributes) -> dict[str, Value]:
        try:
            with self._client(live, _PATIENCE) as client:
                return computed(client)
        except EnvdplanError:
            return {"status": "unhealthy"}  # it runs, but its BuildKit does not answer

    # -- changing

    def create(
        self, claim: Claim, attributes: Attributes, report: Reporter, cancel: Flag
    ) -> Attributes:
        """See Lifecycle."""
        line = self._succession(claim, attributes)
        holder, _ = line.tidy()
        return self._recreate(line, holder, attributes, report, cancel)

    def update(
        self,
        claim: Claim,
        before: Attributes,
        after: Attributes,
        report: Reporter,
        cancel: Flag,
    ) -> Attributes:
        """See Lifecycle. Only what must be is made anew; the cache stays in any case."""
        from envdplan.core.plan.compare import differences

        del before  # tidying up may have changed which container has the name: look again
        line = self._succession(claim, after)
        holder, _ = line.tidy()
        if holder is None and after.get("bootstrap") is False:
            raise Refused("Container not found", f"{line.name} no longer exists. Plan again.")
        live = self._live(line.engine, holder, after) if holder is not None else {}
        changed = {one.path[0] for one in differences(TYPE, live, after)}
        if holder is None or holder.state in _BROKEN or not changed <= {"status", "restart"}:
            return self._recreate(line, holder, after, report, cancel)
        if "restart" in changed:
            line.engine.containers.update(holder.id, restart_policy=after["restart"])
        if live["status"] == "running":
            return {**after, **self._answers(after)}
        return self._heal(line.engine, holder, live["status"], after, report, cancel)

    def delete(self, claim: Claim, attributes: Attributes, report: Reporter, cancel: Flag) -> None:
        """See Lifecycle. The volume goes too, unless keep_state says otherwise."""
        from envdplan.resources.builders.container.container_spec import volume_name

        del cancel
        line = self._succession(claim, attributes)
        report("stopping")
        line.clear()
        volume = volume_name(attributes)
        if attributes.get("keep_state"):
            return
        if self._own_volume(line, attributes):
            line.engine.volumes.remove(volume)
        elif line.engine.volumes.inspect(volume) is not None:
            report(f"the volume {volume} stays: it carries no mark of this state")

    def stop(self, attributes: Attributes) -> None:
        """See Lifecycle."""
        self._engine(attributes).containers.stop(str(attributes["name"]))

    def start(self, attributes: Attributes, report: Reporter, cancel: Flag) -> None:
        """See Lifecycle."""
        engine, name = self._engine(attributes), str(attributes["name"])
        info = engine.containers.inspect(name)
        if info is None:
            raise Refused("Container not found", f"{name} does not exist: apply makes it.")
        if info.state == "paused":
            engine.containers.unpause(name)
        engine.containers.start(name)
        self._ready(engine, attributes, report, cancel)

    def logs(self, attributes: Attributes, lines: int) -> str:
        """See Lifecycle."""
        from envdplan.resources.builders.container.container_spec import without_secrets

        text = self._engine(attributes).containers.logs(str(attributes["name"]), lines)
        return without_secrets(text, attributes)

    # -- steps

    def _heal(
        self,
        engine: "Engine",
        holder: "ContainerInfo",
        status: Value,
        after: Attributes,
        report: Reporter,
        cancel: Flag,
    ) -> Attributes:
        report(f"it is {status}: starting it")
        if status == "paused":
            engine.containers.unpause(holder.id)
        elif status in ("unhealthy", "restarting"):
            engine.containers.stop(holder.id)
        engine.containers.start(holder.id)
        return self._ready(engine, after, report, cancel)

    def _recreate(
        self,
        line: "Succession",
        old: "ContainerInfo | None",
        after: Attributes,
        report: Reporter,
        cancel: Flag,
    ) -> Attributes:
        """The old one steps aside until the new one is ready; if that fails, it comes back."""
        self._pull(line.engine, after, report)
        if old is None:
            return self._make(line, None, after, report, cancel)
        report("stopping the old container; its cache stays")
        try:
            line.step_aside(old)
            made = self._make(line, old, after, report, cancel)
        except BaseException:
            report("restoring the old container")
            with suppress(Conflict):  # somebody has taken its name: that tells what went wrong
                line.come_back(old)
            raise
        line.remove(old.id)
        return made

    def _pull(self, engine: "Engine", attributes: Attributes, report: Reporter) -> None:
        from envdplan.clients.registry.credentials import DockerCredentials

        image, policy = str(attributes["image"]), attributes.get("pull")
        known = policy != "always" and engine.images.inspect(image) is not None
        if known:
            return
        if policy == "never":
            raise Refused(
                "Builder image not found", f'The engine has no {image}, and pull = "never".'
            )
        report(f"pulling {image}")
        engine.images.pull(image, DockerCredentials(self._surroundings.environment))

    def _make(
        self,
        line: "Succession",
        old: "ContainerInfo | None",
        attributes: Attributes,
        report: Reporter,
        cancel: Flag,
    ) -> Attributes:
        """Create, start and wait; what a failure leaves behind is removed again."""
        from envdplan.resources.builders.container.container_spec import volume_name

        volume, volumes = volume_name(attributes), line.engine.volumes
        kept = volumes.inspect(volume) is not None
        volumes.create(volume, line.owner.labels())
        made: list[str] = []
        try:
            self._start(line, old, attributes, report, made)
            ready = self._ready(line.engine, attributes, report, cancel)
            line.confirm(made[-1])
        except BaseException:
            for id in made:  # by id: the name may be somebody else's
                line.remove(id)
            if not kept:
                volumes.remove(volume)
            raise
        return ready

    def _start(
        self,
        line: "Succession",
        old: "ContainerInfo | None",
        attributes: Attributes,
        report: Reporter,
        made: list[str],
    ) -> None:
        report(f"starting {attributes['image']}")
        try:
            self._run(line, old, attributes, made, init=True)
        except Refused as error:
            # An engine without its tini: Docker tells when it starts, Podman when it creates.
            if not any(word in error.detail for word in _NO_INIT):
                raise
            if made:
                line.remove(made.pop())
            self._run(line, old, attributes, made, init=False)

    def _run(
        self,
        line: "Succession",
        old: "ContainerInfo | None",
        attributes: Attributes,
        made: list[str],
        *,
        init: bool,
    ) -> None:
        from envdplan.resources.builders.container.container_spec import config_files, spec_of

        made.append(line.create(spec_of(attributes, line.owner, init=init), old))
        if attributes.get("config"):
            line.engine.containers.write_files(made[-1], "/", config_files(attributes))
        line.engine.containers.start(made[-1])

    def _ready(
        self, engine: "Engine", attributes: Attributes, report: Reporter, cancel: Flag
    ) -> Attributes:
        """Wait until its BuildKit answers. Raises EnvdplanError with its own last words."""
        name = str(attributes["name"])
        deadline = time.monotonic() + float(attributes.get("timeout") or 60)
        report("waiting for buildkitd")
        while True:
            info = engine.containers.inspect(name)
            if info is None or info.state in ("exited", "dead") or info.restart_count > 1:
                raise _failed(engine, attributes, "it ended")
            try:
                with self._client(attributes, 1.0) as client:
                    return {**attributes, **computed(client), "status": "running"}
            except EnvdplanError as error:
                reason = error.summary
            if cancel.is_set():
                raise Interrupted("Stopped while the builder started", f"{name} was removed again.")
            if time.monotonic() > deadline:
                raise _failed(engine, attributes, f"it did not answer in time ({reason})")
            time.sleep(_PAUSE)

    # -- what both need

    def endpoint(self, host: str | None) -> "Endpoint":
        """The engine that `host` names; None is the one that docker itself would use."""
        from envdplan.clients.docker.endpoint import resolve

        return resolve(self._surroundings.environment, host)

    def _engine(self, attributes: Attributes) -> "Engine":
        from envdplan.clients.docker.engine import Engine

        host = attributes.get("host")
        with self._guard:
            if host not in self._engines:
                self._engines[host] = Engine(self.endpoint(host))
            return self._engines[host]

    def _succession(self, claim: Claim, attributes: Attributes) -> "Succession":
        from envdplan.resources.builders.container.succession import Succession
        from envdplan.resources.builders.ownership import Owner

        engine, name = self._engine(attributes), str(attributes["name"])
        owner = Owner(claim, self._surroundings.lineage, self._surroundings.fresh)
        return Succession(engine, name, owner)


def _failed(engine: "Engine", attributes: Attributes, what: str) -> EnvdplanError:
    from envdplan.resources.builders.container.container_spec import without_secrets

    name = str(attributes["name"])
    try:
        lines = without_secrets(engine.containers.logs(name, _LOG_LINES).strip(), attributes)
    except EnvdplanError:
        lines = ""
    said = f" Its last log lines:\n{lines}" if lines else " It said nothing."
    return EnvdplanError("Builder did not become ready", f'Container "{name}": {what}.{said}')


DRIVER: Final = Driver(
    TYPE, DockerContainer, lambda address: named(address, DockerContainer.scheme)
)
