"""The configuration with its expressions evaluated: `validate` makes a desired state of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from envdplan.core.state.desired import Lifecycle, Output
from envdplan.ground.addresses import Address, Kind, ModulePath
from envdplan.ground.schema import ResourceType
from envdplan.ground.source import SourceRange
from envdplan.ground.values import AttributePath, Attributes
from envdplan.language.syntax.document import Attribute, Body, Expression

Places = Mapping[AttributePath, SourceRange]
"""Where each attribute, nested ones too, stands in the files."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The `envdplan` block. Paths are absolute; None means the default."""

    required_version: str | None = None
    context_store: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class Condition:
    """What has to be true, and what is said when it is not."""

    condition: Expression
    message: Expression
    range: SourceRange


@dataclass(frozen=True, slots=True)
class Declared:
    """A block with a name: its header and its body."""

    name: str
    body: Body
    range: SourceRange


@dataclass(frozen=True, slots=True)
class Declarations:
    """All blocks of all files, by what they declare."""

    settings: tuple[Declared, ...] = ()
    variables: Mapping[str, Declared] = field(default_factory=dict)
    locals: Mapping[str, Attribute] = field(default_factory=dict)
    resources: Mapping[Address, Declared] = field(default_factory=dict)
    outputs: Mapping[str, Declared] = field(default_factory=dict)
    imports: tuple[Declared, ...] = ()
    moves: tuple[Declared, ...] = ()
    removals: tuple[Declared, ...] = ()
    templates: Mapping[str, Declared] = field(default_factory=dict)
    functions: Mapping[str, Declared] = field(default_factory=dict)
    groups: Mapping[str, Declared] = field(default_factory=dict)
    modules: Mapping[str, Declared] = field(default_factory=dict)
    data: Mapping[str, Declared] = field(default_factory=dict)
    """By TYPE.NAME."""
    checks: Mapping[str, Declared] = field(default_factory=dict)
    module: ModulePath = ()
    """Whose declarations these are; the addresses of `resources` say it too."""
    called: dict[str, "Declarations"] = field(default_factory=dict, compare=False, repr=False)
    """What the modules declare that are called here; put in as they are read."""

    def address(self, kind: Kind, name: str) -> Address:
        """What `kind.name` means in an expression here."""
        return Address(kind, name, None, self.module)


@dataclass(frozen=True, slots=True)
class ResourceConfig:
    """One resource: its block, evaluated, with defaults and derived values, not yet checked."""

    address: Address
    type: ResourceType
    attributes: Attributes
    places: Places
    range: SourceRange
    depends_on: tuple[Address, ...] = ()
    lifecycle: Lifecycle = Lifecycle()
    preconditions: tuple[Condition, ...] = ()
    postconditions: tuple[Condition, ...] = ()

    def place(self, *path: str | int) -> SourceRange:
        """Where an attribute stands; the nearest one that encloses it, else the block's header."""
        while path:
            if path in self.places:
                return self.places[path]
            path = path[:-1]
        return self.range


@dataclass(frozen=True, slots=True)
class Config:
    """The whole configuration."""

    resources: Mapping[Address, ResourceConfig] = field(default_factory=dict)
    outputs: Mapping[str, Output] = field(default_factory=dict)
