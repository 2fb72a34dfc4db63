"""Digests of files that have not changed since: by size, times and inode, and never by time alone.

A file that was changed at about the time when it was hashed is not trusted (git's "racily clean"
rule): a change within the same tick of the clock would not show.
"""

import json
import os
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final

from envdplan.ground import jsontext
from envdplan.ground.files_on_disk import make_private, replace_file
from envdplan.ground.reading import read_regular

_VERSION: Final = 2
_MARGIN: Final = 2_000_000_000
"""Nanoseconds; some file systems count in steps of two seconds."""


class StatCache:
    """The digests of the files below one root, kept in one file; a broken one counts as empty.

    Without `folder` they are kept for this run only.
    """

    def __init__(self, folder: Path | None, root: str) -> None:
        name = f"{sha256(os.fsencode(root)).hexdigest()[:32]}.json"
        self._path = folder / name if folder is not None else None
        self._root = root
        self._known = self._load()
        self._next: dict[str, str] = {}
        self._changed = False

    def get(self, path: str, found: os.stat_result) -> str | None:
        """The digest of a file that is as it was, else None."""
        known = self._next.get(path) or self._known.get(path)
        stamp = _stamp(found)
        if known is None or not known.startswith(stamp):
            return None
        self._next[path] = known
        return known[len(stamp) :]

    def put(self, path: str, found: os.stat_result, digest: str, now: int) -> None:
        """Remember the digest of a file that was looked at before it was read, at `now` (ns)."""
        self._changed = True
        if max(found.st_mtime_ns, found.st_ctime_ns) + _MARGIN < now:
            self._next[path] = _stamp(found) + digest

    def save(self) -> None:
        """Keep what was asked for; where that is impossible the next run is slower."""
        if self._path is None:
            return
        if not self._changed and len(self._next) == len(self._known):
            return
        content = {"version": _VERSION, "root": self._root, "files": self._next}
        with suppress(OSError, ValueError):
            make_private(self._path.parent)
            # Not durable: what a loss of power breaks counts as empty, and is read anew.
            data = json.dumps(content).encode()
            replace_file(self._path, data, mode=0o600, durable=False)

    def _load(self) -> dict[str, str]:
        if self._path is None:
            return {}
        try:
            content = jsontext.loads(read_regular(self._path))
            files = content["files"]
            good = content["version"] == _VERSION and content["root"] == self._root
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        if not good or not isinstance(files, dict):
            return {}
        return files if all(type(one) is str for one in files.values()) else {}


def _stamp(found: os.stat_result) -> str:
    return (
        f"{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}:{found.st_ino}:{found.st_mode}:"
    )


def clock() -> int:
    """The time in nanoseconds, as file systems keep it."""
    return time.time_ns()
