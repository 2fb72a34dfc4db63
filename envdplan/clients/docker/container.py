"""Containers as data: what to create, and what an engine says of one that exists."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from envdplan.clients.docker.reply import Reply

Json = dict[str, object]
RestartPolicy = Literal["no", "always", "unless-stopped", "on-failure"]


@dataclass(frozen=True, slots=True)
class Mount:
    """A volume (`source` is its name), a directory of the engine's host, or memory."""

    type: Literal["volume", "bind", "tmpfs"]
    source: str
    target: str
    read_only: bool = False


@dataclass(frozen=True, slots=True)
class PublishedPort:
    """A TCP port of the container that is reachable at a port of the host."""

    port: int
    host_port: int
    host_address: str = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Resources:
    """Limits; 0 and empty mean none. Memory in bytes, CPU times in microseconds."""

    memory: int = 0
    memory_swap: int = 0
    cpu_shares: int = 0
    cpu_period: int = 0
    cpu_quota: int = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""


@dataclass(frozen=True, slots=True)
class ContainerSpec:
    """What a container is made of. None leaves a thing to the image or the engine."""

    image: str
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    labels: Mapping[str, str] = field(default_factory=dict)
    user: str = ""
    mounts: tuple[Mount, ...] = ()
    ports: tuple[PublishedPort, ...] = ()
    network: str = ""
    extra_hosts: tuple[str, ...] = ()
    privileged: bool = False
    auto_remove: bool = False
    init: bool | None = None
    restart_policy: RestartPolicy = "no"
    userns_mode: str = ""
    cgroup_parent: str = ""
    security_options: tuple[str, ...] = ()
    all_gpus: bool = False
    resources: Resources = Resources()


@dataclass(frozen=True, slots=True)
class ContainerInfo:
    """A container that exists; `spec` is how the engine reads it back, image's defaults merged."""

    id: str
    name: str
    state: str
    """One of created, running, paused, restarting, removing, exited, dead."""
    image_id: str
    exit_code: int
    error: str
    oom_killed: bool
    started_at: str
    restart_count: int
    addresses: Mapping[str, str]
    """IP address by network."""
    spec: ContainerSpec


@dataclass(frozen=True, slots=True)
class ContainerSummary:
    """A container in a list."""

    id: str
    name: str
    state: str
    image: str
    labels: Mapping[str, str]


def creation(spec: ContainerSpec) -> Json:
    """The body of POST /containers/create (Docker Engine API, "Create a container")."""
    return {
        "Image": spec.image,
        "Entrypoint": _list(spec.entrypoint),
        "Cmd": _list(spec.command),
        "Env": [f"{name}={value}" for name, value in sorted(spec.environment.items())],
        "Labels": dict(spec.labels),
        "User": spec.user,
        "ExposedPorts": {f"{one.port}/tcp": {} for one in spec.ports},
        "HostConfig": _host_config(spec),
    }


def _host_config(spec: ContainerSpec) -> Json:
    return {
        "Mounts": [_mount(one) for one in spec.mounts],
        "PortBindings": {f"{one.port}/tcp": [_binding(one)] for one in spec.ports},
        "NetworkMode": spec.network,
        "ExtraHosts": list(spec.extra_hosts),
        "Privileged": spec.privileged,
        "AutoRemove": spec.auto_remove,
        "Init": spec.init,
        "RestartPolicy": {"Name": spec.restart_policy},
        "UsernsMode": spec.userns_mode,
        "CgroupParent": spec.cgroup_parent,
        "SecurityOpt": list(spec.security_options),
        "DeviceRequests": [_ALL_GPUS] if spec.all_gpus else [],
        **limits(spec.resources),
    }


_ALL_GPUS: Json = {"Count": -1, "Capabilities": [["gpu"]]}


def limits(resources: Resources) -> Json:
    """The limits as HostConfig and POST /containers/{id}/update spell them."""
    return {
        "Memory": resources.memory,
        "MemorySwap": resources.memory_swap,
        "CpuShares": resources.cpu_shares,
        "CpuPeriod": resources.cpu_period,
        "CpuQuota": resources.cpu_quota,
        "CpusetCpus": resources.cpuset_cpus,
        "CpusetMems": resources.cpuset_mems,
    }


