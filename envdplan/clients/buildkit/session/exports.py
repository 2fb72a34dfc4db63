"""Takes results from the builder: moby.filesync.v1.FileSend, to declared places and nowhere else.

A file is written beside its place and moved there when it is complete. What comes for a folder is
hostile until it is checked: see exportfolder.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from envdplan.clients.buildkit.request import Export, SolveRequest
from envdplan.clients.buildkit.session import layoutexport, localcache
from envdplan.clients.buildkit.session.destinations import Destination
from envdplan.clients.buildkit.session.exportfolder import Unsafe, receive
from envdplan.clients.buildkit.session.fsutil import BadPacket
from envdplan.clients.buildkit.session.services import Abort, Services, Stream
from envdplan.ground.diagnostics import EnvdplanError, Refused
from envdplan.ground.files_on_disk import draft, leftover, sweep, write_all
from envdplan.ground.reading import refuse_replacing

FILE_SEND: Final = "/moby.filesync.v1.FileSend/DiffCopy"

_INVALID_ARGUMENT: Final = 3
_NOT_FOUND: Final = 5
_EXPORTER: Final = "buildkit-attachable-exporter-id"
"""Which exporter a stream belongs to; builders before 0.13 have one and do not say."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where one exporter's result goes: a file, or a folder that it is merged into."""

    path: str
    is_folder: bool
    held: Destination | None = None
    """Where that was when the build began: the folder itself, or the one of the file."""


def targets(exports: tuple[Export, ...]) -> dict[str, Target]:
    """The targets of a request's exports, by the number that the builder gives each of them.

    OCI layouts are written by the content service.
    """
    return {
        str(number): Target(one.destination, one.type == "local")
        for number, one in enumerate(exports)
        if one.destination is not None and one.attributes.get("tar") != "false"
    }


class Receipts:
    """Which results came whole. A builder's word for it does not count: it may be wrong, or lie.

    A target may have several streams (a folder one for each platform); each has to end well.
    """

    def __init__(self, known: Mapping[str, Target]) -> None:
        self.known = known
        self._lock = threading.Lock()
        self._begun = dict.fromkeys(known, 0)
        self._whole = dict.fromkeys(known, 0)
        self._written: dict[str, dict[str, None]] = {number: {} for number in known}

    @contextmanager
    def stream(self, number: str) -> Iterator[list[str]]:
        """Around the reception of one stream; the paths that it wrote in a folder go into it."""
        paths: list[str] = []
        with self._lock:
            self._begun[number] += 1
        yield paths
        with self._lock:
            self._whole[number] += 1
            self._written[number] |= dict.fromkeys(paths)

    def written(self) -> dict[str, tuple[str, ...]]:
        """By folder: the relative paths of what was written there."""
        with self._lock:
            return {
                target.path: tuple(self._written[number])
                for number, target in self.known.items()
                if target.is_folder
            }

    def check(self) -> None:
        """Raises Refused when a result is missing or was cut short."""
        with self._lock:
            lacking = [
                f"{target.path} {'came only in part' if self._begun[number] else 'never came'}"
                for number, target in self.known.items()
                if self._whole[number] == 0 or self._whole[number] < self._begun[number]
            ]
        if lacking:
            raise Refused(
                "Builder did not send all results",
                f"It reports success, but {'; '.join(lacking)}. Build again, and look into the "
                "builder's log if it happens again.",
            )


def file_send(receipts: Receipts, *, refused: Callable[[str], None] = lambda _: None) -> Services:
    """The FileSend service for known targets; `refused` hears what else was to be written."""

    def diff_copy(stream: Stream) -> None:
        number = _number(stream, receipts.known)
        if number is None:
            refused("a result that was not asked for")
            raise Abort(_NOT_FOUND, "no result is expected here")
        target = receipts.known[number]
        try:
            with receipts.stream(number) as paths:
                receive_result = _receive_folder if target.is_folder else _receive_file
                paths.extend(receive_result(target, stream))
        except (Unsafe, BadPacket) as error:
            refused(str(error))
            raise Refused(
                "Builder sent an unsafe result",
                f"Its result for {target.path} was refused: {error}. Do not trust this builder.",
            ) from None
        except OSError as error:
            raise EnvdplanError(
                "Cannot write the result", f"{target.path}: {error.strerror or error}."
            ) from error

    return {FILE_SEND: diff_copy}


def _number(stream: Stream, known: Mapping[str, Target]) -> str | None:
    number = next(iter(stream.values(_EXPORTER)), None)
    if number is None and len(known) == 1:
        return next(iter(known))
    return number if number in known else None


@contextmanager
def held_targets(request: SolveRequest, base: str | None) -> Iterator[Mapping[str, Target]]:
    """`targets`, each held where it is now: no link that a result brings can lead it elsewhere.

    Folders of caches and layouts are looked at too. `base` is the folder of the configuration, if
    there is one. Raises EnvdplanError, also where a device or pipe stands in the place of a file.
    """
    stores = {**localcache.stores(request), **layoutexport.stores(request)}
    with ExitStack() as stack:
        for one in targets(request.exports).values():
            _refuse_devices(one)
        for folder in stores.values():
            stack.enter_context(Destination(str(folder), base))
            for inner in ("blobs/sha256", "ingest"):
                stack.enter_context(Destination(f"{folder}/{inner}", str(folder)))
        yield {
            number: replace(one, held=stack.enter_context(Destination(_folder(one), base)))
            for number, one in targets(request.exports).items()
        }


def _refuse_devices(target: Target) -> None:
    """Said before the build: a file in the place of a device would break what uses it."""
    if target.is_folder:
        return
    try:
        refuse_replacing(os.path.realpath(target.path))
    except OSError as error:
        raise EnvdplanError(
            "Cannot write the result",
            f"{target.path}: {error.strerror}, and the result would take its place. Choose "
            'another dest; to build without a result, use `output { type = "cacheonly" }`.',
        ) from error


def _folder(target: Target) -> str:
    return target.path if target.is_folder else str(Path(target.path).parent)


def _opened(target: Target) -> int:
    """A descriptor of the folder, which is made if it is missing."""
    if target.held is not None:
        return target.held.open()
    with Destination(_folder(target)) as found:
        return found.open()


def _receive_folder(target: Target, stream: Stream) -> list[str]:
    return receive(_opened(target), stream)


def _receive_file(target: Target, stream: Stream) -> list[str]:
    """Bytes up to the end of the stream; the place is taken only when all are there."""
    folder, name = _opened(target), Path(target.path).name
    try:
        sweep(folder, leftover(name))
        with draft(folder, name, 0o644) as archive:
            while (message := stream.receive()) is not None:
                write_all(archive.descriptor, _bytes(message))
            if os.fstat(archive.descriptor).st_size == 0:
                raise Abort(_INVALID_ARGUMENT, "an archive is never empty")
            archive.take_place()
    finally:
        os.close(folder)
    return []


def _bytes(message: bytes) -> memoryview:
    """The data of a BytesMessage {bytes data = 1}."""
    from google.protobuf.message import DecodeError

    from envdplan.clients.buildkit.proto import filesync_pb2

    try:
        return memoryview(filesync_pb2.BytesMessage.FromString(message).data)
    except DecodeError:
        raise Abort(_INVALID_ARGUMENT, "the message cannot be read") from None
