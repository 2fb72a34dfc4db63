"""The files of builds as inputs; their digests are kept from run to run."""

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from envdplan.frontends.base import Source
from envdplan.states.observed import Input

_DIGEST_BYTES: Final = 16


class Sources:
    """Reads sources; equal ones are read once in a run."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._lock = threading.Lock()
        self._known: dict[Source, tuple[Input, ...]] = {}

    def inputs(self, source: Source) -> tuple[Input, ...]:
        """Every file of `source` as an input. Raises EnvdplanError when it cannot be read."""
        with self._lock:
            known = self._known.get(source)
        if known is None:
            known = self.fresh(source)
            with self._lock:
                self._known[source] = known
        return known

    def fresh(self, source: Source) -> tuple[Input, ...]:
        """As `inputs`, but looking again."""
        raise NotImplementedError

    def close(self) -> None:
        """Keep the digests for the next run."""


def signature(path: str) -> str | None:
    """What tells whether a result is the one that was made: size and time; None if it is gone."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return "directory" if Path(path).is_dir() else f"{found.st_size} bytes, {found.st_mtime_ns}"
