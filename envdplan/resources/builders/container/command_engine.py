"""A container engine behind a command of docker's kind: nerdctl.

It has the parts of dockerengine.Engine that the lifecycle of a builder's container needs.
"""

import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from envdplan.clients.docker.container import ContainerInfo, ContainerSpec, Mount, container_info
from envdplan.clients.docker.image import ImageInfo, image_info
from envdplan.clients.docker.reply import Reply
from envdplan.clients.docker.volumes import VolumeInfo, volume_info
from envdplan.ground import jsontext
from envdplan.ground.diagnostics import EnvdplanError, Refused, Unreachable
from envdplan.ground.files_on_disk import scratch
from envdplan.ground.logs import Log, command

if TYPE_CHECKING:
    from envdplan.clients.docker.archives import FileContent

_LOG: Final = Log("resources")
_TIMEOUT: Final = 600.0
"""Seconds; a pull may take that long."""

_ABSENT: Final = ("no such", "not found")
_DOWN: Final = ("cannot connect", "connection refused", "permission denied", "is the containerd")


class CommandEngine:
    """The engine. `environment` goes to every run of the command."""

    def __init__(self, program: str, environment: Mapping[str, str]) -> None:
        self.program, self.environment = program, environment
        self.containers = _Containers(self)
        self.volumes = _Volumes(self)
        self.images = _Images(self)

    def run(self, *arguments: str, more: Mapping[str, str] | None = None) -> str:
        """Its standard output. `more` are variables that must not be seen in a process list.

        Raises Unreachable when it cannot be started or its engine is down, Refused with its words.
        """
        try:
            with _LOG.call("run", command([self.program, *arguments])) as call:
                done = subprocess.run(
                    [self.program, *arguments],
                    env={**self.environment, **(more or {})},
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    timeout=_TIMEOUT,
                    check=False,
                )
                call.status = f"code {done.returncode}"
        except (OSError, subprocess.TimeoutExpired) as error:
            why = getattr(error, "strerror", None) or error
            detail = f"{self.program}: {why}. Install it, or name it with program."
            raise Unreachable("Command of the container engine cannot be run", detail) from error
        if done.returncode:
            raise self._refused(arguments[0], done.stderr.decode("utf-8", "replace"))
        return done.stdout.decode("utf-8", "replace")

    def find(self, *arguments: str) -> Reply | None:
        """The first object of its JSON, None when it says that there is none."""
        try:
            found = jsontext.loads(self.run(*arguments) or "[]")
        except _Absent:
            return None
        except ValueError as error:
            detail = f"`{self.program} {arguments[0]}` answers no JSON: {error}."
            raise Refused("Container engine gave an invalid answer", detail) from error
        return Reply.of(found[0]) if found else None

    def _refused(self, what: str, said: str) -> EnvdplanError:
        text = " ".join(said.split())
        lower = text.lower()
        detail = f"`{self.program} {what}` says: {text or 'nothing'}"
        if any(word in lower for word in _DOWN):
            return Unreachable("Container engine cannot be reached", detail)
        kind = _Absent if any(word in lower for word in _ABSENT) else Refused
        return kind("A container engine refuses this", detail)


class _Absent(Refused):
    """What was asked for is not there."""


class _Containers:
    def __init__(self, engine: CommandEngine) -> None:
        self._engine = engine

    def inspect(self, name: str) -> ContainerInfo | None:
        """See dockerengine.Containers, here and below."""
        found = self._engine.find("container", "inspect", name)
        return None if found is None else container_info(found)

    def create(self, name: str, spec: ContainerSpec) -> ContainerInfo:
        self._engine.run("create", *creation(name, spec), more=spec.environment)
        made = self.inspect(name)
        if made is None:
            raise Refused(
                "Container disappeared after its creation",
                f"{name} was created, but does not exist. Look into the logs of the engine.",
            )
        return made

    def start(self, name: str) -> None:
        self._engine.run("start", name)

    def stop(self, name: str, grace: int = 10) -> None:
        self._engine.run("stop", "--time", str(grace), name)

    def unpause(self, name: str) -> None:
        self._engine.run("unpause", name)

    def remove(self, name: str, *, force: bool = False) -> bool:
        return _there(lambda: self._engine.run("rm", *(["--force"] if force else []), name))

    def rename(self, name: str, new: str) -> None:
        self._engine.run("rename", name, new)

    def update(self, name: str, *, restart_policy: str) -> None:
        self._engine.run("update", "--restart", restart_policy, name)

    def logs(self, name: str, tail: int = 50) -> str:
        return self._engine.run("logs", "--tail", str(tail), name)

    def write_files(self, name: str, directory: str, files: "Mapping[str, FileContent]") -> None:
        with scratch() as folder:
            for path, content in files.items():
                place = Path(folder, path)
                place.parent.mkdir(parents=True, exist_ok=True)
                descriptor = os.open(place, os.O_WRONLY | os.O_CREAT, content.mode)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(content.data)
            self._engine.run("cp", f"{folder}/.", f"{name}:{directory}")

    def read_file(self, name: str, path: str) -> bytes | None:
        with scratch() as folder:
            copy = Path(folder, "copy")
            try:
                self._engine.run("cp", f"{name}:{path}", str(copy))
            except _Absent:
                return None
            return copy.read_bytes()


def creation(name: str, spec: ContainerSpec) -> Iterator[str]:
    """The arguments that make a container; values of variables stay out of the process list."""
    yield from ("--name", name)
    for key, value in sorted(spec.labels.items()):
        yield from ("--label", f"{key}={value}")
    for key in sorted(spec.environment):
        yield from ("--env", key)
    for mount in spec.mounts:
        yield from ("--volume", _volume(mount))
    if spec.privileged:
        yield "--privileged"
    if spec.init:
        yield "--init"
    for option in spec.security_options:
        yield from ("--security-opt", option)
    if spec.network:
        yield from ("--network", spec.network)
    yield from _limits(spec)
    yield from ("--restart", spec.restart_policy)
    yield spec.image
    yield from spec.command or ()


def _limits(spec: ContainerSpec) -> Iterator[str]:
    if spec.resources.memory:
        yield from ("--memory", str(spec.resources.memory))
    if spec.resources.cpu_quota:
        yield from ("--cpu-quota", str(spec.resources.cpu_quota))
        yield from ("--cpu-period", str(spec.resources.cpu_period))


def _volume(mount: Mount) -> str:
    return f"{mount.source}:{mount.target}" + (":ro" if mount.read_only else "")


class _Volumes:
    def __init__(self, engine: CommandEngine) -> None:
        self._engine = engine

    def inspect(self, name: str) -> VolumeInfo | None:
        found = self._engine.find("volume", "inspect", name)
        return None if found is None else volume_info(found)

    def create(self, name: str, labels: Mapping[str, str]) -> None:
        if self.inspect(name) is None:
            marks = [part for k, v in sorted(labels.items()) for part in ("--label", f"{k}={v}")]
            self._engine.run("volume", "create", *marks, name)

    def remove(self, name: str) -> bool:
        return _there(lambda: self._engine.run("volume", "rm", name))


class _Images:
    def __init__(self, engine: CommandEngine) -> None:
        self._engine = engine

    def inspect(self, image: str) -> ImageInfo | None:
        found = self._engine.find("image", "inspect", image)
        return None if found is None else image_info(found)

    def pull(self, image: str, credentials: Any) -> None:
        """The command logs in by itself, as its user did."""
        del credentials
        self._engine.run("pull", "--quiet", image)


def _there(remove: Callable[[], object]) -> bool:
    try:
        remove()
    except _Absent:
        return False
    return True
