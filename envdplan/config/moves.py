"""`moved` and `removed` blocks: what became of resources that the state still knows otherwise."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from envdplan.addresses import Address, Kind, ModulePath
from envdplan.config.config import Declared
from envdplan.config.instances import FOR_EACH
from envdplan.config.problems import suggestion
from envdplan.config.references import static_path
from envdplan.config.refusals import refuse_unknown
from envdplan.config.tree import Tree
from envdplan.diagnostics import Diagnostics
from envdplan.graph import Cycle, Graph
from envdplan.source import SourceRange
from envdplan.syntax.document import Literal


@dataclass(frozen=True, slots=True)
class _Names:
    """What there is now."""

    tree: Tree
    resources: Collection[Address]
    """With the instances of for_each."""

    def has(self, address: Address) -> bool:
        """Whether it is declared: the block as a single resource, or the key of its for_each."""
        if address.key is not None or not self.tree.has(address):
            return address in self.resources
        return FOR_EACH not in self.tree.block(address).body.attributes


def moves(
    tree: Tree, resources: Collection[Address], diagnostics: Diagnostics
) -> tuple[tuple[Address, Address], ...]:
    """Former and new address of each move, so that chains are followed to their end."""
    found: dict[Address, tuple[Address, SourceRange]] = {}
    for module in tree.modules.values():
        for block in module.declared.moves:
            _move(block, module.path, _Names(tree, resources), found, diagnostics)
    _no_circle(found, diagnostics)
    _arrive(found, tree, diagnostics)
    return tuple((former, _end(former, found)) for former in found)


def _move(
    block: Declared,
    module: ModulePath,
    known: _Names,
    found: dict[Address, tuple[Address, SourceRange]],
    diagnostics: Diagnostics,
) -> None:
    misspelt = refuse_unknown("A moved block", block.body, ("from", "to"), diagnostics)
    names = [name for name in ("from", "to") if name not in misspelt]
    former, now = (*(_stated(block, name, module, diagnostics) for name in names), None, None)[:2]
    if former is None or now is None:
        return
    if former.kind is not now.kind:
        detail = f"{former} cannot become {now}: a {former.kind} stays a {former.kind}."
        diagnostics.error("Wrong kind of resource", detail, block.range)
    elif former in found:
        detail = f"{former} has moved already, at {found[former][1]}."
        diagnostics.error("Moved twice", detail, block.range)
    elif known.has(former):
        detail = f"{former} is still declared. A moved block is for what it was called before."
        diagnostics.error("Moved, but still there", detail, block.range)
    else:
        found[former] = (now, block.range)


def _no_circle(
    found: Mapping[Address, tuple[Address, SourceRange]], diagnostics: Diagnostics
) -> None:
    try:
        Graph({former: (now,) for former, (now, _) in found.items()}).order()
    except Cycle as cycle:
        drawn = " -> ".join(map(str, cycle.path))
        detail = f"These moves end where they began: {drawn}. Take one of them out."
        diagnostics.error("Reference cycle", detail, found[cycle.path[0]][1])


def _arrive(
    found: Mapping[Address, tuple[Address, SourceRange]], tree: Tree, diagnostics: Diagnostics
) -> None:
    """What moves to a name that nobody declares would be destroyed."""
    left = {one for block in tree.root.removals for one in _addresses(block)}
    for now, place in found.values():
        block = replace(now, key=None)
        if not tree.has(block) and now not in found and now not in left:
            hint = suggestion(str(block), map(str, tree.addresses()))
            diagnostics.error("Unknown name", f"There is no {block} to move to.{hint}", place)


def _addresses(block: Declared) -> Iterator[Address]:
    attribute = block.body.attributes.get("from")
    path = () if attribute is None else static_path(attribute.expression) or ()
    address = Address.of_path(path)
    if address is not None:
        yield address


def _end(former: Address, found: dict[Address, tuple[Address, SourceRange]]) -> Address:
    seen = {former}
    now = found[former][0]
    while now in found and now not in seen:
        seen.add(now)
        now = found[now][0]
    return now


def removals(
    tree: Tree, resources: Collection[Address], diagnostics: Diagnostics
) -> frozenset[Address]:
    """What is only to be forgotten; what is to be destroyed needs no block."""
    known = _Names(tree, resources)
    blocks = tree.root.removals
    return frozenset(address for block in blocks for address in _kept(block, known, diagnostics))


def _kept(block: Declared, known: _Names, diagnostics: Diagnostics) -> Iterator[Address]:
    if "from" in refuse_unknown("A removed block", block.body, ("from", "destroy"), diagnostics):
        return
    former = _stated(block, "from", (), diagnostics)
    attribute = block.body.attributes.get("destroy")
    destroy = True
    if attribute is not None:
        given = attribute.expression
        if not isinstance(given, Literal) or not isinstance(given.value, bool):
            diagnostics.error("Wrong type", "destroy is true or false.", given.range)
            return
        destroy = given.value
    if former is None:
        return
    if known.has(former):
        detail = f"{former} is still declared: take its block away first."
        diagnostics.error("Removed, but still there", detail, block.range)
    elif not destroy:
        yield former


def _stated(
    block: Declared, name: str, module: ModulePath, diagnostics: Diagnostics
) -> Address | None:
    attribute = block.body.attributes.get(name)
    if attribute is None:
        detail = f"A {block.name} block needs {name}, such as {name} = build.NAME."
        diagnostics.error("Missing attribute", detail, block.range)
        return None
    address = Address.of_path(static_path(attribute.expression) or (), module)
    if address is None:
        root = (static_path(attribute.expression) or ("",))[0]
        hint = suggestion(root, [kind.value for kind in Kind])
        detail = f"{name} takes a whole resource, such as build.NAME, or one KEY of it.{hint}"
        diagnostics.error("Wrong type", detail, attribute.expression.range)
    return address
