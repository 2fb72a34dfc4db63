"""From attributes to a container, and from a live container to attributes. Pure."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from envdplan.clients.docker.archives import FileContent
from envdplan.clients.docker.container import ContainerInfo, ContainerSpec, Mount, Resources
from envdplan.ground.values import Attributes, Sensitive, Value, reveal, walk
from envdplan.resources.builders.buildkitd_config import CONFIG_FILE, DIRECTORY, parsed, render
from envdplan.resources.builders.container.container_schema import by_target
from envdplan.resources.builders.ownership import Owner

_ENV: Final = "dev.envdplan.env"
_HIDDEN: Final = "dev.envdplan.hidden-env"
_LABELS: Final = "dev.envdplan.labels"
"""Labels of our own beside the mark of the owner: the names of what the configuration set."""

_OWN: Final = "dev.envdplan."
CONFIG_PATH: Final = f"{DIRECTORY}/{CONFIG_FILE}"
_STATE_PATH: Final = "/var/lib/buildkit"
_ROOTLESS_STATE_PATH: Final = "/home/user/.local/share/buildkit"
_PERIOD: Final = 100_000
"""Microseconds, Docker's own for --cpus."""


def volume_name(attributes: Attributes) -> str:
    """The volume that keeps the cache over stop, restart and update."""
    return str(attributes.get("state_volume") or f"{attributes['name']}-state")


def spec_of(attributes: Attributes, owner: Owner, *, init: bool) -> ContainerSpec:
    """The container that `attributes` ask for."""
    plain = reveal(attributes)
    env, labels = plain.get("env") or {}, plain.get("labels") or {}
    config = ("--config", CONFIG_PATH) if plain.get("config") else ()
    names = {
        _ENV: ",".join(sorted(env)),
        _HIDDEN: ",".join(_secret_names(attributes.get("env"))),
        _LABELS: ",".join(sorted(labels)),
    }
    return ContainerSpec(
        image=plain["image"],
        command=(*config, *(plain.get("flags") or ())),
        environment=env,
        labels={**labels, **owner.labels(), **names},
        mounts=(
            Mount("volume", volume_name(plain), state_path(plain["image"])),
            *(_mount(one) for one in plain.get("mounts") or ()),
        ),
        network=plain.get("network") or "",
        privileged=plain["privileged"],
        init=init or None,
        restart_policy=plain["restart"],
        security_options=() if plain["privileged"] else _UNCONFINED,
        resources=_resources(plain),
    )


def _secret_names(env: Value) -> list[str]:
    if isinstance(env, Sensitive):
        return sorted(env.value)
    return sorted(name for name, value in (env or {}).items() if isinstance(value, Sensitive))


_UNCONFINED: Final = ("seccomp=unconfined", "apparmor=unconfined")
"""What a rootless buildkitd needs (moby/buildkit, docs/rootless.md)."""


def state_path(image: str) -> str:
    """Where buildkitd keeps its state; rootless images keep it in the user's home."""
    return _ROOTLESS_STATE_PATH if is_rootless(image) else _STATE_PATH


def is_rootless(image: str) -> bool:
    """Whether it is one of BuildKit's images for a user without rights, by its name."""
    return image.partition("@")[0].endswith("rootless")


def config_files(attributes: Attributes) -> dict[str, FileContent]:
    """The files of `config` by their paths in the container."""
    made_of = render(attributes["config"])
    # Only buildkitd sees the container's files, but as which user?
    mode = 0o644 if is_rootless(str(attributes["image"])) else 0o600
    files = {CONFIG_FILE: FileContent(made_of.toml, 0o644)}
    files |= {name: FileContent(pem, mode) for name, pem in made_of.files.items()}
    folder = DIRECTORY.lstrip("/")
    return {f"{folder}/{path}": one for path, one in files.items()}


def _mount(one: Attributes) -> Mount:
    source, target = str(one["source"]), str(one["target"])
    kind = "bind" if source.startswith(("/", ".", "~")) else "volume"
    if kind == "bind":
        return Mount("bind", source, target, bool(one.get("read_only")))
    return Mount("volume", source, target, bool(one.get("read_only")))


def _resources(plain: Attributes) -> Resources:
    cpus = plain.get("cpus")
    quota = int(Decimal(cpus) * _PERIOD) if cpus else 0
    return Resources(
        memory=plain.get("memory") or 0, cpu_period=_PERIOD if quota else 0, cpu_quota=quota
    )


def live_attributes(
    info: ContainerInfo, wanted: Attributes, config: bytes | None
) -> dict[str, Value]:
    """A live container in the words of the schema; what only behaves is taken from `wanted`."""
    spec = info.spec
    flags = list(spec.command or ())
    if flags[:2] == ["--config", CONFIG_PATH]:
        flags = flags[2:]
    return {
        **wanted,
        "name": info.name,
        "address": info.name,
        "image": spec.image,
        "network": _network(spec.network, wanted),
        "env": _environment(spec, wanted.get("env")),
        "labels": _named(_foreign(spec.labels), spec.labels.get(_LABELS), wanted.get("labels")),
        "cpus": _cpus(spec.resources),
        "memory": spec.resources.memory or None,
        "restart": spec.restart_policy,
        "mounts": tuple(_live_mounts(spec)),
        "privileged": spec.privileged,
        "flags": tuple(flags),
        "config": None if config is None else parsed(config, wanted.get("config")),
        "status": info.state,
    }


def _network(live: str, wanted: Attributes) -> str | None:
    """Docker's own choice counts as none, where none is wanted."""
    usual = live in ("", "default", "bridge")
    return None if usual and wanted.get("network") is None else live


def _environment(spec: ContainerSpec, wanted: Value) -> dict[str, Value]:
    """What is or was secret stays so, though the container shows it."""
    found = _named(spec.environment, spec.labels.get(_ENV), wanted)
    secret = (spec.labels.get(_HIDDEN) or "").split(",")
    return {
        name: Sensitive(value) if name in secret and not isinstance(value, Sensitive) else value
        for name, value in found.items()
    }


def _foreign(labels: Mapping[str, str]) -> Mapping[str, str]:
    return {name: value for name, value in labels.items() if not name.startswith(_OWN)}


def _named(live: Mapping[str, str], set_by_us: str | None, wanted: Value) -> dict[str, Value]:
    """What we set, or want to: the image's own environment and labels are no difference."""
    wishes = wanted.value if isinstance(wanted, Sensitive) else wanted or {}
    names = {*(set_by_us or "").split(","), *wishes}
    return {
        name: Sensitive(value) if isinstance(wishes.get(name), Sensitive) else value
        for name, value in sorted(live.items())
        if name in names
    }


def _cpus(resources: Resources) -> int | Decimal | None:
    if not resources.cpu_quota:
        return None
    cpus = Decimal(resources.cpu_quota) / (resources.cpu_period or _PERIOD)
    return int(cpus) if cpus == cpus.to_integral_value() else cpus


def _live_mounts(spec: ContainerSpec) -> list[Attributes]:
    own = {_STATE_PATH, _ROOTLESS_STATE_PATH}
    found: list[Attributes] = [
        {"read_only": one.read_only, "source": one.source, "target": one.target}
        for one in spec.mounts
        if one.target not in own
    ]
    return sorted(found, key=by_target)


def without_secrets(text: str, attributes: Attributes) -> str:
    """`text` of a container's log with every sensitive value of ours replaced by its sign."""
    for _, part in walk(attributes):
        if isinstance(part, Sensitive):
            for _, inner in walk(part.value):
                if isinstance(inner, str) and inner:
                    text = text.replace(inner, str(part))
    return text
