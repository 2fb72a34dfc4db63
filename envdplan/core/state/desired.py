"""What the configuration asks for."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from envdplan.ground.addresses import Address, ModulePath
from envdplan.ground.diagnostics import Diagnostic
from envdplan.ground.source import SourceRange
from envdplan.ground.values import AttributePath, Attributes, Value

Known: TypeAlias = Mapping[Address, Attributes]
"""Attributes of resources, as far as they are known at some moment."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a condition holds: None while that is not known. `message` is for False."""

    holds: bool | None
    message: str = ""


@dataclass(frozen=True, slots=True)
class Requirement:
    """A condition; `judge` evaluates it with what is known."""

    range: SourceRange = field(compare=False)
    judge: Callable[[Known], Verdict] = field(compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Check:
    """A check block: what is looked at after a plan and an apply, and only warned of."""

    name: str
    tests: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """How a resource may change."""

    prevent_destroy: bool = False
    ignored: tuple[AttributePath, ...] = ()
    """Attributes, and parts of them, whose changes are let be; the empty path means all."""
    triggers: tuple[tuple[Address, AttributePath], ...] = ()
    """What makes it be replaced when it changes: resources, or attributes of them."""
    asked: bool = False
    """Whether the user asks to have it replaced in any case (-replace)."""

    @property
    def may_force(self) -> bool:
        """Whether it may be replaced, or run again, though it is as wanted."""
        return self.asked or bool(self.triggers)


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
    preconditions: tuple[Requirement, ...] = field(default=(), compare=False, repr=False)
    """What has to hold before it is changed."""
    postconditions: tuple[Requirement, ...] = field(default=(), compare=False, repr=False)
    """What has to hold when it is as wanted."""
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
class Rivals:
    """Two resources that would undo each other's work, if a plan were about both."""

    one: Address
    other: Address
    diagnostic: Diagnostic = field(compare=False)


@dataclass(frozen=True, slots=True)
class Kept:
    """Resources that are named one by one, by their block, or by a module that they were in."""

    addresses: frozenset[Address] = frozenset()
    modules: frozenset[ModulePath] = frozenset()

    def has(self, address: Address) -> bool:
        """Whether a resource is one of them."""
        outer = (address.module[:size] for size in range(1, len(address.module) + 1))
        return bool({address, address.block} & self.addresses) or any(
            one in self.modules for one in outer
        )


@dataclass(frozen=True, slots=True)
class DesiredState:
    """All that the configuration asks for."""

    resources: Mapping[Address, Resource] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
    blocks: frozenset[Address] = frozenset()
    """What is declared, also where a for_each makes no resource of it."""
    imports: frozenset[Address] = frozenset()
    """What may be adopted though it is not as wanted: `import` blocks name it."""
    moves: tuple[tuple[Address, Address], ...] = ()
    """Former and new addresses: `moved` blocks."""
    kept: Kept = Kept()
    """What is forgotten rather than destroyed: `removed` blocks."""
    going: Mapping[Address, Resource] = field(default_factory=dict)
    """What is configured but is to be destroyed all the same."""
    groups: Mapping[str, tuple[Address, ...]] = field(default_factory=dict)
    """Names for several resources, for -target."""
    checks: tuple[Check, ...] = ()
    rivals: tuple[Rivals, ...] = ()
    """What one plan must not be about together; there are some only beside a group.default."""

    def replacing(self, addresses: Collection[Address]) -> "DesiredState":
        """With these resources, or those of these blocks, to be replaced in any case."""
        asked = {
            address: replace(one, lifecycle=replace(one.lifecycle, asked=True))
            for address, one in self.resources.items()
            if {address, address.block} & {*addresses}
        }
        return replace(self, resources={**self.resources, **asked}) if asked else self

    def destroyed(self) -> "DesiredState":
        """Nothing of it; what is to be kept or protected stays so."""
        return DesiredState(kept=self.kept, going=self.resources)
