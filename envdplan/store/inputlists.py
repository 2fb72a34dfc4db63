"""The lists behind inputs digests, beside the state: they let a plan say why."""

import gzip
import json
import re
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from envdplan.core.state.observed import Input
from envdplan.ground import jsontext
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.files_on_disk import write_atomically

_DIGEST: Final = re.compile(r"[0-9a-f]{16,128}")
_SUFFIX: Final = ".json.gz"


@dataclass(frozen=True, slots=True)
class InputLists:
    """Files in `directory`. They can be lost: then a plan says less, and does the same."""

    directory: Path

    def read(self, digest: str) -> tuple[Input, ...] | None:
        """The list of `digest`; None when it is not here, or broken."""
        if not _DIGEST.fullmatch(digest):
            return None
        try:
            rows = jsontext.loads(gzip.decompress(self._path(digest).read_bytes()))
            return tuple(Input(str(kind), str(name), str(one)) for kind, name, one in rows)
        except (OSError, EOFError, ValueError, TypeError):
            return None

    def write(self, digest: str, inputs: Iterable[Input]) -> None:
        """Keep a list; does nothing where that is not possible."""
        if not _DIGEST.fullmatch(digest) or self._path(digest).exists():
            return
        rows = [[one.kind, one.name, one.digest] for one in inputs]
        data = gzip.compress(json.dumps(rows).encode(), compresslevel=3, mtime=0)
        with suppress(EnvdplanError, OSError):
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_atomically(self._path(digest), data)

    def prune(self, needed: Iterable[str]) -> None:
        """Remove the lists that no record needs."""
        kept = {f"{digest}{_SUFFIX}" for digest in needed}
        with suppress(OSError):
            for path in self.directory.iterdir():
                if path.name.endswith(_SUFFIX) and path.name not in kept:
                    path.unlink(missing_ok=True)

    def _path(self, digest: str) -> Path:
        return self.directory / f"{digest}{_SUFFIX}"
