"""Private Docker Engines: own containerd, own folders, own socket, own bridge.

Several run beside each other, and beside the machine's own Docker, in the host's network
namespace, so that 127.0.0.1 means the same for tests, engines and `--network host` containers.
What makes that possible:
- `bridge` names a bridge made here. (With "none" dockerd deletes docker0, whosever it is.)
- The packet filter and forwarding are left alone: containers on the bridge reach the host by the
  bridge's address and nothing beyond it.
- containerd is started here too; dockerd would use a system-wide one where it finds it.
"""

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scripts.provision import apt, processes
from scripts.provision.binaries import engine_binaries, search_path
from scripts.provision.cache import cache_root, locked
from scripts.provision.report import ServiceError

Store = Literal["containerd", "graphdriver"]
_LONGEST_SOCKET = 100  # sockaddr_un holds 107 characters


@dataclass(frozen=True, slots=True)
class Engine:
    """A running Docker Engine. `bridge_address` is the host's address for its containers."""

    host: str
    socket: str
    store: Store
    bridge: str
    bridge_address: str
    root: str


def start_engine(state: Path, store: Store) -> Engine:
    """Start an engine that keeps images in containerd's store or by the old graph driver.

    Raises ServiceError where the machine does not allow it; needs root.
    """
    require_root(state)
    apt.ensure_commands({"ip": "iproute2"})
    folder = state / f"engine-{store}"
    folder.mkdir(exist_ok=True)
    _start_containerd(state, folder, store)
    bridge, address = _make_bridge(folder)
    engine = Engine(
        host=f"unix://{folder}/docker.sock",
        socket=str(folder / "docker.sock"),
        store=store,
        bridge=bridge,
        bridge_address=address,
        root=str(folder),
    )
    _start_dockerd(state, engine)
    return engine


def require_root(state: Path) -> None:
    """Raise ServiceError where engines cannot be started at all, or not in this folder."""
    if os.geteuid() != 0:
        raise ServiceError("Starting a Docker Engine needs root.", "Run the command as root.")
    longest = len(str(state / "engine-graphdriver" / "containerd.sock.ttrpc"))
    if longest > _LONGEST_SOCKET:
        raise ServiceError(
            "The path of the state folder is too long for unix sockets.",
            f"{state} leads to sockets of {longest} characters; use a shorter folder.",
        )


def ping(path: str) -> bool:
    """Whether an engine answers GET /_ping on a unix socket."""
    with (
        contextlib.suppress(OSError, http.client.HTTPException),
        socket.socket(socket.AF_UNIX) as channel,
    ):
        channel.settimeout(5.0)
        channel.connect(path)
        channel.sendall(b"GET /_ping HTTP/1.0\r\nHost: docker\r\n\r\n")
        return b" 200 " in channel.recv(64)
    return False


def docker(host: str, *arguments: str, timeout: float = 120.0, program: str | None = None) -> str:
    """Run the docker command against an engine and return what it prints.

    `program` is another docker than ours. Raises ServiceError with what it says on stderr.
    """
    program = program or str(engine_binaries() / "docker")
    try:
        done = subprocess.run(
            [program, "-H", host, *arguments],
            env=search_path() | {"DOCKER_CONFIG": str(cache_root() / "docker-config")},
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ServiceError(f"docker {arguments[0]} failed.", str(error)) from error
    if done.returncode != 0:
        raise ServiceError(f"docker {arguments[0]} failed.", done.stderr.strip())
    return done.stdout.strip()


def stop_containers(folder: Path) -> None:
    """Kill and remove every container, so that nothing holds mounts when dockerd has ended."""
    host = f"unix://{folder}/docker.sock"
    if not ping(f"{folder}/docker.sock"):
        return
    with contextlib.suppress(ServiceError):
        names = docker(host, "ps", "-aq", timeout=20).split()
        if names:
            docker(host, "rm", "-f", "-v", *names, timeout=60)


def remove_bridge(folder: Path) -> None:
    """Delete the bridge of an engine's folder, if it is there."""
    with contextlib.suppress(ServiceError):
        _ip("link", "delete", _bridge_name(folder))


def _start_containerd(state: Path, folder: Path, store: Store) -> None:
    address = folder / "containerd.sock"
    config = folder / "containerd.toml"
    config.write_text(
        f'version = 2\nroot = "{folder}/containerd"\nstate = "{folder}/run/containerd"\n'
        'disabled_plugins = ["io.containerd.grpc.v1.cri"]\n'
        f'[grpc]\naddress = "{address}"\n'
    )
    binaries = engine_binaries()
    daemon = processes.spawn(
        state,
        f"engine-{store}-containerd",
        [str(binaries / "containerd"), "--config", str(config), "--log-level", "warn"],
        search_path(binaries),
    )
    processes.wait_ready(daemon, lambda: processes.connects(f"unix://{address}"))


def _start_dockerd(state: Path, engine: Engine) -> None:
    root = engine.root
    config = {
        "features": {"containerd-snapshotter": engine.store == "containerd"},
        "hosts": [engine.host],
        "containerd": f"{root}/containerd.sock",
        "data-root": f"{root}/data",
        "exec-root": f"{root}/run",
        "pidfile": f"{root}/docker.pid",
        "bridge": engine.bridge,
        "iptables": False,
        "ip6tables": False,
        "ip-forward": False,
        "ip-masq": False,
        "log-level": "warn",
    }
    path = Path(root, "daemon.json")
    path.write_text(json.dumps(config, indent=1))
    binaries = engine_binaries()
    command = [str(binaries / "dockerd"), "--config-file", str(path)]
    name = f"engine-{engine.store}"
    daemon = processes.spawn(state, name, command, search_path(binaries))
    processes.wait_ready(daemon, lambda: ping(engine.socket))


def _make_bridge(folder: Path) -> tuple[str, str]:
    """Make a bridge named after the folder in the first free 10.213.N.0/24."""
    name = _bridge_name(folder)
    with locked(cache_root() / "locks" / "bridges"):
        with contextlib.suppress(ServiceError):
            _ip("link", "delete", name)
        used = set(re.findall(r"inet 10\.213\.(\d+)\.", _ip("-4", "addr")))
        number = next(number for number in range(256) if str(number) not in used)
        _ip("link", "add", name, "type", "bridge")
        _ip("addr", "add", f"10.213.{number}.1/24", "dev", name)
        _ip("link", "set", name, "up")
    return name, f"10.213.{number}.1"


def _bridge_name(folder: Path) -> str:
    return f"envdp{zlib.crc32(bytes(folder)):08x}"


def _ip(*arguments: str) -> str:
    done = subprocess.run(
        [apt.find("ip") or "ip", *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise ServiceError(f"ip {' '.join(arguments)} failed.", done.stderr.strip())
    return done.stdout
