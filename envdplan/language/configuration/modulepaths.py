"""`module.NAME` in a configuration: all that the module declares, or a way to one of its blocks."""

from collections.abc import Iterator

from envdplan.ground.addresses import MODULE, Address, ModulePath
from envdplan.language.configuration.config import Declarations
from envdplan.language.evaluation.references import Path


def module_names(path: Path) -> ModulePath | None:
    """The modules of `module.a.module.b`, as seen where that stands; None for any other path."""
    whole = len(path) % 2 == 0 and set(path[0::2]) == {MODULE}
    return path[1::2] if whole else None


def module(names: ModulePath, declared: Declarations) -> Declarations | None:
    """What a module declares that is called in `declared`, directly or by modules."""
    found: Declarations | None = declared
    for name in names:
        found = None if found is None else found.called.get(name)
    return found


def within(path: Path, declared: Declarations) -> list[Address] | None:
    """All that a module holds; None when `path` names no module."""
    names = module_names(path)
    found = None if names is None else module(names, declared)
    return None if found is None else list(_blocks(found))


def _blocks(declared: Declarations) -> Iterator[Address]:
    yield from declared.resources
    for inner in declared.called.values():
        yield from _blocks(inner)


def has(address: Address, declared: Declarations) -> bool:
    """Whether a block is declared here or in a module."""
    found = module(address.module[len(declared.module) :], declared)
    return found is not None and address in found.resources


def named(path: Path, declared: Declarations) -> tuple[list[Address], Path]:
    """The blocks that `path` begins with, and the rest of it: a key, an attribute.

    A module means all its blocks. None, where there is nothing of that name.
    """
    inner = within(path, declared)
    if inner is not None:
        return inner, ()
    size = 2
    while path[size - 2 : size - 1] == (MODULE,):
        size += 2
    address = Address.of_path(path[:size], declared.module)
    return ([address], path[size:]) if address and has(address, declared) else ([], path)


def names(declared: Declarations) -> Iterator[str]:
    """What can be named here, for suggestions: blocks, and modules with theirs."""
    yield from map(str, _blocks(declared))
    yield from (f"{MODULE}.{name}" for name in declared.called)
