"""`moved` blocks: what resources, and whole modules, were called before."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias, TypeVar

from envdplan.ground.addresses import Address, ModulePath
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.graph import Cycle, Graph
from envdplan.ground.source import SourceRange
from envdplan.language.configuration.config import Declared
from envdplan.language.configuration.formernames import Former, Names, WholeModule, stated
from envdplan.language.configuration.modulepaths import names as all_names
from envdplan.language.configuration.refusals import refuse_unknown
from envdplan.language.configuration.removals import removed
from envdplan.language.configuration.tree import Tree
from envdplan.language.evaluation.problems import suggestion

Found: TypeAlias = dict[Former, tuple[Former, SourceRange]]
"""Where each thing went, and the block that says so."""

_K = TypeVar("_K", bound=Former)


def moves(
    tree: Tree, resources: Collection[Address], diagnostics: Diagnostics
) -> tuple[tuple[Address, Address], ...]:
    """Former and new address of each move, so that chains are followed to their end."""
    reading = _Reading(Names(tree, resources), diagnostics)
    for module in tree.modules.values():
        for block in module.declared.moves:
            reading.add(block, module.path)
    straight = _is_straight(reading.found, diagnostics)
    _arrive(reading.found, tree, diagnostics)
    found = _expanded(reading.found, tree)
    if straight:
        _is_straight(found, diagnostics)
    return tuple((former, _end(former, found)) for former in found)


@dataclass(frozen=True, slots=True)
class _Reading:
    names: Names
    diagnostics: Diagnostics
    found: Found = field(default_factory=dict)

    def add(self, block: Declared, module: ModulePath) -> None:
        """What one block says, or what is wrong with it."""
        allowed = ("from", "to")
        misspelt = refuse_unknown("A moved block", block.body, allowed, self.diagnostics)
        ends = [
            stated(block, name, module, self.diagnostics)
            for name in allowed
            if name not in misspelt
        ]
        former, now = (*ends, None, None)[:2]
        if former is None or now is None:
            return
        if problem := self._problem(former, now):
            self.diagnostics.error(*problem, block.range)
        else:
            self.found[former] = (now, block.range)

    def _problem(self, former: Former, now: Former) -> tuple[str, str] | None:
        if former.kind != now.kind:
            detail = f"{former} cannot become {now}: a {former.kind} stays a {former.kind}."
            return "Wrong kind of resource", detail
        if former in self.found:
            return "Moved twice", f"{former} has moved already, at {self.found[former][1]}."
        if self.names.has(former):
            detail = (
                f"{former} is still declared. A moved block names what a resource was "
                "called before."
            )
            return "Moved resource is still declared", detail
        return None


def _is_straight(found: Mapping[_K, tuple[_K, SourceRange]], diagnostics: Diagnostics) -> bool:
    try:
        Graph({former: (now,) for former, (now, _) in found.items()}).order()
    except Cycle as cycle:
        drawn = " -> ".join(map(str, cycle.path))
        detail = f"These moves form a circle: {drawn}. Take one of them out."
        diagnostics.error("Reference cycle", detail, found[cycle.path[0]][1])
        return False
    return True


def _arrive(found: Found, tree: Tree, diagnostics: Diagnostics) -> None:
    """What moves to a name that nobody declares would be destroyed."""
    left = {*removed(tree), *found}
    for now, place in found.values():
        block = now if isinstance(now, WholeModule) else replace(now, key=None)
        if not _is_declared(block, tree) and now not in left:
            hint = suggestion(str(block), all_names(tree.root))
            diagnostics.error("Unknown name", f"There is no {block} to move to.{hint}", place)


def _is_declared(one: Former, tree: Tree) -> bool:
    return one.path in tree.modules if isinstance(one, WholeModule) else tree.has(one)


def _expanded(found: Found, tree: Tree) -> dict[Address, tuple[Address, SourceRange]]:
    """Resources only: those of a module that moved are told one by one, through several moves.

    What a block says of one resource counts more than what another says of its module.
    """
    modules = {
        former: (now, place)
        for former, (now, place) in found.items()
        if isinstance(former, WholeModule) and isinstance(now, WholeModule)
    }
    known: dict[Address, tuple[Address, SourceRange]] = {
        former: (now, place)
        for former, (now, place) in found.items()
        if isinstance(former, Address) and isinstance(now, Address)
    }
    for _ in modules:  # a thing moves with each of them once at most
        known = {**dict(_inside(modules, {*tree.addresses(), *known})), **known}
    return known


def _inside(
    modules: Mapping[WholeModule, tuple[WholeModule, SourceRange]], known: Collection[Address]
) -> Iterator[tuple[Address, tuple[Address, SourceRange]]]:
    for former, (now, place) in modules.items():
        for address in known:
            if now.holds(address):
                yield former.instead(address, now), (address, place)


def _end(former: Address, found: Mapping[Address, tuple[Address, SourceRange]]) -> Address:
    seen = {former}
    now = found[former][0]
    while now in found and now not in seen:
        seen.add(now)
        now = found[now][0]
    return now
