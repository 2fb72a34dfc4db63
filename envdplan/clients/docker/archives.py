"""Files on their way into and out of a container, as the tar archives that the engine takes."""

import io
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Final

from envdplan.ground.diagnostics import Refused

_OVERHEAD: Final = 1024 * 1024
"""More than headers and padding of a one-file archive ever take."""


@dataclass(frozen=True, slots=True)
class FileContent:
    """A file's bytes (they may be secret) and its permissions."""

    data: bytes = field(repr=False)
    mode: int = 0o644


def pack(files: Mapping[str, FileContent]) -> bytes:
    """An archive of `files` by relative path, with their directories: all of root's, 0755, sorted.

    Equal files give equal bytes. It ends with the two empty blocks that end an archive: the padding
    to a whole record, which tarfile adds, comes after them. Podman unpacks in a process of its
    own, which may be gone by then, and then fails with "broken pipe" (seen with 4.3.1 on a busy
    machine). Raises ValueError for a path that leads elsewhere.
    """
    paths = {_safe(path): content for path, content in files.items()}
    parents = {parent for path in paths for parent in path.parents if parent.name}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for path in sorted({*parents, *paths}):
            _add(archive, path, paths.get(path))
        end = archive.offset + 2 * tarfile.BLOCKSIZE
    return buffer.getvalue()[:end]


def _safe(path: str) -> PurePosixPath:
    pure = PurePosixPath(path)
    if pure.is_absolute() or not pure.name or ".." in pure.parts:
        raise ValueError(f"not a relative path below its directory: {path}")
    return pure


def _add(archive: tarfile.TarFile, path: PurePosixPath, content: FileContent | None) -> None:
    entry = tarfile.TarInfo(str(path))
    if content is None:
        entry.type, entry.mode = tarfile.DIRTYPE, 0o755
        archive.addfile(entry)
        return
    entry.mode, entry.size = content.mode, len(content.data)
    archive.addfile(entry, io.BytesIO(content.data))


def unpack_file(chunks: Iterable[bytes], limit: int) -> bytes:
    """The one regular file of an archive, in memory; nothing is ever written to disk.

    Raises Refused for anything else (links, directories, more than `limit` bytes).
    """
    raw = io.BytesIO(_bounded(chunks, limit + _OVERHEAD))
    try:
        with tarfile.open(fileobj=raw, mode="r:") as archive:
            return _only_file(archive, limit)
    except tarfile.TarError as error:
        raise _refused(f"its archive is damaged ({error})") from None


def _only_file(archive: tarfile.TarFile, limit: int) -> bytes:
    entry = archive.next()
    content = archive.extractfile(entry) if entry and entry.isreg() else None
    if entry is None or content is None:
        raise _refused("it is not a regular file")
    if entry.size > limit:
        raise _refused(f"it is longer than {limit} bytes")
    return content.read()


def _bounded(chunks: Iterable[bytes], limit: int) -> bytes:
    whole = bytearray()
    for chunk in chunks:
        whole += chunk
        if len(whole) > limit:
            raise _refused(f"it is longer than {limit - _OVERHEAD} bytes")
    return bytes(whole)


def _refused(why: str) -> Refused:
    return Refused(
        "File of the container cannot be used", f"What the engine sent is refused: {why}."
    )
