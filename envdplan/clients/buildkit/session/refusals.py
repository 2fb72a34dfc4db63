"""What a builder was refused, as far as people are told: it may ask without end."""

import threading
from typing import Final

MOST: Final = 10
"""So many refusals of one build are told; of the others, how many there were."""
LONGEST: Final = 200
"""Characters of one."""


class Refusals:
    """Collects what was refused; any thread may add. Room and time are bounded."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._told: dict[str, None] = {}
        self._others = 0

    def add(self, what: str) -> None:
        """Take note of what was asked for, in the builder's own words."""
        line = shown(what)
        with self._lock:
            if line in self._told or len(self._told) < MOST:
                self._told[line] = None
            else:
                self._others += 1

    def lines(self) -> tuple[str, ...]:
        """What people are told: each once."""
        with self._lock:
            rest = (f"and {self._others} more",) if self._others else ()
            return (*self._told, *rest)


def shown(text: str) -> str:
    """The words of a builder on one line of a terminal: cut, and nothing in them is obeyed."""
    safe = "".join(
        char if char.isprintable() else char.encode("unicode_escape", "backslashreplace").decode()
        for char in text[:LONGEST]
    )
    return safe if len(text) <= LONGEST and len(safe) <= LONGEST else f"{safe[:LONGEST]}..."
