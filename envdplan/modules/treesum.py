"""One checksum over the content of a folder: the same on every machine.

Counted are files with their right to execute, and links; not empty folders, owners and times.
"""

import os
import stat
from base64 import b64encode
from collections.abc import Iterator
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Final

from envdplan.ground.diagnostics import EnvdplanError

PREFIX: Final = "h1:"
"""The first kind of such checksums; another one would begin differently."""


def tree_checksum(root: Path) -> str:
    """h1: and the SHA-256, in base 64, of a line for each file, sorted by the bytes of its path.

    A line is the kind (f, x for an executable file, l for a link), the SHA-256 of the content in
    hexadecimal, the path, and a zero. Raises EnvdplanError when something cannot be read.
    """
    try:
        lines = sorted(_lines(root, b""), key=lambda line: line[67:])
    except OSError as error:
        raise EnvdplanError(
            "Cannot read a module",
            f"{error.filename or root}: {error.strerror or error}. Run `envdplan init`, which "
            "installs it again.",
        ) from None
    return PREFIX + b64encode(sha256(b"".join(lines)).digest()).decode()


def _lines(folder: Path, prefix: bytes) -> Iterator[bytes]:
    with os.scandir(folder) as found:
        entries = list(found)
    for entry in entries:
        path = prefix + os.fsencode(entry.name)
        if entry.is_dir(follow_symlinks=False):
            yield from _lines(Path(entry.path), path + b"/")
        else:
            kind, digest = _content(entry)
            yield b"%s %s %s\0" % (kind, digest.encode(), path)


def _content(entry: "os.DirEntry[str]") -> tuple[bytes, str]:
    mode = entry.stat(follow_symlinks=False).st_mode
    if stat.S_ISLNK(mode):
        return b"l", sha256(os.fsencode(Path(entry.path).readlink())).hexdigest()
    if not stat.S_ISREG(mode):
        return b"o", sha256(b"").hexdigest()
    with Path(entry.path).open("rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    return b"x" if mode & stat.S_IXUSR else b"f", digest
