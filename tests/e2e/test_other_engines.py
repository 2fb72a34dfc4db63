"""Builders behind ssh, Podman's API and a command of nerdctl's kind: whole lives, real builds."""

import asyncio
import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from tests.e2e.conftest import Project, Registry

pytestmark = [pytest.mark.docker, pytest.mark.buildkit, pytest.mark.registry]
Docker = Callable[..., str]

HEAD = """
variable "registry" {}
variable "project" {}
variable "buildkit_image" {}

envdplan { context_store = "../contexts" }
"""

BUILD = """
context "c" {
  builder         = builder.b
  envd_compatible = false
  use     = true
}

build "x" {
  path              = "app"
  dockerfile_inline = "FROM ${var.registry}/lib/busybox:1\\nRUN date > /when\\n"
  tags              = ["${var.registry}/${var.project}/x:1"]
  push              = true
}
"""

CONTAINER = """
builder "b" {
  type    = "TYPE"
  name    = "${var.project}-builder"
  image   = var.buildkit_image
  network = "host"
  env     = { TOKEN = sensitive("t0p-secret") }
  config {
    registry = { (var.registry) = { http = true } }
  }
  MORE
}
"""


@pytest.fixture
def here(project: Project) -> Iterator[Project]:
    (project.folder / "app").mkdir()
    yield project
    project.run("destroy", "--auto-approve")


def live(project: Project, registry: Registry) -> str:
    """Apply, a second plan, a change, its removal; the name in the registry."""
    name = f"{project.environment['ENVDPLAN_VAR_project']}/x"
    done = project.apply()
    assert registry.digest(name, "1"), done.text
    project.assert_settled()
    return name


def test_a_command_of_nerdctls_kind(
    here: Project, registry: Registry, docker: Docker, services: Mapping[str, Any], tmp_path: Path
) -> None:
    # docker's own command speaks the language that nerdctl copies.
    log = tmp_path / "log"
    program = tmp_path / "nerdctl"
    host = services["engines"]["containerd"]["host"]
    program.write_text(
        f'#!/bin/sh\necho "$@" >> {log}\n'
        f'DOCKER_HOST={host} exec {services["programs"]["docker"]} "$@"\n'
    )
    program.chmod(0o755)
    more = f'program = "{program}"'
    here.write(HEAD + CONTAINER.replace("TYPE", "nerdctl-container").replace("MORE", more) + BUILD)
    live(here, registry)
    builder = f"{here.environment['ENVDPLAN_VAR_project']}-builder"
    assert "t0p-secret" not in log.read_text()
    docker("stop", builder)
    plan = here.plan()
    assert 'status = "exited" -> "running"' in plan.out, plan.text
    here.apply()
    here.assert_settled()
    assert here.run("destroy", "--auto-approve").code == 0
    assert builder not in docker("ps", "-a", "--format", "{{.Names}}")
    assert builder not in docker("volume", "ls", "--format", "{{.Name}}")


@dataclass(frozen=True)
class Podman:
    """A real Podman with a storage of its own."""

    socket: Path
    command: tuple[str, ...]
    environment: Mapping[str, str]

    def run(self, *arguments: str) -> str:
        return subprocess.run(
            [*self.command, *arguments],
            env=dict(self.environment),
            check=True,
            capture_output=True,
            text=True,
        ).stdout


@pytest.fixture
def podman(tmp_path: Path, services: Mapping[str, Any], docker: Docker) -> Iterator[Podman]:
    program = shutil.which("podman")
    assert program is not None, "scripts/services.py installs podman"
    configuration = tmp_path / "containers.conf"
    # Debian's crun refuses hybrid cgroups, and limits above the machine's own.
    configuration.write_text(
        '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]\n'
        '[engine]\ncgroup_manager = "cgroupfs"\nevents_logger = "file"\nruntime = "runc"\n'
        f'[engine.runtimes]\nrunc = ["{services["programs"]["runc"]}"]\n'
    )
    short = Path(tempfile.mkdtemp(prefix="pod-"))  # podman takes 50 characters at most
    root, run, socket = tmp_path / "root", short / "run", short / "podman.sock"
    one = Podman(
        socket,
        (program, "--root", str(root), "--runroot", str(run), "--storage-driver", "vfs"),
        {
            "CONTAINERS_CONF": str(configuration),
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
        },
    )
    archive = tmp_path / "buildkit.tar"
    docker("save", services["images"]["buildkit"], "-o", str(archive))
    one.run("load", "-i", str(archive))
    command = [*one.command, "system", "service", "--time", "0", f"unix://{socket}"]
    with subprocess.Popen(command, env=dict(one.environment)) as service:
        try:
            until = time.monotonic() + 120
            while not socket.exists() and time.monotonic() < until:
                time.sleep(0.05)
            yield one
            one.run("rm", "--all", "--force")
        finally:
            service.terminate()
        shutil.rmtree(short, ignore_errors=True)


