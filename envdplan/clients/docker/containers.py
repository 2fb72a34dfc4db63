"""Containers of an engine: one call each, typed on both sides."""

import time
from collections.abc import Callable, Collection, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from envdplan.clients.docker.archives import FileContent, pack, unpack_file
from envdplan.clients.docker.container import (
    ContainerInfo,
    ContainerSpec,
    ContainerSummary,
    Resources,
    RestartPolicy,
    container_info,
    container_summary,
    creation,
)
from envdplan.clients.docker.missing import Missing
from envdplan.clients.docker.reply import Reply
from envdplan.ground.diagnostics import Unreachable

if TYPE_CHECKING:
    from envdplan.clients.docker.client import Api

Doing = Callable[[str], "AbstractContextManager[Api]"]
"""Opens the API for one action, named in words, and translates what it raises."""

_POLL: Final = 0.05
_CHUNK: Final = 64 * 1024
_FILE_LIMIT: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Created:
    """A new container, and what the engine warned of."""

    id: str
    warnings: tuple[str, ...]


class Containers:
    """All methods raise Unreachable, Conflict or Refused; Missing (a Refused) when it is gone."""

    def __init__(self, doing: Doing) -> None:
        self._doing = doing

    def inspect(self, name: str) -> ContainerInfo | None:
        """The container, or None when the engine says that there is none."""
        try:
            with self._doing(f'inspect the container "{name}"') as api:
                return container_info(Reply.of(api.inspect_container(name)))
        except Missing:
            return None

    def labelled(self, label: str) -> tuple[ContainerSummary, ...]:
        """Containers in any state with `label` (`key` or `key=value`), sorted by name."""
        with self._doing("list containers") as api:
            found = api.containers(all=True, filters={"label": label})
        return tuple(
            sorted((container_summary(Reply.of(one)) for one in found), key=lambda one: one.name)
        )

    def create(self, name: str, spec: ContainerSpec) -> Created:
        """Create, do not start. Missing: the image is not there; Conflict: the name is taken."""
        with self._doing(f'create the container "{name}"') as api:
            answer = api.create_container_from_config(creation(spec), name)  # type: ignore[no-untyped-call]  # no stub
        reply = Reply.of(answer)
        return Created(reply.text("Id"), reply.texts("Warnings"))

    def start(self, name: str) -> None:
        """Start; a running one stays as it is."""
        with self._doing(f'start the container "{name}"') as api:
            api.start(name)

    def stop(self, name: str, grace: int = 10) -> None:
        """Stop, by force after `grace` seconds; a stopped one stays as it is."""
        with self._doing(f'stop the container "{name}"') as api:
            api.stop(name, timeout=grace)

    def unpause(self, name: str) -> None:
        """Let a paused container go on."""
        with self._doing(f'unpause the container "{name}"') as api:
            api.unpause(name)

    def pause(self, name: str) -> None:
        """Freeze a running container."""
        with self._doing(f'pause the container "{name}"') as api:
            api.pause(name)

    def remove(self, name: str, *, force: bool = False) -> bool:
        """Remove it and its anonymous volumes, a running one only by `force`.

        Whether it was there.
        """
        try:
            with self._doing(f'remove the container "{name}"') as api:
                api.remove_container(name, v=True, force=force)
        except Missing:
            return False
        return True

    def rename(self, name: str, new: str) -> None:
        """Give it another name. Conflict: that is taken."""
        with self._doing(f'rename the container "{name}"') as api:
            api.rename(name, new)

    def update(
        self,
        name: str,
        *,
        restart_policy: RestartPolicy | None = None,
        resources: Resources | None = None,
    ) -> None:
        """Change what can be changed in place. Limits of 0 or "" stay as they are (Engine API)."""
        limits = resources or Resources()
        with self._doing(f'update the container "{name}"') as api:
            api.update_container(
                name,
                restart_policy={"Name": restart_policy} if restart_policy else None,  # type: ignore[arg-type]  # stub: two of four
                mem_limit=limits.memory or None,
                memswap_limit=limits.memory_swap or None,
                cpu_shares=limits.cpu_shares or None,
                cpu_period=limits.cpu_period or None,
                cpu_quota=limits.cpu_quota or None,
                cpuset_cpus=limits.cpuset_cpus or None,
                cpuset_mems=limits.cpuset_mems or None,
            )

    def logs(self, name: str, tail: int = 50) -> str:
        """The last lines of what it wrote, standard output and error together."""
        with self._doing(f'show the logs of the container "{name}"') as api:
            return api.logs(name, stdout=True, stderr=True, tail=tail).decode("utf-8", "replace")

    def write_files(self, name: str, directory: str, files: Mapping[str, FileContent]) -> None:
        """Put files below an existing `directory` of the container, which need not run."""
        archive = pack(files)
        with self._doing(f'write files into the container "{name}"') as api:
            api.put_archive(name, directory, archive)

    def read_file(self, name: str, path: str, limit: int = _FILE_LIMIT) -> bytes | None:
        """A regular file of the container; None when the path, or the container, is not there.

        Raises Refused for another kind of file, or one of more than `limit` bytes.
        """
        try:
            with (
                self._doing(f'read a file of the container "{name}"') as api,
                api.open_archive(name, path) as response,
            ):
                return unpack_file(response.iter_content(_CHUNK), limit)
        except Missing:
            return None

    def wait_for(self, name: str, states: Collection[str], timeout: float) -> ContainerInfo | None:
        """Wait until it is in one of `states` (None when it is gone); `timeout` in seconds.

        Raises Unreachable when the time is over.
        """
        deadline = time.monotonic() + timeout
        while (info := self.inspect(name)) is not None and info.state not in states:
            if time.monotonic() > deadline:
                raise _late(info, states, timeout)
            time.sleep(_POLL)
        return info


def _late(info: ContainerInfo, states: Collection[str], timeout: float) -> Unreachable:
    return Unreachable(
        "Container did not start or stop in time",
        f'The container "{info.name}" is {info.state} and did not become '
        f"{' or '.join(sorted(states))} within {timeout:g} s. See `docker logs {info.name}`.",
    )
