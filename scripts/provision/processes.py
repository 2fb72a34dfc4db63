"""Daemons that outlive the command which starts them, recorded so that another can stop them."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts.provision.report import ServiceError


@dataclass(frozen=True, slots=True)
class Daemon:
    """A started process. `started` (clock ticks since boot) tells it from a later one that was
    given the same pid.
    """

    name: str
    pid: int
    started: int
    log: str


def spawn(
    folder: Path, name: str, command: Sequence[str], env: Mapping[str, str] | None = None
) -> Daemon:
    """Start a daemon in its own session, its output in `folder`/NAME.log, and record it there."""
    log = folder / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    stat = _stat(process.pid)
    daemon = Daemon(name, process.pid, stat[1] if stat else 0, str(log))
    records = folder / "daemons"
    records.mkdir(exist_ok=True)
    (records / f"{name}.json").write_text(json.dumps(asdict(daemon)))
    return daemon


def recorded(folder: Path) -> list[Daemon]:
    """The daemons that were started in a state folder, running or not."""
    records = sorted((folder / "daemons").glob("*.json"))
    return [Daemon(**json.loads(path.read_text())) for path in records]


def forget(folder: Path, daemon: Daemon) -> None:
    """Drop the record of a daemon that was stopped."""
    (folder / "daemons" / f"{daemon.name}.json").unlink(missing_ok=True)


def alive(daemon: Daemon) -> bool:
    """Whether the very process runs (a zombie does not)."""
    stat = _stat(daemon.pid)
    return stat is not None and stat[0] not in "ZX" and stat[1] == daemon.started


def stop(daemon: Daemon, grace_seconds: float = 15.0) -> None:
    """End a daemon and its process group: SIGTERM, after the grace SIGKILL."""
    for number, seconds in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, 5.0)):
        if not alive(daemon):
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(daemon.pid, number)
        _wait(lambda: not alive(daemon), seconds)


def wait_ready(daemon: Daemon, answers: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until a daemon answers. Raises ServiceError with the end of its log otherwise."""
    _wait(lambda: answers() or not alive(daemon), seconds)
    if alive(daemon) and answers():
        return
    lines = Path(daemon.log).read_text(errors="replace").splitlines()[-12:]
    state = f"did not answer within {seconds:.0f} s" if alive(daemon) else "ended"
    raise ServiceError(f"{daemon.name} {state}.", "\n".join([f"From {daemon.log}:", *lines]))


def free_port() -> int:
    """A port of the loopback address that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def connects(address: str) -> bool:
    """Whether somebody accepts connections on unix://PATH or tcp://127.0.0.1:PORT."""
    scheme, _, rest = address.partition("://")
    family = socket.AF_UNIX if scheme == "unix" else socket.AF_INET
    host, _, port = rest.partition(":")
    with contextlib.suppress(OSError), socket.socket(family) as probe:
        probe.settimeout(1.0)
        probe.connect(rest if scheme == "unix" else (host, int(port)))
        return True
    return False


def processes_with(argument: str) -> list[int]:
    """Pids of the processes that were started with exactly this argument (shims of an engine)."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            with contextlib.suppress(OSError):
                words = (entry / "cmdline").read_bytes().split(b"\0")
                found += [int(entry.name)] if os.fsencode(argument) in words else []
    return found


def children(pid: int) -> list[int]:
    """The descendants of a process, the nearest first."""
    found: list[int] = []
    with contextlib.suppress(OSError):
        for path in Path(f"/proc/{pid}/task").glob("*/children"):
            for child in map(int, path.read_text().split()):
                found += [child, *children(child)]
    return found


def _wait(done: Callable[[], bool], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not done() and time.monotonic() < deadline:
        time.sleep(0.05)


def _stat(pid: int) -> tuple[str, int] | None:
    """State letter and start time of a process (proc(5): fields 3 and 22)."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return fields[0], int(fields[19])
