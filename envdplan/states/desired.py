"""What the configuration asks for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from envdplan.addresses import Address
from envdplan.source import SourceRange
from envdplan.values import Attributes, Value

Known: TypeAlias = Mapping[Address, Attributes]
"""Attributes of resources, as far as they are known at some moment."""


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """How a resource may change."""

    prevent_destroy: bool = False


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource as configured: defaults filled in, UNKNOWN where known after apply only."""

    address: Address
    type: str
    """The builder type; for contexts and builds the kind itself."""
    attributes: Attributes
    depends_on: tuple[Address, ...] = ()
    """Direct edges, sorted: what it refers to and what `depends_on` names."""
    range: SourceRange | None = field(default=None, compare=False)
    lifecycle: Lifecycle = Lifecycle()
    resolve: Callable[[Known], Attributes] | None = field(default=None, compare=False, repr=False)
    """Evaluates the attributes again with what is known; None when nothing is unknown."""


@dataclass(frozen=True, slots=True)
class Output:
    """An output block; `resolve` as for a resource."""

    name: str
    value: Value
    description: str = ""
    sensitive: bool = False
    resolve: Callable[[Known], Value] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class DesiredState:
    """All that the configuration asks for."""

    resources: Mapping[Address, Resource] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    imports: frozenset[Address] = frozenset()
    """What may be adopted though it is not as wanted: `import` blocks name it."""
    moves: tuple[tuple[Address, Address], ...] = ()
    """Former and new addresses: `moved` blocks."""
    kept: frozenset[Address] = frozenset()
    """What is forgotten rather than destroyed: `removed` blocks."""
    groups: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)
    """Names for several resources, for -target."""
