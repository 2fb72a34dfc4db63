"""What an engine says of itself."""

from dataclasses import dataclass
from typing import Final

from envdplan.clients.docker.reply import Reply

_SNAPSHOTTER: Final = "io.containerd.snapshotter"


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """An engine: versions, platform, and what decides on abilities of its BuildKit."""

    id: str
    version: str
    api_version: str
    os: str
    architecture: str
    """In Go's words: amd64, arm64."""
    storage_driver: str
    containerd_store: bool
    """Images are kept by containerd: its BuildKit can push, and export OCI archives."""
    cgroup_driver: str
    cgroup_version: str
    rootless: bool
    userns: bool
    """Containers run in a user namespace unless told otherwise (userns-remap)."""
    mirrors: tuple[str, ...] = ()
    """URLs of registries that are asked before Docker Hub."""


def engine_info(info: Reply, version: Reply) -> EngineInfo:
    """The answers of GET /info and GET /version (Docker Engine API, "System")."""
    security = {one.partition(",")[0] for one in info.texts("SecurityOptions")}
    driver_type = info.rows("DriverStatus").get("driver-type", "")
    return EngineInfo(
        id=info.text("ID"),
        version=version.text("Version"),
        api_version=version.text("ApiVersion"),
        os=version.text("Os"),
        architecture=version.text("Arch"),
        storage_driver=info.text("Driver"),
        containerd_store=driver_type.startswith(_SNAPSHOTTER),
        cgroup_driver=info.text("CgroupDriver"),
        cgroup_version=info.text("CgroupVersion"),
        rootless="name=rootless" in security,
        userns="name=userns" in security,
        mirrors=info.part("RegistryConfig").texts("Mirrors"),
    )
