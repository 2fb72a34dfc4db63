"""What a running solve tells, as plain data: BuildKit's vertexes, statuses, logs, warnings."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Vertex:
    """A step of the build; sent again whenever it changes. Times are Unix seconds."""

    digest: str
    name: str
    started: float | None
    completed: float | None
    cached: bool
    error: str


@dataclass(frozen=True, slots=True)
class Status:
    """Progress within a step: `current` of `total` (bytes mostly; total 0 when not known)."""

    vertex: str
    id: str
    current: int
    total: int
    completed: bool


@dataclass(frozen=True, slots=True)
class Log:
    """Output of a step: stream 1 is stdout, 2 stderr."""

    vertex: str
    stream: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Warning:
    """A complaint of the frontend, such as a build check."""

    vertex: str
    short: str
    detail: tuple[str, ...]
    url: str
    file: str
    line: int


Progress: TypeAlias = Vertex | Status | Log | Warning
