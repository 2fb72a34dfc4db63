"""Progress lines for people and the one kind of error of this package."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager


class ServiceError(Exception):
    """A part cannot be provided: what, and in `detail` why and what to do."""

    def __init__(self, summary: str, detail: str = "") -> None:
        super().__init__(summary)
        self.summary = summary
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.summary}\n{self.detail}" if self.detail else self.summary


def say(line: str) -> None:
    """Print one line of progress to stderr; stdout is for results."""
    print(f"services: {line}", file=sys.stderr, flush=True)


@contextmanager
def step(what: str) -> Iterator[None]:
    """Announce a slow step and say how many seconds it took."""
    say(f"{what} ...")
    begin = time.monotonic()
    yield
    say(f"{what}: done in {time.monotonic() - begin:.1f} s")