def _list(words: tuple[str, ...] | None) -> list[str] | None:
    return None if words is None else list(words)


def _mount(one: Mount) -> Json:
    return {
        "Type": one.type,
        "Source": one.source,
        "Target": one.target,
        "ReadOnly": one.read_only,
    }


def _binding(one: PublishedPort) -> Json:
    return {"HostIp": one.host_address, "HostPort": str(one.host_port)}


def container_info(reply: Reply) -> ContainerInfo:
    """The answer of GET /containers/{id}/json."""
    state = reply.part("State")
    networks = reply.part("NetworkSettings").part("Networks")
    addresses = {name: networks.part(name).text("IPAddress") for name in networks.value}
    return ContainerInfo(
        id=reply.text("Id"),
        name=reply.text("Name").removeprefix("/"),
        state=state.text("Status"),
        image_id=reply.text("Image"),
        exit_code=state.number("ExitCode"),
        error=state.text("Error"),
        oom_killed=state.flag("OOMKilled"),
        started_at=state.text("StartedAt"),
        restart_count=reply.number("RestartCount"),
        addresses={name: address for name, address in addresses.items() if address},
        spec=_spec(reply),
    )


def _spec(reply: Reply) -> ContainerSpec:
    config, host = reply.part("Config"), reply.part("HostConfig")
    return ContainerSpec(
        image=config.text("Image"),
        entrypoint=config.texts("Entrypoint"),
        command=config.texts("Cmd"),
        environment=dict(_pair(one) for one in config.texts("Env")),
        labels=config.table("Labels"),
        user=config.text("User"),
        mounts=tuple(_read_mount(one) for one in reply.parts("Mounts")),
        ports=_read_ports(host.part("PortBindings")),
        network=host.text("NetworkMode"),
        extra_hosts=host.texts("ExtraHosts"),
        privileged=host.flag("Privileged"),
        auto_remove=host.flag("AutoRemove"),
        init=host.flag("Init") if host.value.get("Init") is not None else None,
        restart_policy=_read_policy(host.part("RestartPolicy").text("Name")),
        userns_mode=host.text("UsernsMode"),
        cgroup_parent=host.text("CgroupParent"),
        security_options=host.texts("SecurityOpt"),
        all_gpus=any(one.number("Count") == -1 for one in host.parts("DeviceRequests")),
        resources=_read_limits(host),
    )


def _pair(line: str) -> tuple[str, str]:
    name, _, value = line.partition("=")
    return name, value


def _read_mount(reply: Reply) -> Mount:
    target, read_only = reply.text("Destination"), not reply.flag("RW")
    match reply.text("Type"):
        case "volume":
            return Mount("volume", reply.text("Name"), target, read_only)
        case "tmpfs":
            return Mount("tmpfs", "", target, read_only)
        case _:
            return Mount("bind", reply.text("Source"), target, read_only)


def _read_policy(name: str) -> RestartPolicy:
    match name:
        case "always" | "unless-stopped" | "on-failure":
            return name
        case _:
            return "no"


def _read_ports(bindings: Reply) -> tuple[PublishedPort, ...]:
    return tuple(
        PublishedPort(
            int(port.removesuffix("/tcp")), int(one.text("HostPort") or 0), one.text("HostIp")
        )
        for port in bindings.value
        for one in bindings.parts(port)
        if port.endswith("/tcp")
    )


def _read_limits(host: Reply) -> Resources:
    return Resources(
        memory=host.number("Memory"),
        memory_swap=host.number("MemorySwap"),
        cpu_shares=host.number("CpuShares"),
        cpu_period=host.number("CpuPeriod"),
        cpu_quota=host.number("CpuQuota"),
        cpuset_cpus=host.text("CpusetCpus"),
        cpuset_mems=host.text("CpusetMems"),
    )


def container_summary(reply: Reply) -> ContainerSummary:
    """One entry of GET /containers/json."""
    names = reply.texts("Names") or ("",)
    return ContainerSummary(
        id=reply.text("Id"),
        name=names[0].removeprefix("/"),
        state=reply.text("State"),
        image=reply.text("Image"),
        labels=reply.table("Labels"),
    )
