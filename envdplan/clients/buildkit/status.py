"""Status messages of a solve as Progress: pure, no grpc."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from envdplan.clients.buildkit import progress as data
from envdplan.clients.buildkit.progress import Log, Progress, Status, Vertex

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp

    from envdplan.clients.buildkit.proto import control_pb2 as pb


def progress(response: "pb.StatusResponse") -> Iterator[Progress]:
    """What one message tells; steps come before what refers to them."""
    yield from map(_vertex, response.vertexes)
    yield from map(_status, response.statuses)
    yield from map(_log, response.logs)
    yield from map(_warning, response.warnings)


def _vertex(one: "pb.Vertex") -> Vertex:
    return Vertex(
        digest=one.digest,
        name=one.name,
        started=_seconds(one.started) if one.HasField("started") else None,
        completed=_seconds(one.completed) if one.HasField("completed") else None,
        cached=one.cached,
        error=one.error,
    )


def _status(one: "pb.VertexStatus") -> Status:
    return Status(
        vertex=one.vertex,
        id=one.ID,
        current=one.current,
        total=one.total,
        completed=one.HasField("completed"),
    )


def _log(one: "pb.VertexLog") -> Log:
    return Log(vertex=one.vertex, stream=one.stream, data=one.msg)


def _warning(one: "pb.VertexWarning") -> data.Warning:
    return data.Warning(
        vertex=one.vertex,
        short=_text(one.short),
        detail=tuple(map(_text, one.detail)),
        url=one.url,
        file=one.info.filename,
        line=one.ranges[0].start.line if one.ranges else 0,
    )


def _text(value: bytes) -> str:
    return value.decode(errors="replace")


def _seconds(time: "Timestamp") -> float:
    return time.seconds + time.nanos / 1e9
