"""Stop what a state folder records and leave the machine as it was.

Works from the records and folders alone, so that a start that died half-way is cleaned too.
"""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import zlib
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from scripts.provision import engine, processes
from scripts.provision.cache import cache_root
from scripts.provision.processes import Daemon
from scripts.provision.report import ServiceError, step

T = TypeVar("T")


def state_lock(state: Path) -> Path:
    """The lock of a state folder: outside of it, since the folder comes and goes."""
    return cache_root() / "locks" / f"state-{zlib.crc32(bytes(state)):08x}"


def tear_down(state: Path) -> None:
    """Stop every daemon of a state folder and remove the folder; nothing where none is there.

    Raises ServiceError where something cannot be stopped or unmounted.
    """
    if not (state / "daemons").is_dir():
        return
    with step(f"Stopping the services of {state}"):
        engines = sorted(state.glob("engine-*/"))
        _each(engine.stop_containers, engines)
        _stop_daemons(processes.recorded(state))
        for folder in engines:
            _kill_shims(folder)
            engine.remove_bridge(folder)
        _unmount_below(state)
        _remove(state)


def _each(action: Callable[[T], None], items: Iterable[T]) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(action, items))


def _stop_daemons(daemons: list[Daemon]) -> None:
    """Stop dockerd before its containerd: it still speaks to it."""
    _each(processes.stop, [one for one in daemons if not one.name.endswith("-containerd")])
    _each(processes.stop, [one for one in daemons if one.name.endswith("-containerd")])
    left = [one.name for one in daemons if processes.alive(one)]
    if left:
        raise ServiceError(f"{', '.join(left)} cannot be stopped.", "Look for what holds it.")


def _kill_shims(folder: Path) -> None:
    """Containers that dockerd did not end: their shims carry the address of our containerd."""
    for shim in processes.processes_with(f"{folder}/containerd.sock"):
        for pid in [*processes.children(shim), shim]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


def _unmount_below(state: Path) -> None:
    """Detach mounts in the folder, the deepest first (proc(5): mountinfo escapes by octal)."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [_unescaped(line.split()[4]) for line in lines]
    for point in sorted((one for one in points if one.startswith(f"{state}/")), reverse=True):
        subprocess.run(["umount", "-l", point], capture_output=True, check=False)


def _unescaped(path: str) -> str:
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), path)


def _remove(state: Path) -> None:
    try:
        shutil.rmtree(state)
    except OSError as error:
        raise ServiceError(f"{state} cannot be removed.", str(error)) from error
