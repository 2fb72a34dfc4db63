"""What the builder may call back on us: services served over the session's gRPC stream."""

from collections.abc import Callable, Iterable, Mapping
from typing import Protocol, TypeAlias


class Stream(Protocol):
    """One call of the builder, seen from our side. Any thread may send."""

    @property
    def metadata(self) -> Mapping[str, str]:
        """The call's metadata: lower-case keys, several values of a key in `values`."""

    def values(self, key: str) -> tuple[str, ...]:
        """All values of a metadata key, in order, decoded where `KEY-encoded` says so."""

    def receive(self) -> bytes | None:
        """The next message, or None when the other side has sent its last."""

    def send(self, messages: Iterable[bytes]) -> None:
        """Send messages in order and in as few packets as possible; blocks on flow control."""


class Abort(Exception):
    """Ends the call with a gRPC status code other than OK; `message` reaches the builder."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


Handler: TypeAlias = Callable[[Stream], None]
"""Serves one call; returning ends it with OK, Abort with its code."""

Services: TypeAlias = Mapping[str, Handler]
"""Full method path (`/moby.filesync.v1.FileSync/DiffCopy`) to its handler."""
