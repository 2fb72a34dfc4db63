"""Directories of this machine as content stores of the builder: local caches live there.

The service is containerd's (api/services/content/v1), the layout the OCI image layout, so
that buildctl and buildx read and write the same directories.
"""

import hashlib
import os
import re
import stat
import tempfile
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from functools import partial
from io import BufferedReader
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeAlias

from envdplan.clients.buildkit.session.openfile import Folder
from envdplan.clients.buildkit.session.services import Abort, Handler, Services, Stream
from envdplan.ground.files_on_disk import sweep

if TYPE_CHECKING:
    from envdplan.clients.buildkit.proto import content_pb2 as pb

_DAY = 86400.0
"""Seconds, after which nobody writes to a part of a result any more."""
STORE_HEADER = "buildkit-attachable-store-id"
"""Metadata that names the store (moby/buildkit, session/content/attachable.go)."""

INVALID_ARGUMENT = 3
NOT_FOUND = 5
ALREADY_EXISTS = 6
FAILED_PRECONDITION = 9
OUT_OF_RANGE = 11

_SERVICE = "/containerd.services.content.v1.Content/"
_CHUNK = 1024 * 1024
_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")

Stores: TypeAlias = Mapping[str, Path]


def content_services(
    stores: Stores, readable: Stores | None = None, results: Stores | None = None
) -> Services:
    """Serves blobs of `stores` and `results`, by their ids; those of `readable` for reading alone.

    A blob of `results` that is there but is not what its name says does not count: a builder would
    leave it as it is, and the result would stay broken for good. No other directory is read or
    written.
    """
    writable = {**stores, **(results or {})}
    both = {**(readable or {}), **writable}
    checked = frozenset((results or {}).values())
    return {
        f"{_SERVICE}Info": _chosen(partial(_info, checked=checked), both),
        f"{_SERVICE}Read": _chosen(_read, both),
        f"{_SERVICE}Write": _chosen(partial(_write, checked=checked), writable),
    }


def _chosen(serve: Callable[[Stream, Path], None], stores: Stores) -> Handler:
    def handler(stream: Stream) -> None:
        id = stream.metadata.get(STORE_HEADER, "")
        if id not in stores:
            raise Abort(NOT_FOUND, f"unknown store {id}")
        serve(stream, stores[id])

    return handler


def blob(store: Path, digest: str) -> Path:
    """Where a blob lies; raises Abort when `digest` is none: it may not lead elsewhere."""
    match = _DIGEST.fullmatch(digest)
    if match is None:
        raise Abort(INVALID_ARGUMENT, f"{digest!r} is not a sha256 digest")
    return store / "blobs" / "sha256" / match[1]


@contextmanager
def _opened(store: Path, digest: str) -> Iterator[tuple[BufferedReader, int]]:
    """A blob and its size. Raises Abort where there is none.

    A link counts only if it leads to the very content that is asked for: it may have come with a
    result of a builder, to have a file of this machine read by it.
    """
    descriptor = _descriptor(blob(store, digest))
    if descriptor is None:
        raise Abort(NOT_FOUND, f"content {digest}: not found")
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or not _is_plain(store, digest, file):
            raise Abort(NOT_FOUND, f"content {digest}: not found")
        yield file, found.st_size


def _descriptor(path: Path) -> int | None:
    try:
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None


def _is_plain(store: Path, digest: str, file: BufferedReader) -> bool:
    """Whether no link led to the open `file`, or it holds what `digest` says."""
    with Folder(str(store)) as folder:
        again = folder.open(str(blob(store, digest).relative_to(store)))
    if again is not None:
        try:
            return os.path.sameopenfile(again, file.fileno())
        finally:
            os.close(again)
    return _holds(file, digest)


def _holds(file: BufferedReader, digest: str) -> bool:
    return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}" == digest


def _info(stream: Stream, store: Path, checked: AbstractSet[Path]) -> None:
    from envdplan.clients.buildkit.proto import content_pb2 as pb

    digest = pb.InfoRequest.FromString(stream.receive() or b"").digest
    with _opened(store, digest) as (file, size):
        if store in checked and not _holds(file, digest):
            raise Abort(NOT_FOUND, f"content {digest}: broken")
    response = pb.InfoResponse(info=pb.Info(digest=digest, size=size))
    stream.send((response.SerializeToString(),))


