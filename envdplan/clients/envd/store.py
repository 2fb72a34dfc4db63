"""envd's context store as one value that is read and changed as a whole.

envd takes no lock, truncates the file and writes it in four pieces (1.3.6, pkg/home/context.go).
So a read waits for a writer to finish, and a change looks for writes of envd before, during and
after its own.
"""

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from envdplan.clients.envd.contextfile import DecodedContexts, encode, inspect
from envdplan.clients.envd.contexts import DEFAULT, ContextSet, rebase, survives
from envdplan.clients.envd.gobwire import CorruptGob
from envdplan.clients.envd.lock import exclusive
from envdplan.clients.envd.storefile import (
    make_directories,
    open_store,
    read_open,
    read_store,
    replace_store,
)
from envdplan.ground.diagnostics import Conflict, CorruptFile, Diagnostic, EnvdplanError

_ATTEMPTS = 20
_PAUSE = 0.01

Transform = Callable[[ContextSet], ContextSet]


@dataclass(frozen=True, slots=True)
class StoredContexts:
    """A store as it was read. `digest` is of its bytes, and empty when there is no file."""

    contexts: ContextSet
    digest: str
    exists: bool
    warnings: tuple[Diagnostic, ...] = ()


def default_path(environ: Mapping[str, str]) -> Path:
    """Where envd keeps its contexts: below HOME; it ignores XDG_CONFIG_HOME.

    Raises EnvdplanError when HOME is not set, as envd does not start then either.
    """
    home = environ.get("HOME")
    if not home:
        raise EnvdplanError(
            "HOME is not set",
            "envd keeps its contexts in $HOME/.config/envd/contexts. Set HOME, or name the store.",
        )
    return Path(home) / ".config" / "envd" / "contexts"


def lock_path(path: Path) -> Path:
    """The lock file for the store `path`; envd knows nothing of it."""
    return path.with_name(f"{path.name}.lock")


@dataclass(frozen=True, slots=True)
class ContextStore:
    """The store in the file `path`. Times are in seconds."""

    path: Path
    lock_timeout: float = 10.0
    patience: float = 1.0
    """How long a file that breaks off may be one that envd is still writing."""
    settle: float = 0.05
    """How long after a write to look again: envd writes what it read some 5 ms earlier, or more
    on a busy machine."""

    def read(self) -> StoredContexts:
        """What the store holds; a missing file stands for envd's default. Writes nothing.

        Raises CorruptFile when envd could not read it either, EnvdplanError when it is out of
        reach.
        """
        data, decoded = self._look()
        digest = "" if data is None else f"sha256:{hashlib.sha256(data).hexdigest()}"
        return StoredContexts(decoded.contexts, digest, data is not None, decoded.warnings)

    def change(self, transform: Transform) -> ContextSet:
        """Store what `transform` makes of the contexts, and return it.

        `transform` is called again when envd writes meanwhile, so it must be pure; what it raises
        ends the change. The result holds what envd added after our write, too. Nothing is written
        when nothing changes. Raises Conflict when the lock or the store does not come to rest,
        Refused for contexts that envd cannot keep, CorruptFile and EnvdplanError as `read`; an
        error leaves the last good store in place.
        """
        _, decoded = self._look()
        if not decoded.outdated and transform(decoded.contexts) == decoded.contexts:
            return decoded.contexts  # needs no lock, and so no writable directory either
        real = Path(os.path.realpath(self.path))
        make_directories(real.parent)
        try:
            with exclusive(lock_path(real), timeout=self.lock_timeout):
                return self._change(_Attempt(real, transform, self.patience, self.settle))
        except CorruptGob as error:
            raise corrupt(self.path, error) from error

    def _look(self) -> tuple[bytes | None, DecodedContexts]:
        try:
            return read_patiently(lambda: read_store(self.path), self.patience)
        except CorruptGob as error:
            raise corrupt(self.path, error) from error

    def _change(self, attempt: "_Attempt") -> ContextSet:
        for _ in range(_ATTEMPTS):
            if (done := attempt.once()) is not None:
                return done
        raise Conflict(
            "envd's context store keeps changing",
            f"Other processes changed {self.path} during each of {_ATTEMPTS} attempts to write "
            "it. End them and try again.",
        )


def read_patiently(
    fetch: Callable[[], bytes | None], patience: float
) -> tuple[bytes | None, DecodedContexts]:
    """The bytes that `fetch` gives and the contexts in them; None stands for the default.

    Fetches again for `patience` seconds while they break off, as they do under envd's hands.
    Raises CorruptGob when they are wrong, or break off to the end.
    """
    until = time.monotonic() + patience
    while True:
        data = fetch()
        if data is None:
            return None, DecodedContexts(DEFAULT)
        try:
            return data, inspect(data)
        except CorruptGob as error:
            if not error.truncated or time.monotonic() >= until:
                raise
        time.sleep(_PAUSE)


def corrupt(path: Path, error: CorruptGob) -> CorruptFile:
    """The error for a store that holds bytes which envd cannot read."""
    return CorruptFile(
        "envd's context store cannot be read",
        f"{path}: {error.reason}. No envd command works until it is repaired: `envdplan context "
        "repair` keeps the broken file, saves the contexts that can still be read, and writes "
        "a good store.",
    )


class _Attempt:
    """Tries to make one change; remembers what envd wrote into files that ours had replaced."""

    def __init__(self, real: Path, transform: Transform, patience: float, settle: float) -> None:
        self._real = real
        self._transform = transform
        self._patience = patience
        self._settle = settle
        self._late: list[tuple[ContextSet, ContextSet]] = []
        self._made: tuple[ContextSet, ContextSet] | None = None

    def once(self) -> ContextSet | None:
        """Read, transform, write and look again. None: somebody wrote meanwhile, start over."""
        old = open_store(self._real)
        try:
            return self._change(old)
        finally:
            if old is not None:
                os.close(old)

    def _change(self, old: int | None) -> ContextSet | None:
        before, decoded = self._read(old)
        wanted = self._wanted(decoded.contexts)
        if wanted == decoded.contexts and not decoded.outdated:
            return wanted
        data = encode(wanted)
        if not replace_store(self._real, data, unless=lambda: read_store(self._real) != before):
            return None
        self._made = (decoded.contexts, wanted)
        time.sleep(self._settle)
        if old is not None and read_open(old, self._real) != before:
            # envd had the old file open when ours took its place: its change is only there.
            self._late.append((decoded.contexts, self._read(old)[1].contexts))
            return None
        _, newest = read_patiently(lambda: read_store(self._real), self._patience)
        return newest.contexts if survives(*self._made, newest.contexts) else None

    def _wanted(self, newest: ContextSet) -> ContextSet:
        # What envd wrote late is a change to what it knew: it may have written again since.
        for known, made in self._late:
            newest = rebase(newest, known, made)
        if self._made is not None and survives(*self._made, newest):
            return newest
        return self._transform(newest)

    def _read(self, old: int | None) -> tuple[bytes | None, DecodedContexts]:
        return read_patiently(
            lambda: None if old is None else read_open(old, self._real), self._patience
        )
