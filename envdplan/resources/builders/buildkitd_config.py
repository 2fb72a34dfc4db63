"""buildkitd.toml: its schema, and the files that have to go where the daemon runs.

Certificates and keys are read on this machine and copied beside buildkitd.toml. Their names there
hold a digest of their content, so that a renewed certificate is a difference.
"""

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from envdplan.ground.attributes import Attribute, JsonSchema
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.values import Attributes, Sensitive, Value, reveal

DIRECTORY: Final = "/etc/buildkit"
CONFIG_FILE: Final = "buildkitd.toml"
PEM: Final = "-----BEGIN"
"""How a PEM text starts, which stands where the name of a file could."""

_LARGEST: Final = 1024 * 1024
_NAMES: Final[JsonSchema] = {"type": "array", "items": {"type": "string"}}
_FLAG: Final[JsonSchema] = {"type": "boolean"}
_TEXT: Final[JsonSchema] = {"type": "string"}
_COUNT: Final[JsonSchema] = {"type": "integer", "minimum": 0}
_SIZE: Final[JsonSchema] = {
    "type": ["string", "integer"],
    "description": 'bytes, a size such as "20GB", or a share of the disk such as "10%"',
}
_DURATION: Final[JsonSchema] = {
    "type": ["string", "integer"],
    "description": 'seconds, or a duration such as "48h"',
}


def _object(description: str, properties: Mapping[str, JsonSchema]) -> JsonSchema:
    return {
        "type": "object",
        "additionalProperties": False,
        "description": description,
        "properties": properties,
    }


def _file(what: str) -> JsonSchema:
    return {
        "type": "string",
        "minLength": 1,
        "x-path": True,
        "description": f"{what}: a file of this machine, or the PEM text itself",
    }


_REGISTRY: Final[JsonSchema] = _object(
    "One registry",
    {
        "mirrors": {
            **_NAMES,
            "description": "Mirrors to ask first, in this order, as HOST[:PORT][/PATH]",
        },
        "http": {**_FLAG, "description": "Talk plain HTTP"},
        "insecure": {**_FLAG, "description": "Do not check its certificate"},
        "ca": {
            "type": "array",
            "items": _file("Certificates to trust"),
            "description": "Certificates to trust for it",
        },
        "keypair": {
            "type": "array",
            "items": {
                **_object(
                    "A client certificate",
                    {"key": _file("The key"), "cert": _file("The certificate")},
                ),
                "required": ["key", "cert"],
            },
            "description": "Client certificates for it",
        },
    },
)
_POLICY: Final[JsonSchema] = _object(
    "One rule of garbage collection",
    {
        "all": {**_FLAG, "description": "Also internal and frontend images"},
        "filters": {**_NAMES, "description": "Which records it is for"},
        "keepDuration": {**_DURATION, "description": "How long records are kept"},
        "keepBytes": {**_SIZE, "description": "Former name of reservedSpace"},
        "reservedSpace": {**_SIZE, "description": "Amount of cache that is never removed"},
        "maxUsedSpace": {**_SIZE, "description": "How much is used at most"},
        "minFreeSpace": {**_SIZE, "description": "Amount of disk space to keep free"},
    },
)
_WORKER: Final[Mapping[str, JsonSchema]] = {
    "enabled": _FLAG,
    "platforms": {**_NAMES, "description": "Platforms to build for, besides its own"},
    "snapshotter": _TEXT,
    "rootless": _FLAG,
    "noProcessSandbox": _FLAG,
    "gc": {**_FLAG, "description": "Collect garbage at all"},
    "gckeepstorage": _SIZE,
    "reservedSpace": _SIZE,
    "maxUsedSpace": _SIZE,
    "minFreeSpace": _SIZE,
    "gcpolicy": {"type": "array", "items": _POLICY, "description": "Rules, in this order"},
    "max-parallelism": {**_COUNT, "description": "Limit on concurrent build steps"},
    "cniPoolSize": _COUNT,
    "networkMode": _TEXT,
    "cniConfigPath": _TEXT,
    "cniBinaryPath": _TEXT,
    "apparmor-profile": _TEXT,
    "selinux": _FLAG,
    "binary": _TEXT,
    "defaultCgroupParent": _TEXT,
    "proxySnapshotterPath": _TEXT,
    "labels": {"type": "object", "additionalProperties": _TEXT},
}
_FRONTEND: Final[JsonSchema] = _object(
    "One frontend", {"enabled": _FLAG, "allowedRepositories": _NAMES}
)

_TABLES: Final[JsonSchema] = _object(
    "buildkitd.toml",
    {
        "debug": {**_FLAG, "description": "Log more"},
        "trace": {**_FLAG, "description": "Log everything, contents too"},
        "insecure-entitlements": {
            "type": "array",
            "items": {"type": "string"},
            "description": "Entitlements that builds may ask for, such as network.host",
        },
        "log": _object("Logging", {"format": {"type": "string", "enum": ["json", "text"]}}),
        "dns": _object(
            "Name servers of build steps",
            {"nameservers": _NAMES, "options": _NAMES, "searchDomains": _NAMES},
        ),
        "history": _object("Records of former builds", {"maxAge": _DURATION, "maxEntries": _COUNT}),
        "otel": _object("Traces", {"socketPath": _TEXT}),
        "cdi": _object("Devices", {"disabled": _FLAG, "specDirs": _NAMES, "autoAllowed": _NAMES}),
        "system": _object("The system", {"platformsCacheMaxAge": _DURATION}),
        "worker": _object(
            "What runs build steps",
            {
                "oci": _object("The runc worker", _WORKER),
                "containerd": _object(
                    "The containerd worker",
                    {
                        **_WORKER,
                        "address": _TEXT,
                        "namespace": _TEXT,
                        "runtime": {"type": "object"},
                    },
                ),
            },
        ),
        "registry": {
            "type": "object",
            "x-labels": True,
            "description": "Settings of one registry, by its HOST:PORT",
            "additionalProperties": _REGISTRY,
        },
        "frontend": {
            "type": "object",
            "x-labels": True,
            "description": "Settings of one frontend, such as dockerfile.v0 and gateway.v0",
            "additionalProperties": _FRONTEND,
        },
    },
)
CONFIG: Final = Attribute("buildkitd.toml", _TABLES)


