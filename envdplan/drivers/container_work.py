"""The steps that change a builder's container, each so that a failure or kill can be mended."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from threading import Event as Flag
from typing import TYPE_CHECKING, Final

from envdplan.diagnostics import Conflict, EnvdplanError, Interrupted, Refused
from envdplan.dockerengine.engine import Engine
from envdplan.drivers.common import computed
from envdplan.drivers.container_live import config_path
from envdplan.drivers.container_spec import (
    CONFIG_PATH,
    OWNER,
    Host,
    Owner,
    spec_of,
    volume_name,
)
from envdplan.engine.protocols import Reporter
from envdplan.values import Attributes, Sensitive, Value, reveal, walk

if TYPE_CHECKING:
    from envdplan.buildkit.client import BuildKit
    from envdplan.dockerengine.image import ImageProgress

_LOG_LINES: Final = 15
_PAUSE: Final = 0.1
_FIRST_PATIENCE: Final = 1.0
_LAST_PATIENCE: Final = 10.0
_RESTARTS: Final = 1
"""More than this many times started again by Docker means that it cannot run."""

_RUNNING: Final = ("running", "paused", "restarting")


def old_name(name: str) -> str:
    """What a container is called while its successor is made."""
    return f"{name}-envdplan-old"


@dataclass(frozen=True, slots=True)
class Work:
    """One change of one builder. `attributes` are the wanted ones."""

    engine: Engine
    owner: Owner
    attributes: Attributes
    connect: Callable[[float], "BuildKit"]
    """A client of it that waits so many seconds."""
    environment: Mapping[str, str]
    report: Reporter
    cancel: Flag

    @property
    def name(self) -> str:
        """The container's name."""
        return str(reveal(self.attributes["name"]))

    @property
    def old(self) -> str:
        """The name of the predecessor."""
        return old_name(self.name)

    # -- whole changes

    def create(self) -> Attributes:
        """Make it, or finish the update that left its predecessor aside. Raises Conflict."""
        if self.engine.containers.inspect(self.name) is not None:
            raise Conflict(
                "The name of the container is taken",
                f'There is a container "{self.name}" that was not there when the plan was made. '
                "Plan again.",
            )
        if self.engine.containers.inspect(self.old) is not None:
            return self.resume()
        self.pull()
        return self.make()

    def resume(self) -> Attributes:
        """Go on where an update was killed: what it had begun is taken back first."""
        self.report("an earlier update did not end: beginning it again")
        self.remove(self.name)
        self.engine.containers.rename(self.old, self.name)
        return self.recreate()

    def finish(self) -> Attributes:
        """An update was killed when only the predecessor had to go."""
        old = self.engine.containers.inspect(self.old)
        with self._going_back(was_running=old is not None and old.state in _RUNNING):
            made = self.ready()
        self.remove(self.old)
        return made

    def recreate(self) -> Attributes:
        """The old one steps aside until the new one is ready; if that fails, it comes back."""
        self.pull()
        info = self.engine.containers.inspect(self.name)
        self.report("stopping the old container; its cache stays")
        self.engine.containers.rename(self.name, self.old)
        with self._going_back(was_running=info is not None and info.state in _RUNNING):
            self._stop(self.old)
            made = self.make()
        self.remove(self.old)
        return made

    def heal(self, status: str) -> Attributes:
        """Let the very container run again."""
        self.report(f"it is {status}: starting it")
        if status == "paused":
            self.engine.containers.unpause(self.name)
        elif status in ("unhealthy", "restarting"):
            self.engine.containers.stop(self.name)
        self.engine.containers.start(self.name)
        return self.ready()

    def delete(self, *, keep_state: bool) -> None:
        """Remove what is there of it. A volume that is not of our making stays."""
        self.report("stopping")
        self.remove(self.name)
        self.remove(self.old)
        volume = self.engine.volumes.inspect(volume_name(self.name))
        if volume is not None and OWNER in volume.labels and not keep_state:
            self.engine.volumes.remove(volume.name)

    # -- steps

    def pull(self) -> None:
        """See that the engine has the image, as `pull` says. Raises Refused, Unreachable."""
        from envdplan.credentials import DockerCredentials

        image, policy = str(reveal(self.attributes["image"])), self.attributes.get("pull")
        if policy != "always" and self.engine.images.inspect(image) is not None:
            return
        if policy == "never":
            raise Refused(
                "The image is not there", f'The engine has no {image}, and pull = "never".'
            )
        self.report(f"pulling {self.attributes['image']}")
        layers = _Layers(self.report, self.cancel)
        self.engine.images.pull(image, DockerCredentials(self.environment), layers)

    def make(self) -> Attributes:
        """Create, start and wait; what a failure leaves behind is removed again."""
        volume = volume_name(self.name)
        is_new = self.engine.volumes.inspect(volume) is None
        self.engine.volumes.create(volume, self.owner.labels())
        made: list[str] = []
        try:
            self._start(made)
            return self.ready()
        except BaseException:
            for one in made:  # by its id: another may have taken the name
                with suppress(EnvdplanError):
                    self.remove(one)
            if is_new:
                with suppress(EnvdplanError):
                    self.engine.volumes.remove(volume)
            raise

    def _start(self, made: list[str]) -> None:
        self.report(f"starting {self.attributes['image']}")
        host = self._host()
        try:
            self._run(host, made)
        except Refused as error:
            if "docker-init" not in error.detail:
                raise
            self.remove(made.pop())  # an engine without its tini
            self._run(replace(host, init=False), made)

    def _host(self) -> Host:
        image = self.engine.images.inspect(str(reveal(self.attributes["image"])))
        return Host(image.id if image else "", userns=self.engine.info().userns)

    def _run(self, host: Host, made: list[str]) -> None:
        from envdplan.dockerengine.archives import FileContent
        from envdplan.drivers.buildkitd_toml import rendered

        spec = spec_of(self.attributes, self.owner, host)
        id = self.engine.containers.create(self.name, spec).id
        made.append(id)
        if config_path(spec) is not None:
            content = FileContent(rendered(reveal(self.attributes["config"])), 0o644)
            self.engine.containers.write_files(id, "/", {CONFIG_PATH.lstrip("/"): content})
        self.engine.containers.start(id)

    def ready(self) -> dict[str, Value]:
        """Wait until its BuildKit answers. Raises EnvdplanError with its own last words."""
        deadline = time.monotonic() + float(self.attributes.get("timeout") or 60)
        patience = _FIRST_PATIENCE
        self.report("waiting for buildkitd")
        while True:
            self._check_alive()
            try:
                with self.connect(patience) as client:
                    return {**self.attributes, **computed(client), "status": "running"}
            except EnvdplanError as error:
                reason = error.summary
            if self.cancel.is_set():
                raise Interrupted("Stopped while the builder started", "Apply again to go on.")
            if time.monotonic() > deadline:
                raise self._failed(f"it did not answer in time ({reason})")
            time.sleep(_PAUSE)
            patience = min(2 * patience, _LAST_PATIENCE)

    def _check_alive(self) -> None:
        info = self.engine.containers.inspect(self.name)
        if info is None:
            raise self._failed("it is gone")
        if info.state in ("exited", "dead") or info.restart_count > _RESTARTS:
            raise self._failed(f"it ended with code {info.exit_code}")

    def _failed(self, what: str) -> EnvdplanError:
        lines = ""
        with suppress(EnvdplanError):
            lines = self.engine.containers.logs(self.name, _LOG_LINES).strip()
        lines = without_secrets(lines, self.attributes)
        said = f" The last that it said:\n{lines}" if lines else " It said nothing."
        return EnvdplanError(
            "The builder does not get ready", f'Container "{self.name}": {what}.{said}'
        )

    @contextmanager
    def _going_back(self, *, was_running: bool) -> Iterator[None]:
        """Whatever fails inside: the predecessor gets its name back, and runs if it did."""
        try:
            yield
        except BaseException as failure:
            try:
                self.report("going back to the old container")
                self.remove(self.name)
                self.engine.containers.rename(self.old, self.name)
                if was_running:
                    self.engine.containers.start(self.name)
            except EnvdplanError as second:
                raise _twice(failure, second) from failure
            raise

    def _stop(self, name: str) -> None:
        info = self.engine.containers.inspect(name)
        if info is not None and info.state == "paused":
            self.engine.containers.unpause(name)
        self.engine.containers.stop(name)

    def remove(self, name: str) -> None:
        """Stop it in peace, so that its cache is whole, and remove it; nothing when it is gone."""
        info = self.engine.containers.inspect(name)
        if info is None:
            return
        if info.state in _RUNNING:
            with suppress(EnvdplanError):
                self._stop(name)
        if info.state == "removing":
            self.engine.containers.wait_for(name, (), _LAST_PATIENCE)
        self.engine.containers.remove(name, force=True)


