"""Standalone buildkitd daemons: on a unix socket, on plain tcp, on tcp with mutual TLS."""

import contextlib
import json
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scripts.provision import processes
from scripts.provision.binaries import search_path, small_binaries
from scripts.provision.buildkit_source import buildkit_binaries
from scripts.provision.certificates import issue, make_authority
from scripts.provision.registry import Registry
from scripts.provision.report import ServiceError


@dataclass(frozen=True, slots=True)
class Buildkitd:
    """A running buildkitd. The files are set where the client must show a certificate."""

    address: str
    root: str
    config: str
    ca: str | None = None
    certificate: str | None = None
    key: str | None = None


def start_unix(state: Path, registries: Sequence[Registry]) -> Buildkitd:
    """Start a buildkitd on a unix socket of its folder."""
    folder = _folder(state, "buildkitd-unix")
    daemon = _described(folder, f"unix://{folder}/buildkitd.sock")
    _start(state, daemon, registries, [])
    return daemon


def start_tcp(state: Path, registries: Sequence[Registry]) -> Buildkitd:
    """Start a buildkitd on a loopback port that everybody may use."""
    folder = _folder(state, "buildkitd-tcp")
    daemon = _described(folder, f"tcp://127.0.0.1:{processes.free_port()}")
    _start(state, daemon, registries, [])
    return daemon


def start_mtls(state: Path, registries: Sequence[Registry]) -> Buildkitd:
    """Start a buildkitd on a loopback port that asks for a certificate of its own CA."""
    folder = _folder(state, "buildkitd-mtls")
    authority = make_authority(folder / "keys", "envdplan buildkitd CA")
    server = issue(authority, "server", "serverAuth")
    client = issue(authority, "client", "clientAuth")
    daemon = replace(
        _described(folder, f"tcp://127.0.0.1:{processes.free_port()}"),
        ca=str(authority.ca.certificate),
        certificate=str(client.certificate),
        key=str(client.key),
    )
    flags = ["--tlscacert", str(authority.ca.certificate)]
    flags += ["--tlscert", str(server.certificate), "--tlskey", str(server.key)]
    _start(state, daemon, registries, flags)
    return daemon


def answers(daemon: Buildkitd) -> bool:
    """Whether buildctl lists at least one worker."""
    if not processes.connects(daemon.address):
        return False  # buildctl itself would try for many seconds
    flags: list[str] = []
    if daemon.ca and daemon.certificate and daemon.key:
        flags = ["--tlscacert", daemon.ca, "--tlscert", daemon.certificate]
        flags += ["--tlskey", daemon.key]
    command = [str(buildkit_binaries() / "buildctl"), "--addr", daemon.address, *flags]
    with contextlib.suppress(subprocess.TimeoutExpired):
        done = subprocess.run(
            [*command, "debug", "workers"], capture_output=True, text=True, timeout=10, check=False
        )
        return done.returncode == 0 and "linux/" in done.stdout
    return False


def _folder(state: Path, name: str) -> Path:
    if os.geteuid() != 0:
        raise ServiceError("Starting buildkitd needs root.", "Run the command as root.")
    folder = state / name
    folder.mkdir(exist_ok=True)
    return folder


def _described(folder: Path, address: str) -> Buildkitd:
    return Buildkitd(address, str(folder / "root"), str(folder / "buildkitd.toml"))


def _start(
    state: Path, daemon: Buildkitd, registries: Sequence[Registry], flags: Sequence[str]
) -> None:
    Path(daemon.config).write_text(_config(registries))
    binaries = buildkit_binaries()
    command = [str(binaries / "buildkitd"), "--config", daemon.config, "--root", daemon.root]
    process = processes.spawn(
        state,
        Path(daemon.config).parent.name,
        [*command, "--addr", daemon.address, *flags],
        search_path(binaries, small_binaries()),
    )
    processes.wait_ready(process, lambda: answers(daemon))


def _config(registries: Sequence[Registry]) -> str:
    """buildkitd.toml: the oci worker with runc, and how to speak to each registry.

    buildkitd takes plain http for 127.0.0.1 unless `http` says otherwise, even with a CA.
    """
    lines = ["[worker.containerd]", "enabled = false", "[worker.oci]", "enabled = true"]
    for registry in registries:
        lines += [f"[registry.{json.dumps(registry.address)}]"]
        lines += [f"http = {'false' if registry.ca else 'true'}"]
        lines += [f"ca = [{json.dumps(registry.ca)}]"] if registry.ca else []
    return "\n".join(lines) + "\n"
