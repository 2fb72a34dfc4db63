"""The details of a failed solve: grpc-status-details-bin, decoded."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from envdplan.clients.buildkit.excerpt import Excerpt

if TYPE_CHECKING:
    from google.protobuf.any_pb2 import Any as Detail
    from google.protobuf.message import Message

    from envdplan.clients.buildkit.proto.errdefs_pb2 import Source

    Details: TypeAlias = tuple[Detail, ...]
    _Message = TypeVar("_Message", bound=Message)


def parse(content: bytes) -> "Details":
    """The details of a google.rpc.Status; none when it is broken."""
    from google.protobuf.message import DecodeError

    from envdplan.clients.buildkit.proto.status_pb2 import Status

    try:
        return tuple(Status.FromString(content).details)
    except DecodeError:
        return ()


def step(details: "Details") -> str:
    """The digest of the failing step, or ""."""
    from envdplan.clients.buildkit.proto.errdefs_pb2 import Vertex

    return next((one.digest for one in _of(details, "errdefs.Vertex", Vertex)), "")


def excerpt(details: "Details") -> Excerpt | None:
    """The place in the build's file; the outermost of several, as it is the user's own."""
    from envdplan.clients.buildkit.proto.errdefs_pb2 import Source

    found = [one for one in _of(details, "errdefs.Source", Source) if one.ranges]
    return _place(found[0]) if found else None


def _place(source: "Source") -> Excerpt:
    first = min(one.start.line for one in source.ranges)
    last = max(max(one.start.line, one.end.line) for one in source.ranges)
    text = source.info.data.decode(errors="replace")
    return Excerpt(source.info.filename, first, last, text)


def _of(details: "Iterable[Detail]", name: str, type: "type[_Message]") -> "Iterator[_Message]":
    """BuildKit names types `github.com/moby/buildkit/NAME+json` (util/grpcerrors)."""
    for one in details:
        if one.type_url.removesuffix("+json").rsplit("/", 1)[-1] == name:
            yield from _decoded(one.value, type)


def _decoded(value: bytes, type: "type[_Message]") -> "Iterator[_Message]":
    """Go's JSON of the message, or its protobuf form; nothing when it is broken."""
    from google.protobuf import json_format
    from google.protobuf.message import DecodeError

    try:
        if value.startswith(b"{"):
            yield json_format.Parse(value, type(), ignore_unknown_fields=True)
        else:
            yield type.FromString(value)
    except (json_format.ParseError, DecodeError):
        return
