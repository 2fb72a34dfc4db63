"""A target of bake while it is being made: attributes, and where each of them stands."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from envdplan.dialects.compose.csv import Entry, distinct
from envdplan.dialects.compose.tree import Branch, Scalar, Tree
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceRange
from envdplan.ground.values import AttributePath, Value

Attributes: TypeAlias = dict[str, Value]
Placed: TypeAlias = tuple[Entry, SourceRange]

_LINKS: Final = frozenset({"service", "target"})


def target_name(service: str) -> str:
    """The name of the target of a service: bake's names have no dots."""
    return service.replace(".", "_")


def linked(path: str) -> str:
    """A context; the service or target that it names is a target of bake."""
    kind, sign, name = path.partition(":")
    return f"target:{target_name(name)}" if sign and kind in _LINKS else path


def scalars(branch: Branch | None) -> list[tuple[str, Scalar]]:
    """The keys of a mapping whose values are scalars."""
    items = branch.items.items() if branch else ()
    return [(name, tree) for name, tree in items if isinstance(tree, Scalar)]


@dataclass(slots=True)
class Target:
    """One service: `build` and `extension` (its x-bake) are read, `attributes` are written."""

    name: str
    service: Branch
    build: Branch
    extension: Branch
    secrets: Branch
    home: str
    variables: Callable[[], Mapping[str, str]]
    """Asked only when an argument takes its value from there."""
    diagnostics: Diagnostics
    attributes: Attributes = field(default_factory=dict)
    places: dict[AttributePath, SourceRange] = field(default_factory=dict)

    def put(self, path: AttributePath, value: Value, place: SourceRange) -> None:
        """Set an attribute, or an element of one that is a map."""
        inside = self.attributes
        if len(path) > 1:
            inside = self.attributes.setdefault(str(path[0]), {})
            self.places.setdefault(path[:1], place)
        inside[str(path[-1])] = value
        self.places[path] = place

    def put_strings(self, name: str, items: Iterable[Tree], place: SourceRange) -> None:
        """Set a list of different strings; empty ones are left out."""
        found = {s.value: s.place for s in items if isinstance(s, Scalar) and s.value}
        self.put((name,), list(found), place)
        self.places.update({(name, i): p for i, p in enumerate(found.values())})

    def put_entries(self, name: str, found: list[Placed], key: Callable[[Entry], object]) -> None:
        """Set a list of entries with different keys, if there are any."""
        if not found:
            return
        entries = distinct([entry for entry, _ in found], key)
        places = {key(entry): place for entry, place in found}
        self.put((name,), entries, found[0][1])
        self.places.update({(name, i): places[key(entry)] for i, entry in enumerate(entries)})
