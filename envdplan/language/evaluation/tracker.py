"""Who looked at which instance of a for_each: edges to those alone, not to all of a block."""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from envdplan.ground.addresses import Address


@dataclass(slots=True)
class Tracker:
    """Remembers, for each thing that was evaluated, the instances behind it."""

    _now: set[Address] = field(default_factory=set)
    _behind: dict[Hashable, frozenset[Address]] = field(default_factory=dict)

    def saw(self, address: Address) -> None:
        """What is evaluated at the moment looked at `address`."""
        if address.key is not None:
            self._now.add(address)

    @contextmanager
    def recording(self, key: Hashable) -> Iterator[None]:
        """Everything that is seen inside is behind `key`."""
        before, self._now = self._now, set()
        try:
            yield
        finally:
            self._behind[key] = frozenset(self._now)
            self._now = before

    def recall(self, key: Hashable) -> None:
        """Who uses `key` uses all that is behind it."""
        self._now |= self.behind(key)

    def behind(self, key: Hashable) -> frozenset[Address]:
        """What was seen while `key` was evaluated."""
        return self._behind.get(key, frozenset())