@dataclass(frozen=True, slots=True)
class Rendered:
    """buildkitd.toml, and the files it names; keys of `files` are names within its folder."""

    toml: bytes
    files: Mapping[str, bytes]
    sources: Mapping[str, Value]
    """What each of the files was in the configuration: a path of this machine, or a PEM text."""


def render(config: Attributes, directory: str = DIRECTORY) -> Rendered:
    """buildkitd.toml for a daemon that finds its files in `directory`.

    Raises EnvdplanError when a certificate or key cannot be read.
    """
    import tomli_w

    files: dict[str, bytes] = {}
    sources: dict[str, Value] = {}
    plain = _plain(config)
    for registry, settings in sorted((plain.get("registry") or {}).items()):
        for holder, key, value in _material(settings):
            name, content = _copied(registry, value)
            files[name] = content
            sources[f"{directory}/{name}"] = _original(config, registry, value)
            holder[key] = f"{directory}/{name}"
    return Rendered(tomli_w.dumps(plain).encode(), files, sources)


def parsed(toml: bytes, wanted: Attributes | None, directory: str = DIRECTORY) -> Value:
    """A daemon's buildkitd.toml in the words of the schema.

    Copies of the files in `wanted` are told as those files again; another content is told by the
    name of the copy, and so is a difference.
    """
    try:
        found = tomllib.loads(toml.decode("utf-8", "replace"))
    except tomllib.TOMLDecodeError:
        return {"unreadable": True}  # another one than any that we write
    return _values(found, _sources(wanted, directory) if wanted else {})


def _sources(wanted: Attributes, directory: str) -> Mapping[str, Value]:
    try:
        return render(wanted, directory).sources
    except EnvdplanError:
        return {}  # a file is gone: a difference, and an error for the one who wants to copy it


def _material(settings: dict[str, Value]) -> Iterator[tuple[Value, str | int, str]]:
    """Where the certificates and keys of a registry stand: container, place in it, value."""
    for place, value in enumerate(settings.get("ca") or ()):
        yield settings["ca"], place, value
    for pair in settings.get("keypair") or ():
        for name in ("key", "cert"):
            yield pair, name, pair[name]


def _copied(registry: str, source: str) -> tuple[str, bytes]:
    content = source.encode() if _is_pem(source) else _read(registry, source)
    digest = hashlib.sha256(content).hexdigest()[:16]
    folder = "".join(char if char.isalnum() or char in ".-" else "_" for char in registry)
    return f"certs-{folder}-{digest}.pem", content


def _is_pem(source: str) -> bool:
    return source.lstrip().startswith(PEM)


def _read(registry: str, source: str) -> bytes:
    try:
        with Path(source).open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        raise EnvdplanError(
            "Certificate or key cannot be read",
            f"{source}, for the registry {registry}: {error.strerror}. It is copied to where the "
            "builder runs.",
        ) from error
    if len(content) > _LARGEST:
        raise EnvdplanError(
            "Certificate or key is too large", f"{source} has more than {_LARGEST >> 20} MiB."
        )
    return content


def _original(config: Attributes, registry: str, value: str) -> Value:
    """The mark of a sensitive PEM text stays with it."""
    given = config["registry"]
    settings = given.value[registry] if isinstance(given, Sensitive) else given[registry]
    is_marked = isinstance(given, Sensitive) or _has_mark(settings, value)
    return Sensitive(value) if is_marked else value


def _has_mark(settings: Value, value: str) -> bool:
    if isinstance(settings, Sensitive):
        return bool(_has_mark(settings.value, value)) or _holds(settings.value, value)
    if isinstance(settings, Mapping):
        return any(_has_mark(one, value) for one in settings.values())
    if isinstance(settings, tuple | list):
        return any(_has_mark(one, value) for one in settings)
    return False


def _holds(part: Value, value: str) -> bool:
    if isinstance(part, Mapping):
        return any(_holds(one, value) for one in part.values())
    if isinstance(part, tuple | list):
        return any(_holds(one, value) for one in part)
    return bool(part == value)


def _plain(config: Attributes) -> dict[str, Value]:
    return dict(_writable(reveal(config)))


def _writable(value: Value) -> Value:
    if isinstance(value, Mapping):
        return {name: _writable(one) for name, one in value.items() if one is not None}
    if isinstance(value, tuple | list):
        return [_writable(one) for one in value]
    return float(value) if isinstance(value, Decimal) else value


def _values(value: object, sources: Mapping[str, Value]) -> Value:
    if isinstance(value, dict):
        return {name: _values(value[name], sources) for name in sorted(value)}
    if isinstance(value, list):
        return tuple(_values(one, sources) for one in value)
    if isinstance(value, float):
        number = Decimal(repr(value))
        return int(number) if number == number.to_integral_value() else number
    return sources.get(value, value) if isinstance(value, str) else value
