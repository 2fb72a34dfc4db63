"""The project and the modules that it calls, side by side, each by its path."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from envdplan.ground.addresses import Address, Kind, ModulePath
from envdplan.language.configuration.config import Declarations, Declared


@dataclass(frozen=True, slots=True)
class Module:
    """One call of a module; the project itself has no call."""

    declared: Declarations
    call: Declared | None = None
    directory: str = "."
    """Absolute: where its files are."""
    fetched: bool = False
    """Whether it is somebody else's."""
    by_kind: Mapping[Kind, Mapping[str, Address]] = field(init=False, repr=False)
    """The resources by what expressions call them."""

    def __post_init__(self) -> None:
        found: dict[Kind, dict[str, Address]] = {kind: {} for kind in Kind}
        for address in self.declared.resources:
            found[address.kind][address.name] = address
        object.__setattr__(self, "by_kind", found)

    @property
    def path(self) -> ModulePath:
        """Where it is called."""
        return self.declared.module


@dataclass(frozen=True, slots=True)
class Tree:
    """All modules, each after the one that calls it."""

    modules: Mapping[ModulePath, Module]

    @property
    def root(self) -> Declarations:
        """What the project itself declares."""
        return self.modules[()].declared

    def declared(self, path: ModulePath) -> Declarations:
        """What one module declares."""
        return self.modules[path].declared

    def block(self, address: Address) -> Declared:
        """The block of a resource."""
        return self.modules[address.module].declared.resources[address]

    def has(self, address: Address) -> bool:
        """Whether the resource has a block."""
        module = self.modules.get(address.module)
        return module is not None and address in module.declared.resources

    def addresses(self) -> Iterator[Address]:
        """The blocks of all resources."""
        for module in self.modules.values():
            yield from module.declared.resources

    def callers(self, path: ModulePath) -> Iterator[tuple[Declared, Declarations]]:
        """The calls that lead to a module, each with what the caller declares."""
        for length in range(1, len(path) + 1):
            call = self.modules[path[:length]].call
            if call is not None:
                yield call, self.declared(path[: length - 1])
