"""Types of builders: one module each, and one row here."""

from typing import Final

from envdplan.drivers import (
    docker_container,
    kube_pod,
    moby_worker,
    nerdctl_container,
    podman_container,
    remote,
    ssh,
)
from envdplan.drivers.base import Driver

DRIVERS: Final[tuple[Driver, ...]] = (
    docker_container.DRIVER,
    kube_pod.DRIVER,
    moby_worker.DRIVER,
    nerdctl_container.DRIVER,
    podman_container.DRIVER,
    ssh.DRIVER,
    remote.TCP,
    remote.UNIX,
)

LATER: Final[tuple[str, ...]] = ()
"""Types of the language that this version does not have yet."""


def driver(name: str) -> Driver | None:
    """The driver whose type is called `name`."""
    return next((one for one in DRIVERS if one.type.name == name), None)