def _twice(failure: BaseException, second: EnvdplanError) -> EnvdplanError:
    first = failure if isinstance(failure, EnvdplanError) else EnvdplanError(type(failure).__name__)
    return EnvdplanError(
        first.summary,
        f"{first.detail}\nGoing back to the old container failed too: {second.summary}. "
        f"{second.detail}".strip(),
    )


def without_secrets(text: str, attributes: Attributes) -> str:
    """`text` without the sensitive strings of `attributes`, which a daemon may have repeated."""
    marked = [part.value for _, part in walk(attributes) if isinstance(part, Sensitive)]
    strings = {str(part) for one in marked for _, part in walk(one) if isinstance(part, str)}
    for secret in sorted(strings, key=len, reverse=True):
        if secret:
            text = text.replace(secret, str(Sensitive(None)))
    return text


class _Layers:
    """Tells how many layers of an image are there."""

    def __init__(self, report: Reporter, cancel: Flag) -> None:
        self._report, self._cancel = report, cancel
        self._seen: dict[str, bool] = {}
        self._told = 0

    def __call__(self, message: "ImageProgress") -> None:
        """See OnProgress. Raises Interrupted."""
        if self._cancel.is_set():
            raise Interrupted("Stopped while an image was pulled", "Apply again to go on.")
        if not message.layer:
            return
        is_there = message.status in ("Pull complete", "Already exists")
        self._seen[message.layer] = self._seen.get(message.layer, False) or is_there
        done = sum(self._seen.values())
        if done > self._told:
            self._told = done
            self._report(f"{done} of {len(self._seen)} layers are here")
