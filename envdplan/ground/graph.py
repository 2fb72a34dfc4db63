"""A dependency graph over any key: its order, and the path of a cycle when it has one."""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


class Cycle(Exception, Generic[K]):
    """The graph has a cycle; `path` starts and ends with the same key."""

    def __init__(self, path: tuple[K, ...]) -> None:
        super().__init__(" -> ".join(map(str, path)))
        self.path = path


class Graph(Generic[K]):
    """Edges from a key to what it needs. Edges to keys outside the graph are left out."""

    def __init__(self, needs: Mapping[K, Iterable[K]]) -> None:
        self._needs = {key: tuple(n for n in wanted if n in needs) for key, wanted in needs.items()}

    def __getitem__(self, key: K) -> tuple[K, ...]:
        return self._needs[key]

    def order(self) -> tuple[K, ...]:
        """Every key after all that it needs; keys keep their order of insertion otherwise.

        Raises Cycle.
        """
        try:
            return tuple(TopologicalSorter(self._needs).static_order())
        except CycleError as error:
            # graphlib names each key before the one that needs it; users read "needs" arrows
            raise Cycle(tuple(reversed(error.args[1]))) from None

    def sorter(self) -> TopologicalSorter[K]:
        """A prepared standard-library sorter, to walk the graph in parallel."""
        sorter = TopologicalSorter(self._needs)
        sorter.prepare()
        return sorter

    def closure(self, keys: Iterable[K]) -> frozenset[K]:
        """`keys` and all that they need, directly or not."""
        found: set[K] = set()
        queue = [key for key in keys if key in self._needs]
        while queue:
            key = queue.pop()
            if key not in found:
                found.add(key)
                queue.extend(self._needs[key])
        return frozenset(found)

    def reversed(self) -> "Graph[K]":
        """The same keys with every edge turned round."""
        users: dict[K, list[K]] = {key: [] for key in self._needs}
        for key, wanted in self._edges():
            users[wanted].append(key)
        return Graph(users)

    def _edges(self) -> Iterator[tuple[K, K]]:
        return ((key, wanted) for key, all_wanted in self._needs.items() for wanted in all_wanted)
