"""One build as BuildKit is asked for it: pure data, made by frontends, sent by the client."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class LocalDirectory:
    """A directory of this machine which the builder may read under `name`.

    `path` is absolute, or None where there is the overlay alone. Nothing outside it is ever
    sent; links are sent as links.
    `overlay` holds files that exist only for this build (an inline Dockerfile), by their
    path in the directory; they hide what lies on disk.
    """

    name: str
    path: str | None
    overlay: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    results: tuple[str, ...] = ()
    """Paths in it where the build writes: they are not sent, nor folders for them alone."""


@dataclass(frozen=True, slots=True)
class SecretSource:
    """A secret by its id: read from an environment variable or a file when it is asked for.

    `value` is for secrets that the configuration computes; it is never shown or stored.
    """

    id: str
    env: str | None = None
    file: str | None = None
    value: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """One cache to import or export: `type` is registry, local or inline.

    A local cache lies in the directory `attributes["src"]` or `["dest"]` of this machine.
    """

    type: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Export:
    """One exporter: `type` as BuildKit names it (image, moby, docker, oci, tar, local).

    `destination`: for docker, oci and tar a file, for local a directory, of this machine
    (absolute). docker without a destination is loaded into the Docker Engine by the caller.
    """

    type: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    destination: str | None = None


@dataclass(frozen=True, slots=True)
class SshAgent:
    """What a build may sign with under `id`: the socket of an agent, or files of private keys.

    Without paths it is the user's own agent.
    """

    id: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SolveRequest:
    """Everything a solve needs. `attributes` are the frontend's (filename, build-arg:X, ...)."""

    frontend: str
    attributes: Mapping[str, str]
    directories: tuple[LocalDirectory, ...] = ()
    secrets: tuple[SecretSource, ...] = ()
    ssh: tuple[SshAgent, ...] = ()
    layouts: Mapping[str, str] = field(default_factory=dict)
    """Folders of OCI layouts that the builder may read, by the names of their stores."""
    exports: tuple[Export, ...] = ()
    cache_imports: tuple[CacheEntry, ...] = ()
    cache_exports: tuple[CacheEntry, ...] = ()
    entitlements: tuple[str, ...] = ()
    shared_key: str = ""
    """Names the source between builds, so that an unchanged one is not sent twice."""


@dataclass(frozen=True, slots=True)
class SolveResult:
    """What exporters answered, such as `containerimage.digest`, and what they wrote."""

    response: Mapping[str, str]
    written: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By folder of this machine: the relative paths of what was written there."""
