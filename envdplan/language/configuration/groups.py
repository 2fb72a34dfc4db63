"""`group` blocks: names for what -target means."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from envdplan.ground.addresses import MODULE, Address
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.graph import Cycle, Graph
from envdplan.language.configuration.config import Declared
from envdplan.language.configuration.modulepaths import within
from envdplan.language.configuration.refusals import refuse_unknown
from envdplan.language.configuration.tree import Tree
from envdplan.language.evaluation.problems import suggestion
from envdplan.language.evaluation.references import static_path
from envdplan.language.syntax.document import Expression, ListOf

GROUP: Final = "group"
_NAMES: Final = ("members", "description")


@dataclass(frozen=True, slots=True)
class _Known:
    """What a member can be."""

    tree: Tree
    resources: Collection[Address]
    """With the instances of for_each."""
    found: Mapping[str, tuple[Address, ...]]
    """The groups that are resolved already."""

    def has(self, address: Address) -> bool:
        """Whether there is such a block, or such an instance of one."""
        return self.tree.has(address) if address.key is None else address in self.resources

    def names(self) -> list[str]:
        """All that there are, for suggestions."""
        modules = (f"{MODULE}.{'.module.'.join(path)}" for path in self.tree.modules if path)
        named = (f"{GROUP}.{one}" for one in self.tree.root.groups)
        return [*map(str, (*self.tree.addresses(), *self.resources)), *named, *modules]


def groups(
    tree: Tree, resources: Collection[Address], diagnostics: Diagnostics
) -> Mapping[str, tuple[Address, ...]]:
    """The resources behind each group, through other groups too."""
    blocks = tree.root.groups
    needs = {name: _inner(block, blocks) for name, block in blocks.items()}
    try:
        order = Graph(needs).order()
    except Cycle as cycle:
        drawn = " -> ".join(f"{GROUP}.{one}" for one in cycle.path)
        detail = f"These groups hold each other: {drawn}. Take one of them out."
        diagnostics.error("Reference cycle", detail, blocks[cycle.path[0]].range)
        return {}
    found: dict[str, tuple[Address, ...]] = {}
    for name in order:
        members = _members(blocks[name], _Known(tree, resources, found), diagnostics)
        found[name] = tuple(dict.fromkeys(members))
    return {name: found[name] for name in blocks}


def _inner(block: Declared, known: Collection[str]) -> list[str]:
    """The groups in a group."""
    paths = (static_path(item) or () for item in _items(block))
    return [path[1] for path in paths if path[:1] == (GROUP,) and path[1:] and path[1] in known]


def _items(block: Declared) -> tuple[Expression, ...]:
    attribute = block.body.attributes.get("members")
    expression = attribute.expression if attribute is not None else None
    return expression.items if isinstance(expression, ListOf) else ()


def _members(block: Declared, known: _Known, diagnostics: Diagnostics) -> Iterator[Address]:
    misspelt = refuse_unknown("A group", block.body, _NAMES, diagnostics)
    attribute = block.body.attributes.get("members")
    if attribute is None and "members" in misspelt:
        return
    if attribute is None or not isinstance(attribute.expression, ListOf):
        detail = "A group needs members, a list such as [build.a, build.b]."
        place = block.range if attribute is None else attribute.range
        diagnostics.error("Missing attribute", detail, place)
    for item in _items(block):
        yield from _member(item, known, diagnostics)


def _member(item: Expression, known: _Known, diagnostics: Diagnostics) -> Iterator[Address]:
    path = static_path(item) or ()
    address = Address.of_path(path)
    if len(path) == 2 and path[0] == GROUP and path[1] in known.found:  # noqa: PLR2004  kind.name
        yield from known.found[path[1]]
    elif address is not None and known.has(address):
        yield address
    elif (inner := within(path, known.tree.root)) is not None:
        yield from inner
    else:
        _unknown(item, known, diagnostics)


def _unknown(item: Expression, known: _Known, diagnostics: Diagnostics) -> None:
    path = static_path(item) or ()
    name = str(Address.of_path(path) or ".".join(path))
    hint = suggestion(name, known.names()) if name else ""
    detail = f"A group holds builders, contexts, builds, modules and groups; this is none.{hint}"
    diagnostics.error("Unknown name", detail, item.range)
