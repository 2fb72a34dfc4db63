"""Which Docker Engine is meant, decided as the docker command decides it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, urlsplit

from envdplan.clients.docker.contexts import DockerContext, current_context, read_context
from envdplan.clients.registry.credentials import docker_directory
from envdplan.ground.diagnostics import EnvdplanError

DEFAULT_URL: Final = "unix:///var/run/docker.sock"
_PLAIN_PORT: Final = 2375
_TLS_PORT: Final = 2376


class BadEndpoint(EnvdplanError):
    """The address of an engine that cannot be used as it is written."""


@dataclass(frozen=True, slots=True)
class TLS:
    """Files for TLS with an engine; `ca` None means the system's authorities."""

    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    verify: bool = True
    """Whether the engine's certificate is checked."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an engine listens; `source` says in words who said so."""

    url: str
    tls: TLS | None
    source: str
    is_podman: bool = False
    """Whether Podman answers there, which has other advice when it does not."""

    @property
    def scheme(self) -> str:
        """One of unix, tcp, ssh."""
        return urlsplit(self.url).scheme

    @property
    def path(self) -> str:
        """The path of a unix socket (here, or behind ssh), or nothing."""
        return urlsplit(self.url).path

    @property
    def host(self) -> str:
        """The host's name or address of tcp and ssh; an IPv6 address has no brackets."""
        return urlsplit(self.url).hostname or ""

    @property
    def port(self) -> int | None:
        """The port; tcp always has one, ssh only where it was given."""
        return urlsplit(self.url).port

    @property
    def user(self) -> str | None:
        """The user of ssh where it was given."""
        return urlsplit(self.url).username

    def __str__(self) -> str:
        return f"{self.url} ({self.source})"


def resolve(environment: Mapping[str, str], host: str | None = None) -> Endpoint:
    """The engine that `host` (an address, or a Docker context's name) or else `environment` names.

    The order is the docker command's: host, DOCKER_HOST (with DOCKER_TLS, DOCKER_TLS_VERIFY and
    DOCKER_CERT_PATH), DOCKER_CONTEXT, currentContext of config.json, the default socket.
    Reads files below Docker's configuration directory only; opens no connection.
    Raises BadEndpoint, UnknownContext, CorruptFile.
    """
    directory = docker_directory(environment)
    if host:
        if _is_address(host):
            return _address(host, environment, "from host")
        return _context(directory, host, environment, f'Docker context "{host}", from host')
    if address := environment.get("DOCKER_HOST"):
        return _address(address, environment, "from DOCKER_HOST")
    if name := environment.get("DOCKER_CONTEXT"):
        return _context(
            directory, name, environment, f'Docker context "{name}", from DOCKER_CONTEXT'
        )
    if name := current_context(directory):
        source = f'Docker context "{name}", the current one of {directory / "config.json"}'
        return _context(directory, name, environment, source)
    return Endpoint(DEFAULT_URL, None, "the default")


def _is_address(host: str) -> bool:
    return "://" in host or host.startswith("/")


def _context(directory: Path, name: str, environment: Mapping[str, str], source: str) -> Endpoint:
    """`default` is no entry of the store: it means DOCKER_HOST or the default socket."""
    if name == "default":
        return _address(environment.get("DOCKER_HOST") or DEFAULT_URL, environment, source)
    found = read_context(directory, name)
    return _endpoint(found.host or DEFAULT_URL, source, lambda: _context_tls(found))


def _address(url: str, environment: Mapping[str, str], source: str) -> Endpoint:
    return _endpoint(url, source, lambda: _environment_tls(environment))


def _endpoint(url: str, source: str, tls: Callable[[], TLS | None]) -> Endpoint:
    parts = _split(url, source)
    match parts.scheme:
        case "unix":
            return _unix(parts, source)
        case "tcp":
            return _tcp(parts, source, tls())
        case "ssh":
            return _ssh(parts, source)
        case _:
            raise _bad(url, source, "it should begin with unix://, tcp:// or ssh://")


def _split(url: str, source: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError as error:
        raise _bad(url, source, str(error)) from None
    if parts.password or parts.query or parts.fragment:
        raise _bad(url, source, "a password, query or fragment is not allowed here")
    return parts


def _unix(parts: SplitResult, source: str) -> Endpoint:
    if parts.netloc or not parts.path.startswith("/"):
        raise _bad(parts.geturl(), source, "the path of the socket should be absolute")
    return Endpoint(f"unix://{parts.path}", None, source)


def _tcp(parts: SplitResult, source: str, tls: TLS | None) -> Endpoint:
    if not parts.hostname or parts.username or parts.path not in ("", "/"):
        raise _bad(parts.geturl(), source, "it should be tcp://HOST:PORT")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    port = parts.port or (_TLS_PORT if tls else _PLAIN_PORT)
    return Endpoint(f"tcp://{host}:{port}", tls, source)


def _ssh(parts: SplitResult, source: str) -> Endpoint:
    if not parts.hostname:
        raise _bad(parts.geturl(), source, "it should be ssh://USER@HOST")
    return Endpoint(parts.geturl().rstrip("/"), None, source)


def _context_tls(context: DockerContext) -> TLS | None:
    """A context uses TLS when it holds files for it, or says not to verify."""
    tls = _tls(context.tls_directory, verify=not context.skip_tls_verify)
    return tls if tls != TLS() else None


def _environment_tls(environment: Mapping[str, str]) -> TLS | None:
    """Any non-empty value switches on; DOCKER_TLS alone does so without verification."""
    verify = bool(environment.get("DOCKER_TLS_VERIFY"))
    if not verify and not environment.get("DOCKER_TLS"):
        return None
    given = environment.get("DOCKER_CERT_PATH")
    tls = _tls(Path(given) if given else docker_directory(environment), verify=verify)
    if given and verify and tls.ca is None:
        raise BadEndpoint(
            "Certificate authority of the engine is missing",
            f"DOCKER_TLS_VERIFY is set, and DOCKER_CERT_PATH is {given}, but there is no ca.pem in "
            "it. Put it there, or correct DOCKER_CERT_PATH.",
        )
    return tls


def _tls(directory: Path, *, verify: bool) -> TLS:
    """The files have the names that the docker command gives them."""
    paths = [directory / name for name in ("ca.pem", "cert.pem", "key.pem")]
    ca, certificate, key = (path if path.exists() else None for path in paths)
    return TLS(ca, certificate, key, verify)


def _bad(url: str, source: str, why: str) -> BadEndpoint:
    shown = re.sub(r"//[^/@]*@", "//", url)  # what stands there may be a password
    return BadEndpoint(
        "Invalid Docker Engine address",
        f'"{shown}" ({source}) cannot be used: {why}. '
        f"Examples: {DEFAULT_URL}, tcp://192.0.2.1:2376, ssh://user@host.",
    )
