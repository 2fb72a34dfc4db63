"""HTTP requests and answers as data, and the limits under which they are exchanged."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Limits:
    """Time limits in seconds, and how often a request is tried when the failure may pass.

    A server's Retry-After of up to `longest_pause` is waited for; beyond it we give up at once.
    `total` is for a request with all its attempts, and for each MiB of what is carried through
    this machine: `read` alone would let a server go on for ever that sends a byte now and then.
    """

    connect: float = 5.0
    read: float = 30.0
    total: float = 60.0
    attempts: int = 3
    first_pause: float = 0.5
    longest_pause: float = 10.0


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request. A `body` of an iterator is sent as it comes, and never twice."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | Iterator[bytes] | None = field(default=None, repr=False)

    @property
    def host(self) -> str:
        """Host and port of the URL."""
        return urlsplit(self.url).netloc


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; header names are in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)
    with_login: bool = False
    """Whether it is a 401 although there is a login for the registry."""
