"""A state in memory: for tests of whatever uses envdplan as a library."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Lock

from envdplan.core.state.observed import Input
from envdplan.core.state.recorded import State
from envdplan.ground.diagnostics import Conflict


class MemoryStore:
    """Behaves as LocalStore does; `saves` counts how often it was saved."""

    def __init__(self, state: State | None = None) -> None:
        self.state = state or State.new()
        self.saves = 0
        self._lock = Lock()
        self._lists: dict[str, tuple[Input, ...]] = {}

    @contextmanager
    def lock(self, operation: str, *, timeout: float = 0.0) -> Iterator[None]:
        """Hold the state for one operation. Raises Conflict when it is held."""
        if not self._lock.acquire(timeout=timeout or -1, blocking=timeout > 0):
            raise Conflict("State is locked", f"{operation} has to wait for another one.")
        try:
            yield
        finally:
            self._lock.release()

    def load(self) -> State:
        """The state."""
        return self.state

    def save(self, state: State) -> None:
        """Keep `state`."""
        self.state = state
        self.saves += 1

    def inputs(self, digest: str) -> tuple[Input, ...] | None:
        """The list behind an inputs digest."""
        return self._lists.get(digest)

    def keep_inputs(self, digest: str, inputs: Iterable[Input]) -> None:
        """Keep the list behind an inputs digest."""
        self._lists[digest] = tuple(inputs)
