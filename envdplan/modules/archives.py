"""Takes archives apart: tar (plain, gzip, xz, bzip2) and zip, from hands that nobody vouches for.

Nothing here lets a library write to disk: it only reads, and the tree checks and writes.
"""

import bz2
import gzip
import lzma
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import IO, Final, Self, cast

from envdplan.ground.diagnostics import Refused
from envdplan.modules.tree import Tree, unsafe

_CHUNK: Final = 256 * 1024
_LONGEST_HEADER: Final = 1024 * 1024
_LONGEST_LINK: Final = 4096
_MEMORY_OF_XZ: Final = 128 * 1024 * 1024
"""Bytes; `xz -9` makes files that take 65 MiB."""
_DIRECTORY_OF_ZIP: Final = 8 * 1024 * 1024
_END_OF_ZIP: Final = b"PK\5\6"
_END_OF_LARGE_ZIP: Final = b"PK\6\7"
_LONG_HEADERS: Final = frozenset(
    {
        tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME,
        tarfile.GNUTYPE_LONGLINK,
    }
)  # fmt: skip
_BROKEN: Final = (
    tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError,
    NotImplementedError, RuntimeError, ValueError,
)  # fmt: skip
"""What the libraries raise for archives that are broken, encrypted or too new for them."""


def extract(archive: Path, name: str, tree: Tree) -> None:
    """Fill `tree` with what the file `archive` holds; `name` tells what it is by its end.

    Raises Refused for what is broken or must not be written.
    """
    try:
        if name.endswith(".zip"):
            _zip(archive, tree)
        else:
            _tar(archive, name, tree)
    except _BROKEN as error:
        raise Refused(
            "Archive cannot be read",
            f"{name}: {str(error) or 'it breaks off'}. It was not installed. Check that the "
            "address names an archive, and not a page about one.",
        ) from None


class _Header(tarfile.TarInfo):
    """A header that is not followed by many bytes that Python would keep in memory."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> Self:
        found = super().frombuf(buf, encoding, errors)
        if found.type in _LONG_HEADERS and found.size > _LONGEST_HEADER:
            raise unsafe("a header that is too long")
        return found


class _Xz:
    """A file that xz made; one that wants much memory to be read is an error."""

    def __init__(self, file: "IO[bytes]") -> None:
        self._file = file
        self._inside = self._new()

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; none at the end."""
        data = b""
        while not data:
            if self._inside.eof:
                rest = self._inside.unused_data.lstrip(b"\0") or self._file.read(_CHUNK)
                if not rest:
                    return b""
                self._inside = self._new()
            else:
                rest = self._file.read(_CHUNK) if self._inside.needs_input else b""
                if self._inside.needs_input and not rest:
                    raise EOFError
            data = self._inside.decompress(rest, size)
        return data

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @staticmethod
    def _new() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(memlimit=_MEMORY_OF_XZ)


class _Bounded:
    """A stream that ends with an error when more comes than a package may hold."""

    def __init__(self, file: "IO[bytes]", most: int) -> None:
        self._file = file
        self._left = most

    def read(self, size: int) -> bytes:
        """Up to `size` bytes. Raises Refused."""
        data = self._file.read(min(size, self._left + 1))
        self._left -= len(data)
        if self._left < 0:
            raise unsafe("more bytes than a module may have")
        return data


def _tar(archive: Path, name: str, tree: Tree) -> None:
    limits = tree.limits
    with closing(_decompressed(archive, name)) as plain:
        # headers and padding come on top of the files
        stream = _Bounded(plain, limits.size + limits.members * 2048)
        with tarfile.open(fileobj=stream, mode="r|", tarinfo=_Header) as members:  # type: ignore[call-overload]
            for member in members:
                _member(members, member, tree)


def _decompressed(archive: Path, name: str) -> "IO[bytes]":
    if name.endswith((".gz", ".tgz")):
        return cast("IO[bytes]", gzip.open(archive))
    if name.endswith((".xz", ".txz")):
        return cast("IO[bytes]", _Xz(archive.open("rb")))
    if name.endswith((".bz2", ".tbz2")):
        return bz2.open(archive)
    return archive.open("rb")


def _member(members: tarfile.TarFile, member: tarfile.TarInfo, tree: Tree) -> None:
    executable = bool(member.mode & stat.S_IXUSR)
    if member.size > tree.limits.size:
        raise unsafe(f'the file "{member.name[:200]}", which is larger than it may be')
    if member.isdir():
        tree.folder(member.name)
    elif member.issym():
        tree.link(member.name, member.linkname)
    elif member.islnk():
        tree.copy(member.name, member.linkname, executable=executable)
    elif member.isreg():
        content = members.extractfile(member)
        assert content is not None  # noqa: S101  it is a regular file
        tree.file(member.name, iter(lambda: content.read(_CHUNK), b""), executable=executable)
    else:
        raise unsafe(f'"{member.name[:200]}", which is a device, a pipe or something unknown')


def _zip(archive: Path, tree: Tree) -> None:
    _check_directory(archive)
    with zipfile.ZipFile(archive) as members:
        for member in members.infolist():
            _zip_member(members, member, tree)


def _zip_member(members: zipfile.ZipFile, member: zipfile.ZipInfo, tree: Tree) -> None:
    mode = member.external_attr >> 16
    kind = stat.S_IFMT(mode)
    if member.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise unsafe(f'"{member.filename[:200]}" in an unusual compression')
    if member.is_dir():
        tree.folder(member.filename)
    elif kind == stat.S_IFLNK:
        if member.file_size > _LONGEST_LINK:
            raise unsafe(f'the link "{member.filename[:200]}", which is too long')
        tree.link(member.filename, os.fsdecode(members.read(member)))
    elif kind in {0, stat.S_IFREG}:
        tree.file(member.filename, _unzipped(members, member), executable=bool(mode & stat.S_IXUSR))
    else:
        raise unsafe(f'"{member.filename[:200]}", which is a device or a pipe')


def _unzipped(members: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    with members.open(member) as content:
        while piece := content.read(_CHUNK):
            yield piece


def _check_directory(archive: Path) -> None:
    """Python reads the whole directory of a zip file into memory: it must not be large.

    The directory is found as Python finds it. The large form of zip files, which moves it
    elsewhere, is for more than 4 GiB.
    """
    size = archive.stat().st_size
    with archive.open("rb") as file:
        start = max(0, size - 65536 - 64)
        file.seek(start)
        tail = file.read()
    at = len(tail) - 22
    if at < 0 or tail[at : at + 4] != _END_OF_ZIP or tail[-2:] != b"\0\0":
        at = tail.rfind(_END_OF_ZIP)
    if at < 0 or len(tail) - at < 22:  # noqa: PLR2004  the length of that record
        raise zipfile.BadZipFile("it is not a zip file")
    if int.from_bytes(tail[at + 12 : at + 16], "little") > _DIRECTORY_OF_ZIP:
        raise unsafe("more files than a module may have")
    if tail[max(0, at - 20) : at].startswith(_END_OF_LARGE_ZIP):
        raise unsafe("the form of files of more than 4 GiB")
