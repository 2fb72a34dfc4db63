"""Registries on a loopback port: plain http, or https with a CA of its own and a password."""

import base64
import contextlib
import http.client
import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.provision import processes
from scripts.provision.binaries import small_binaries
from scripts.provision.certificates import issue, make_authority

USERNAME = "envdplan"
PASSWORD = "throw-away"  # of a registry that listens on the loopback for the time of a test run
# docker-registry takes bcrypt only, which the standard library lost: PASSWORD, hashed once.
_HTPASSWD = f"{USERNAME}:$2b$04$f69N1Ag18c7g4XcaWI/cYu76Dhhxb5.kkZ5s0f8DYwtIbYL7yVt5m\n"


@dataclass(frozen=True, slots=True)
class Registry:
    """`address` is host:port as in image names; the rest is set for the https flavour only."""

    address: str
    url: str
    ca: str | None = None
    username: str | None = None
    password: str | None = None


def start_plain(state: Path, name: str = "registry-plain") -> Registry:
    """Start a registry that speaks plain http and lets everybody push and delete."""
    port = processes.free_port()
    registry = Registry(f"127.0.0.1:{port}", f"http://127.0.0.1:{port}")
    _start(state, name, registry, http={})
    return registry


def start_tls(state: Path, name: str = "registry-tls") -> Registry:
    """Start a registry that speaks https only and asks for USERNAME and PASSWORD."""
    port = processes.free_port()
    authority = make_authority(state / f"{name}-keys", "envdplan registry CA")
    pair = issue(authority, "server", "serverAuth")
    (state / f"{name}-keys" / "htpasswd").write_text(_HTPASSWD)
    registry = Registry(
        f"127.0.0.1:{port}",
        f"https://127.0.0.1:{port}",
        str(authority.ca.certificate),
        USERNAME,
        PASSWORD,
    )
    tls = {"tls": {"certificate": str(pair.certificate), "key": str(pair.key)}}
    _start(state, name, registry, http=tls)
    return registry


def answers(registry: Registry) -> bool:
    """Whether GET /v2/ is answered with 200, with the credentials where there are some."""
    with contextlib.suppress(OSError, http.client.HTTPException):
        connection = connect(registry)
        connection.request("GET", "/v2/", headers=authorization(registry))
        return connection.getresponse().status == http.client.OK
    return False


def connect(registry: Registry) -> http.client.HTTPConnection:
    """A connection that trusts the registry's own CA."""
    if registry.ca is None:
        return http.client.HTTPConnection(registry.address, timeout=30)
    trust = ssl.create_default_context(cafile=registry.ca)
    return http.client.HTTPSConnection(registry.address, timeout=30, context=trust)


def authorization(registry: Registry) -> dict[str, str]:
    """The header for basic authentication, or nothing."""
    if registry.username is None:
        return {}
    pair = f"{registry.username}:{registry.password}".encode()
    return {"Authorization": "Basic " + base64.b64encode(pair).decode()}


def _start(state: Path, name: str, registry: Registry, http: Mapping[str, object]) -> None:
    auth = {"auth": {"htpasswd": {"realm": "envdplan", "path": f"{state}/{name}-keys/htpasswd"}}}
    config = {
        "version": "0.1",
        "log": {"level": "warn", "accesslog": {"disabled": True}},
        "storage": {
            "filesystem": {"rootdirectory": str(state / name)},
            "delete": {"enabled": True},
        },
        "http": {"addr": registry.address, **http},
        **(auth if registry.username else {}),
    }
    path = state / f"{name}.yml"
    path.write_text(json.dumps(config, indent=1))  # JSON is YAML
    command = [str(small_binaries() / "docker-registry"), "serve", str(path)]
    daemon = processes.spawn(state, name, command)
    processes.wait_ready(daemon, lambda: answers(registry))
