"""The Control API as typed calls on a grpcio channel, and the session's bytes within it."""

import queue
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar, cast

from envdplan.clients.buildkit.wire.transport import Part
from envdplan.ground.logs import Call, Log, is_on

if TYPE_CHECKING:
    import grpc
    from google.protobuf.message import Message

    from envdplan.clients.buildkit.proto import control_pb2 as pb

_Response = TypeVar("_Response", bound="Message")
_Going = TypeVar("_Going")
Metadata: TypeAlias = tuple[tuple[str, str], ...]

_SERVICE = "/moby.buildkit.v1.Control/"
_LOG = Log("clients.buildkit")
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
    """Calls of moby.buildkit.v1.Control; raises grpc.RpcError. Times are in seconds.

    `address` is how the log calls the daemon.
    """

    def __init__(self, channel: "grpc.Channel", address: str = "") -> None:
        from envdplan.clients.buildkit.proto import control_pb2

        self._channel = channel
        self._address = address
        self._pb = control_pb2

    def list_workers(self, timeout: float) -> "pb.ListWorkersResponse":
        """The workers; BuildKit's usual sign of life."""
        with self._logged("ListWorkers"):
            return self._unary("ListWorkers", self._pb.ListWorkersResponse)(
                self._pb.ListWorkersRequest(), timeout=timeout
            )

    def info(self, timeout: float) -> "pb.InfoResponse":
        """Since BuildKit 0.11; UNIMPLEMENTED before."""
        ask = self._unary("Info", self._pb.InfoResponse)
        with self._logged("Info"):
            return ask(self._pb.InfoRequest(), timeout=timeout)

    def disk_usage(self, request: "pb.DiskUsageRequest") -> "pb.DiskUsageResponse":
        """Records of the build cache."""
        with self._logged("DiskUsage"):
            return self._unary("DiskUsage", self._pb.DiskUsageResponse)(request)

    def prune(self, request: "pb.PruneRequest") -> "Iterable[pb.UsageRecord]":
        """Deletes, and streams what it deleted: read to the end (moby/buildkit#4399)."""
        call = self._logged("Prune")
        return _followed(call, self._stream("Prune", self._pb.UsageRecord)(request))

    def running(self) -> "Iterable[pb.BuildHistoryEvent]":
        """The builds that run now; BuildKit 0.11 and later know."""
        request = self._pb.BuildHistoryRequest(ActiveOnly=True, EarlyExit=True)
        call = self._logged("ListenBuildHistory")
        follow = self._stream("ListenBuildHistory", self._pb.BuildHistoryEvent)
        return _followed(call, follow(request))

    def solve(self, request: "pb.SolveRequest") -> Answer:
        """Starts a solve."""
        call = self._logged("Solve")
        ask = self._unary("Solve", self._pb.SolveResponse)
        return _followed(call, cast("Answer", ask.future(request)))

    def status(self, ref: str) -> "grpc.CallIterator[pb.StatusResponse]":
        """Progress of the solve `ref`; waits for it, and ends with it."""
        call = self._logged("Status")
        follow = self._stream("Status", self._pb.StatusResponse)
        return _followed(call, follow(self._pb.StatusRequest(Ref=ref)))

    def session(self, metadata: Metadata) -> "CallTransport":
        """The bytes of a session, as a stream of this channel (moby/buildkit, grpchijack)."""
        return CallTransport(self._channel, metadata, self._address)

    def _logged(self, name: str) -> Call:
        return _LOG.call(name, self._address)

    def _unary(
        self, name: str, response: type[_Response]
    ) -> "grpc.UnaryUnaryMultiCallable[Message, _Response]":
        return self._channel.unary_unary(_SERVICE + name, _serialize, response.FromString)

    def _stream(
        self, name: str, response: type[_Response]
    ) -> "grpc.UnaryStreamMultiCallable[Message, _Response]":
        return self._channel.unary_stream(_SERVICE + name, _serialize, response.FromString)


def _followed(call: Call, going: _Going) -> _Going:
    """`going`, whose end is logged whenever it comes."""
    if is_on():
        cast("grpc.Future[object]", going).add_done_callback(lambda ended: call.end(_code(ended)))
    return going


def _code(ended: object) -> str:
    return str(cast("grpc.Call", ended).code().name)


def _serialize(message: "Message") -> bytes:
    return message.SerializeToString()


class CallTransport:
    """Implements `transport.Transport` by Control.Session: bytes within messages of a call."""

    def __init__(self, channel: "grpc.Channel", metadata: Metadata, address: str = "") -> None:
        from envdplan.clients.buildkit.proto.control_pb2 import BytesMessage

        self._message = BytesMessage
        self._outgoing: queue.Queue[BytesMessage | None] = queue.Queue(_QUEUE)
        self._closed = False
        open_call = channel.stream_stream(f"{_SERVICE}Session", _serialize, BytesMessage.FromString)
        self._logged = _LOG.call("Session", address)
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
        if not self._closed:
            self._logged.end("closed" if self._call.is_active() else _code(self._call))
        self._closed = True
        self._call.cancel()  # type: ignore[no-untyped-call]  # the stubs forgot its result
        with suppress(queue.Empty):
            while True:
                self._outgoing.get_nowait()
        self._outgoing.put_nowait(None)
