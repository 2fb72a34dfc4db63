"""Volumes of an engine."""

from collections.abc import Mapping
from dataclasses import dataclass

from envdplan.clients.docker.containers import Doing
from envdplan.clients.docker.missing import Missing
from envdplan.clients.docker.reply import Reply


@dataclass(frozen=True, slots=True)
class VolumeInfo:
    """A volume that exists."""

    name: str
    driver: str
    labels: Mapping[str, str]
    options: Mapping[str, str]


class Volumes:
    """All methods raise Unreachable, Conflict (in use) or Refused."""

    def __init__(self, doing: Doing) -> None:
        self._doing = doing

    def inspect(self, name: str) -> VolumeInfo | None:
        """The volume, or None when the engine says that there is none."""
        try:
            with self._doing(f'inspect the volume "{name}"') as api:
                return volume_info(Reply.of(api.inspect_volume(name)))
        except Missing:
            return None

    def create(self, name: str, labels: Mapping[str, str]) -> VolumeInfo:
        """Create; one of that name that exists is given back as it is, with its own labels."""
        with self._doing(f'create the volume "{name}"') as api:
            return volume_info(Reply.of(api.create_volume(name, labels=dict(labels))))

    def remove(self, name: str) -> bool:
        """Remove. Whether it was there; Conflict when a container uses it."""
        try:
            with self._doing(f'remove the volume "{name}"') as api:
                api.remove_volume(name)
        except Missing:
            return False
        return True

    def labelled(self, label: str) -> tuple[VolumeInfo, ...]:
        """Volumes with `label` (`key` or `key=value`), sorted by name."""
        with self._doing("list volumes") as api:
            reply = Reply.of(api.volumes(filters={"label": label}))
        return tuple(sorted(map(volume_info, reply.parts("Volumes")), key=lambda one: one.name))


def volume_info(reply: Reply) -> VolumeInfo:
    """The answer of GET /volumes/{name}."""
    return VolumeInfo(
        name=reply.text("Name"),
        driver=reply.text("Driver"),
        labels=reply.table("Labels"),
        options=reply.table("Options"),
    )
