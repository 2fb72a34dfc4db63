"""Parsed files, kept by their content: an unchanged file is not parsed twice.

What lies there is data and never trusted: only the classes of a Document can come out of it, and
a seal with a key of this user alone says that this user's envdplan wrote it. So nobody can slip a
configuration in that differs from what reviewers read. Whatever is broken is parsed anew.
"""

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final

from envdplan.ground.diagnostics import Diagnostics, EnvdplanError
from envdplan.ground.files_on_disk import cache_folder, make_private, write_atomically
from envdplan.ground.reading import read_regular
from envdplan.ground.source import SourceFile
from envdplan.language.syntax import decode
from envdplan.language.syntax.document import Body, Document

SMALLEST: Final = 8 * 1024
"""Characters; smaller files are parsed as fast as they would be found."""
_MOST: Final = 64
"""So many are kept; the oldest go."""
_SEAL: Final = 32
_LARGEST: Final = 256 * 1024 * 1024


def key_file(environment: Mapping[str, str]) -> Path | None:
    """Where the key of this user lies; None for a user without a home, see cache_folder."""
    folder = cache_folder(environment)
    return folder / "parsed.key" if folder is not None else None


@dataclass
class ParsedFiles:
    """Decodes files, and keeps what it made of large ones in `folder`."""

    folder: Path
    key_file: Path | None
    """Where this user's key lies; without one nothing is kept."""
    scheme: str
    """Changes with the version of envdplan, whose classes may have changed."""
    _key: bytes | None = field(default=None, repr=False)

    def decode(self, file: SourceFile) -> tuple[Document, Diagnostics]:
        """As syntax.decode; documents with mistakes are not kept."""
        if len(file.text) < SMALLEST or self.key_file is None:
            return decode(file)
        path = self.folder / f"{self._name(file)}.parsed"
        body = self._kept(path, file)
        if body is not None:
            return Document(file, body), Diagnostics()
        document, problems = decode(file)
        if not problems:
            self._keep(path, document)
        return document, problems

    def _name(self, file: SourceFile) -> str:
        suffix = Path(file.name).suffix
        text = f"{self.scheme}\0{suffix}\0{file.text}".encode("utf-8", "surrogatepass")
        return blake2b(text, digest_size=20).hexdigest()

    def _kept(self, path: Path, file: SourceFile) -> Body | None:
        try:
            if path.stat().st_size > _LARGEST:
                return None
            data = read_regular(path)
        except OSError:
            return None
        if self._seal(path, data[_SEAL:]) != data[:_SEAL]:
            return None
        from envdplan.store.pickled import restore

        return restore(data[_SEAL:], file)

    def _keep(self, path: Path, document: Document) -> None:
        """Without a place to write to, the next run parses again."""
        from envdplan.store.pickled import pack

        data = pack(document)
        with suppress(OSError, EnvdplanError):
            self.folder.mkdir(parents=True, exist_ok=True)
            write_atomically(path, self._seal(path, data, make=True) + data)
            self._prune()

    def _prune(self) -> None:
        found = sorted(self.folder.glob("*.parsed"), key=lambda one: one.stat().st_mtime)
        for old in found[:-_MOST]:
            old.unlink(missing_ok=True)

    def _seal(self, path: Path, data: bytes, *, make: bool = False) -> bytes:
        """Says that the data belongs to this name, by a key that nobody else has."""
        key = self._secret(make=make)
        if key is None:
            return b""
        return blake2b(path.name.encode() + data, digest_size=_SEAL, key=key).digest()

    def _secret(self, *, make: bool) -> bytes | None:
        if self._key is None and self.key_file is not None:
            with suppress(OSError):
                found = read_regular(self.key_file)
                self._key = found if len(found) == _SEAL else None
            if self._key is None and make:
                self._key = os.urandom(_SEAL)
                make_private(self.key_file.parent)
                write_atomically(self.key_file, self._key)
        return self._key
