"""What goes wrong with a builder, in our words: the one place that reads grpc's errors."""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from envdplan.clients.buildkit.excerpt import Excerpt
from envdplan.ground.diagnostics import EnvdplanError, Refused, Unreachable

if TYPE_CHECKING:
    import grpc

_DETAILS = "grpc-status-details-bin"


class BuildFailed(EnvdplanError):
    """A solve that the builder ended with an error.

    `vertex` is the name of the step, "" when none failed; `output` its last lines.
    """

    def __init__(
        self, message: str, vertex: str = "", excerpt: Excerpt | None = None, output: str = ""
    ) -> None:
        parts = (message, vertex and f"in the step {vertex}", output, str(excerpt or ""))
        super().__init__("the build failed", "\n".join(part for part in parts if part))
        self.message = message
        self.vertex = vertex
        self.excerpt = excerpt
        self.output = output


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed call, read once: `code` is gRPC's name of it; `details` came from BuildKit."""

    code: str
    message: str
    has_details: bool = False
    vertex: str = ""
    """The digest of the failing step."""
    excerpt: Excerpt | None = None


def read(error: "grpc.RpcError") -> Failure:
    """What grpc and BuildKit tell about a failed call."""
    code, message = error.code().name, error.details() or ""
    for item in error.trailing_metadata() or ():
        if item.key == _DETAILS and isinstance(item.value, bytes):
            return _detailed(code, message, item.value)
    return Failure(code, message)


def translate(failure: Failure, address: str) -> EnvdplanError:
    """A failed call that is no solve."""
    match failure.code:
        case "UNAVAILABLE" | "DEADLINE_EXCEEDED" | "CANCELLED":
            return unreachable(failure.message, address)
        case "UNIMPLEMENTED":
            detail = f"{address}: {failure.message}. It is too old for this; use a newer one."
            return Refused("Builder does not know this call", detail)
        case _:
            return Refused("Builder reported an error", f"{address}: {failure.message}")


def unreachable(reason: str, address: str) -> Unreachable:
    """No answer, with grpc's or the socket's reason."""
    # grpc core: "failed to connect to all addresses; last error: CODE: ADDRESS: REASON"
    reason = re.sub(r"^.*last error: [A-Z_]+: ", "", reason, flags=re.DOTALL)
    reason = reason.rstrip(". \n")  # ssh ends its sentences, grpc does not
    detail = f"{address}: {reason}. Check that it runs, and that the address is right."
    return Unreachable("Builder does not answer", detail)


def _detailed(code: str, message: str, content: bytes) -> Failure:
    from envdplan.clients.buildkit.details import excerpt, parse, step

    details = parse(content)
    return Failure(code, message, bool(details), step(details), excerpt(details))
