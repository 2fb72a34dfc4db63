"""The Control API as typed calls on a grpcio channel, and the session's bytes within it."""

import queue
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar, cast

from envdplan.buildkit.transport import Part

if TYPE_CHECKING:
    import grpc
    from google.protobuf.message import Message

    from envdplan.buildkit.proto import control_pb2 as pb

_Response = TypeVar("_Response", bound="Message")
Metadata: TypeAlias = tuple[tuple[str, str], ...]

_SERVICE = "/moby.buildkit.v1.Control/"
_CHUNK = 1024 * 1024
"""Bytes of one message; old builders take at most 4 MiB."""
_QUEUE = 8
"""Messages that wait for the network before a sender has to."""


class Answer(Protocol):
    """A solve that runs: the part of grpc's call that is used."""

    def cancel(self) -> bool:
        """Give it up: the builder stops its work."""

    def add_done_callback(self, fn: "Callable[[grpc.Future[pb.SolveResponse]], None]") -> None:
        """Call `fn` when it has ended, in whatever thread."""

    def result(self) -> "pb.SolveResponse":
        """The response; raises grpc.RpcError or FutureCancelledError."""


class Control:
    """Calls of moby.buildkit.v1.Control; raises grpc.RpcError. Times are in seconds."""

    def __init__(self, channel: "grpc.Channel") -> None:
        from envdplan.buildkit.proto import control_pb2

        self._channel = channel
        self._pb = control_pb2

    def list_workers(self, timeout: float) -> "pb.ListWorkersResponse":
        """The workers; BuildKit's usual sign of life."""
        return self._unary("ListWorkers", self._pb.ListWorkersResponse)(
            self._pb.ListWorkersRequest(), timeout=timeout
        )

    def info(self, timeout: float) -> "pb.InfoResponse":
        """Since BuildKit 0.11; UNIMPLEMENTED before."""
        return self._unary("Info", self._pb.InfoResponse)(self._pb.InfoRequest(), timeout=timeout)

    def disk_usage(self, request: "pb.DiskUsageRequest") -> "pb.DiskUsageResponse":
        """Records of the build cache."""
        return self._unary("DiskUsage", self._pb.DiskUsageResponse)(request)

    def prune(self, request: "pb.PruneRequest") -> "Iterable[pb.UsageRecord]":
        """Deletes, and streams what it deleted: read to the end (moby/buildkit#4399)."""
        return self._stream("Prune", self._pb.UsageRecord)(request)

    def running(self) -> "Iterable[pb.BuildHistoryEvent]":
        """The builds that run now; BuildKit 0.11 and later know."""
        request = self._pb.BuildHistoryRequest(ActiveOnly=True, EarlyExit=True)
        return self._stream("ListenBuildHistory", self._pb.BuildHistoryEvent)(request)

    def solve(self, request: "pb.SolveRequest") -> Answer:
        """Starts a solve."""
        return cast("Answer", self._unary("Solve", self._pb.SolveResponse).future(request))

    def status(self, ref: str) -> "grpc.CallIterator[pb.StatusResponse]":
        """Progress of the solve `ref`; waits for it, and ends with it."""
        return self._stream("Status", self._pb.StatusResponse)(self._pb.StatusRequest(Ref=ref))

    def session(self, metadata: Metadata) -> "CallTransport":
        """The bytes of a session, as a stream of this channel (moby/buildkit, grpchijack)."""
        return CallTransport(self._channel, metadata)

    def _unary(
        self, name: str, response: type[_Response]
    ) -> "grpc.UnaryUnaryMultiCallable[Message, _Response]":
        return self._channel.unary_unary(_SERVICE + name, _serialize, response.FromString)

    def _stream(
        self, name: str, response: type[_Response]
    ) -> "grpc.UnaryStreamMultiCallable[Message, _Response]":
        return self._channel.unary_stream(_SERVICE + name, _serialize, response.FromString)


def _serialize(message: "Message") -> bytes:
    return message.SerializeToString()


class CallTransport:
    """Implements `transport.Transport` by Control.Session: bytes within messages of a call."""

    def __init__(self, channel: "grpc.Channel", metadata: Metadata) -> None:
        from envdplan.buildkit.proto.control_pb2 import BytesMessage

        self._message = BytesMessage
        self._outgoing: queue.Queue[BytesMessage | None] = queue.Queue(_QUEUE)
        self._closed = False
        open_call = channel.stream_stream(f"{_SERVICE}Session", _serialize, BytesMessage.FromString)
        self._call = open_call(iter(self._outgoing.get, None), metadata=metadata)
        self._messages = iter(self._call)

    def receive(self) -> bytes:
        """See Transport."""
        import grpc

        try:
            for message in self._messages:
                if message.data:
                    return bytes(message.data)
        except grpc.RpcError as error:
            raise ConnectionError(str(error.code())) from error
        return b""

    def send(self, parts: Sequence[Part]) -> None:
        """See Transport."""
        data = b"".join(parts)
        for start in range(0, len(data), _CHUNK):
            self._put(self._message(data=data[start : start + _CHUNK]))

    def _put(self, message: "pb.BytesMessage") -> None:
        while self._call.is_active() and not self._closed:
            try:
                self._outgoing.put(message, timeout=1)
            except queue.Full:
                continue  # look whether anybody is left to take it
            return
        raise ConnectionError("the session has ended")

    def close(self) -> None:
        """See Transport."""
        self._closed = True
        self._call.cancel()  # type: ignore[no-untyped-call]  # the stubs forgot its result
        with suppress(queue.Empty):
            while True:
                self._outgoing.get_nowait()
        self._outgoing.put_nowait(None)
