"""Types of builders: one module each, and one row here."""

from typing import Final

from envdplan.resources.builders import moby_worker, remote, ssh
from envdplan.resources.builders.base import Driver
from envdplan.resources.builders.container import (
    docker_container,
    nerdctl_container,
    podman_container,
)
from envdplan.resources.builders.kubernetes import kube_pod
from envdplan.resources.builders.nodes import with_nodes

DRIVERS: Final[tuple[Driver, ...]] = (
    with_nodes(docker_container.DRIVER),
    with_nodes(kube_pod.DRIVER),
    moby_worker.DRIVER,
    with_nodes(nerdctl_container.DRIVER),
    with_nodes(podman_container.DRIVER),
    with_nodes(ssh.DRIVER),
    with_nodes(remote.TCP),
    with_nodes(remote.UNIX),
)

LATER: Final[tuple[str, ...]] = ()
"""Types of the language that this version does not have yet."""


def driver(name: str) -> Driver | None:
    """The driver whose type is called `name`."""
    return next((one for one in DRIVERS if one.type.name == name), None)
