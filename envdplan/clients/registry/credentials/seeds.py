"""Random seeds per registry host, shared with buildx, behind the token authority's keys.

The file is BuildKit's (session/auth/authprovider/tokenseed.go): as long as a host's seed stays
the same, a builder may use one session's registry token in the next.
"""

import json
import secrets
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import Final

from envdplan.ground import files_on_disk, jsontext

_SEED_BYTES: Final = 16


class TokenSeeds:
    """The seeds in `directory`/.token_seed. Where it cannot be written, they last as long as we."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._known: dict[str, bytes] = {}
        self._lock = Lock()

    def seed(self, host: str) -> bytes:
        """The seed of `host`, made when there is none. Never sent to anyone."""
        with self._lock:
            if host not in self._known:
                self._known[host] = self._shared(host) or secrets.token_bytes(_SEED_BYTES)
            return self._known[host]

    def _shared(self, host: str) -> bytes | None:
        """The seed of `host` in the file, added if need be; None where files do not work."""
        with suppress(OSError), _locked(self._directory):
            stored = self._read()
            found = _seed(stored.get(host))
            if found is None:
                found = secrets.token_bytes(_SEED_BYTES)
                self._write(stored | {host: {"Seed": b64encode(found).decode()}})
            return found
        return None

    def _read(self) -> dict[str, object]:
        try:
            stored = jsontext.loads((self._directory / ".token_seed").read_bytes())
        except (FileNotFoundError, ValueError):
            return {}
        return stored if isinstance(stored, dict) else {}

    def _write(self, stored: dict[str, object]) -> None:
        data = json.dumps(stored, indent=2).encode()
        files_on_disk.replace_file(self._directory / ".token_seed", data, mode=0o600)


def _seed(entry: object) -> bytes | None:
    text = entry.get("Seed") if isinstance(entry, dict) else None
    try:
        return b64decode(text) or None if isinstance(text, str) else None
    except ValueError:
        return None


@contextmanager
def _locked(directory: Path) -> Iterator[None]:
    """Holds the lock that buildx takes too (flock on .token_seed.lock)."""
    directory.mkdir(parents=True, exist_ok=True)
    with files_on_disk.Lock.on(directory / ".token_seed.lock") as lock:
        lock.wait(None)
        yield
