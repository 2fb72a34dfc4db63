"""What is slow to make is made once, in a folder outside the repository.

A finished artifact appears under its final name by a rename, so that a run that dies leaves
nothing half made, and a lock file per artifact lets two runs share the work.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from scripts.provision.report import say

_PATIENCE_SECONDS = 3.0


def cache_root() -> Path:
    """$ENVDPLAN_SERVICES_CACHE, else ~/.cache/envdplan-services."""
    named = os.environ.get("ENVDPLAN_SERVICES_CACHE")
    return Path(named).absolute() if named else Path.home() / ".cache" / "envdplan-services"


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock on a file; it ends with the process, so none can be stale."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        begin = time.monotonic()
        while not _try_lock(file):
            if begin and time.monotonic() - begin > _PATIENCE_SECONDS:
                say(f"waiting for who holds {path}")
                begin = 0.0
            time.sleep(0.05)
        yield


def _try_lock(file: TextIO) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def artifact(name: str, make: Callable[[Path], None]) -> Path:
    """The folder of a finished artifact; `make` fills an empty folder when there is none yet.

    The name carries everything that the content depends on. The folder is renamed when it is
    complete: `make` must not write its path into files.
    """
    final = cache_root() / name
    if final.is_dir():
        return final
    with locked(cache_root() / "locks" / name):
        if not final.is_dir():
            _make(final, make)
    return final


def _make(final: Path, make: Callable[[Path], None]) -> None:
    partial = Path(tempfile.mkdtemp(prefix=f".partial-{final.name}-", dir=final.parent))
    try:
        partial.chmod(0o755)
        make(partial)
        partial.rename(final)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