def _read(stream: Stream, store: Path) -> None:
    from envdplan.clients.buildkit.proto import content_pb2 as pb

    request = pb.ReadContentRequest.FromString(stream.receive() or b"")
    start = max(0, request.offset)
    with _opened(store, request.digest) as (file, size):
        if start > size:
            raise Abort(OUT_OF_RANGE, f"the content has {size} bytes")
        end = min(size, start + request.size) if request.size > 0 else size
        stream.send(
            pb.ReadContentResponse(offset=offset, data=data).SerializeToString()
            for offset, data in _chunks(file, start, end)
        )


def _chunks(file: IO[bytes], start: int, end: int) -> Iterator[tuple[int, bytes]]:
    file.seek(start)
    while start < end and (data := file.read(min(_CHUNK, end - start))):
        yield start, data
        start += len(data)


def _write(stream: Stream, store: Path, checked: AbstractSet[Path]) -> None:
    """One blob; it appears whole or not at all. A write that broke starts anew."""
    from envdplan.clients.buildkit.proto import content_pb2 as pb

    with _ingesting(store) as (file, path):
        writing = _Writing(store, file, path, is_checked=store in checked)
        while (message := stream.receive()) is not None:
            response = writing.step(pb.WriteContentRequest.FromString(message))
            stream.send((response.SerializeToString(),))
            if response.action == pb.COMMIT:
                return


@contextmanager
def _ingesting(store: Path) -> Iterator[tuple[IO[bytes], Path]]:
    """A file that is gone at the end, unless it was moved to its place."""
    (store / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
    (store / "ingest").mkdir(exist_ok=True)
    sweep(store / "ingest", r"tmp\w+", age=_DAY)
    handle, name = tempfile.mkstemp(dir=store / "ingest")
    try:
        with os.fdopen(handle, "wb") as file:
            yield file, Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


class _Writing:
    """The state of one write (containerd, services/content/contentserver)."""

    def __init__(self, store: Path, file: IO[bytes], path: Path, *, is_checked: bool) -> None:
        self._store = store
        self._is_checked = is_checked
        self._file = file
        self._path = path
        self._hash = hashlib.sha256()
        self._offset = 0
        self._total = 0
        self._expected = ""

    def step(self, request: "pb.WriteContentRequest") -> "pb.WriteContentResponse":
        from envdplan.clients.buildkit.proto import content_pb2 as pb

        self._expect(request)
        if request.action != pb.STAT:
            self._append(request.offset, request.data)
        if request.action == pb.COMMIT:
            self._commit()
        return pb.WriteContentResponse(
            action=request.action, offset=self._offset, total=self._total, digest=self._digest
        )

    @property
    def _digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"

    def _expect(self, request: "pb.WriteContentRequest") -> None:
        self._total = request.total or self._total
        if request.expected and request.expected != self._expected:
            self._expected = request.expected
            if self._is_there(request.expected):
                raise Abort(ALREADY_EXISTS, f"content {request.expected}: already exists")

    def _is_there(self, digest: str) -> bool:
        if not self._is_checked:
            return blob(self._store, digest).exists()
        try:
            with _opened(self._store, digest) as (file, _):
                return _holds(file, digest)
        except Abort:
            return False

    def _append(self, offset: int, data: bytes) -> None:
        if offset == 0 and self._offset:
            self._file.seek(0)
            self._file.truncate()
            self._hash = hashlib.sha256()
            self._offset = 0
        if offset != self._offset:
            raise Abort(OUT_OF_RANGE, f"the write stands at {self._offset}, not at {offset}")
        self._file.write(data)
        self._hash.update(data)
        self._offset += len(data)

    def _commit(self) -> None:
        if self._total and self._offset != self._total:
            message = f"{self._offset} bytes came, {self._total} were announced"
            raise Abort(FAILED_PRECONDITION, message)
        if self._expected and self._digest != self._expected:
            message = f"the content is {self._digest}, {self._expected} was announced"
            raise Abort(FAILED_PRECONDITION, message)
        self._file.flush()
        self._path.chmod(0o644)
        self._path.replace(blob(self._store, self._digest))