def test_a_real_podman(here: Project, registry: Registry, podman: Podman) -> None:
    del here.environment["DOCKER_HOST"]
    here.environment["CONTAINER_HOST"] = f"unix://{podman.socket}"
    here.environment["ENVDPLAN_VAR_buildkit_image"] = (
        f"docker.io/{here.environment['ENVDPLAN_VAR_buildkit_image']}"
    )
    here.write(HEAD + CONTAINER.replace("TYPE", "podman-container").replace("MORE", "") + BUILD)
    live(here, registry)
    builder = f"{here.environment['ENVDPLAN_VAR_project']}-builder"
    assert builder in podman.run("ps", "--format", "{{.Names}}")
    podman.run("stop", builder)
    plan = here.plan()
    assert 'status = "exited" -> "running"' in plan.out, plan.text
    here.apply()
    here.assert_settled()
    assert here.run("destroy", "--auto-approve").code == 0
    assert builder not in podman.run("ps", "-a", "--format", "{{.Names}}")
    assert builder not in podman.run("volume", "ls", "--format", "{{.Name}}")


def test_a_missing_engine_is_no_missing_builder(here: Project) -> None:
    text = CONTAINER.replace("TYPE", "nerdctl-container")
    here.write(HEAD + text.replace("MORE", 'program = "/no/such/nerdctl"'))
    plan = here.plan()
    assert "? builder.b (nerdctl-container)\n      cannot be decided now" in plan.out
    assert "Install it, or name it with program" in " ".join(plan.err.split())
    here.environment["CONTAINER_HOST"] = "unix:///no/such/podman.sock"
    here.write(HEAD + CONTAINER.replace("TYPE", "podman-container").replace("MORE", ""))
    plan = here.plan()
    assert "? builder.b (podman-container)\n      cannot be decided now" in plan.out


class SshServer:
    """A real ssh server on loopback that runs what it is asked to."""

    def __init__(self, folder: Path, path: str) -> None:
        self._folder, self._path = folder, path
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._key = asyncssh.generate_private_key("ssh-ed25519")
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> int:
        user = asyncssh.generate_private_key("ssh-ed25519")
        user.write_private_key(str(self._folder / "key"))
        (self._folder / "key").chmod(0o600)
        user.write_public_key(str(self._folder / "authorized"))
        self._thread.start()
        assert self._ready.wait(10)
        public = self._key.export_public_key().decode().strip()
        (self._folder / "known").write_text(f"[127.0.0.1]:{self.port} {public}\n")
        return int(self.port)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stopping = asyncio.Event()
        server = await asyncssh.create_server(
            asyncssh.SSHServer,
            "127.0.0.1",
            0,
            server_host_keys=[self._key],
            authorized_client_keys=str(self._folder / "authorized"),
            process_factory=self._process,
            encoding=None,
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopping.wait()
        server.close()
        await server.wait_closed()

    async def _process(self, process: "asyncssh.SSHServerProcess[bytes]") -> None:
        local = await asyncio.create_subprocess_shell(
            process.command or "true",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"PATH": self._path},
        )
        await process.redirect(stdin=local.stdin, stdout=local.stdout, stderr=local.stderr)
        process.exit(await local.wait())
        await process.wait_closed()


@pytest.fixture
def ssh_server(tmp_path: Path, services: Mapping[str, Any]) -> Iterator[tuple[Path, int]]:
    folder = tmp_path / "ssh"
    folder.mkdir()
    buildctl = Path(services["programs"]["buildctl"])
    server = SshServer(folder, os.pathsep.join([str(buildctl.parent), os.environ["PATH"]]))
    port = server.start()
    (folder / "config").write_text(
        f"Host farm\n  HostName 127.0.0.1\n  Port {port}\n  User someone\n"
        f"  IdentityFile {folder}/key\n  UserKnownHostsFile {folder}/known\n"
        "  IdentitiesOnly yes\n"
    )
    yield folder, port
    server.stop()


def test_a_builder_behind_ssh(
    here: Project, registry: Registry, services: Mapping[str, Any], ssh_server: tuple[Path, int]
) -> None:
    folder, _ = ssh_server
    socket = services["buildkitds"]["unix"]["address"].removeprefix("unix://")
    text = f"""
builder "b" {{
  type        = "ssh"
  address     = "farm"
  socket      = "{socket}"
  config_file = "{folder}/config"
}}
"""
    here.write(HEAD + text + BUILD)
    live(here, registry)
    here.write(HEAD + text.replace(socket, "/no/such.sock") + BUILD)
    plan = here.plan("-replace", "build.x")
    assert "? builder.b (ssh), build.x (dockerfile)\n      cannot be decided now" in plan.out, (
        plan.text
    )
    assert "no such file" in " ".join(plan.err.split()), plan.text


def test_ssh_says_why_it_gets_nowhere(here: Project, ssh_server: tuple[Path, int]) -> None:
    folder, _ = ssh_server
    (folder / "known").write_text("")
    text = f"""
builder "b" {{
  type        = "ssh"
  address     = "farm"
  config_file = "{folder}/config"
}}
"""
    here.write(HEAD + text)
    plan = here.plan()
    assert "Host key verification failed" in " ".join(plan.err.split()), plan.text
