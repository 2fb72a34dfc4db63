"""Which names of a configuration need which, found without evaluating anything."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

from envdplan.addresses import Address, Kind
from envdplan.config.config import Declarations
from envdplan.config.inheritance import INHERITS, Inheritance
from envdplan.config.references import CALL, Path, references
from envdplan.diagnostics import Diagnostics
from envdplan.graph import Cycle, Graph
from envdplan.source import SourceRange
from envdplan.syntax.document import Body, Expression

Node: TypeAlias = str | Address
"""The name of a local, a resource, or a function: its name with parentheses."""

_KINDS = frozenset(kind.value for kind in Kind)


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The order of evaluation, and the resources that each resource refers to."""

    order: tuple[Node, ...]
    resources: Mapping[Node, tuple[Address, ...]]
    """Resources behind a node, directly or through locals; sorted."""


def dependencies(declared: Declarations, diagnostics: Diagnostics) -> Dependencies | None:
    """None, and a diagnostic that draws it, when there is a cycle."""
    needs: dict[Node, list[Node]] = {
        name: _needs(_mentioned(local.expression), declared)
        for name, local in declared.locals.items()
    }
    for name, function in declared.functions.items():
        needs[_call(name)] = _needs(_body_mentions(function.body), declared)
    inheritance = Inheritance(declared, Diagnostics())
    if not inheritance.check_cycles(diagnostics):
        return None
    for address, block in declared.resources.items():
        bodies = (block, *inheritance.ancestors(block, address.kind))
        mentioned = chain.from_iterable(_body_mentions(one.body) for one in bodies)
        needs[address] = _needs(mentioned, declared)
    try:
        order = Graph[Node](needs).order()
    except Cycle as cycle:
        _complain(cycle, declared, diagnostics)
        return None
    calls = {_call(name) for name in declared.functions}
    evaluated = tuple(node for node in order if node not in calls)
    return Dependencies(evaluated, _resources(order, needs))


def resources_behind(
    expression: Expression, declared: Declarations, found: Dependencies
) -> tuple[Address, ...]:
    """The resources that one more expression refers to, such as an output's."""
    return _behind(_needs(_mentioned(expression), declared), found.resources)


def _body_mentions(body: Body) -> Iterator[Path]:
    for name, attribute in body.attributes.items():
        if name != INHERITS:  # an ancestor is no resource to wait for; its mentions count
            yield from _mentioned(attribute.expression)
    for block in body.blocks:
        yield from _body_mentions(block.body)


def _mentioned(expression: Expression) -> Iterator[Path]:
    return (path for path, _ in references(expression))


def _needs(mentioned: Iterator[Path], declared: Declarations) -> list[Node]:
    found: dict[Node, None] = {}
    for path in mentioned:
        for node in _nodes(path, declared):
            found[node] = None
    return list(found)


def _nodes(path: Path, declared: Declarations) -> Iterator[Node]:
    """`local` alone, as a value, needs every local; so it is with the kinds of resource."""
    root, name = path[0], path[1] if len(path) > 1 else None
    if root == "local":
        yield from (one for one in declared.locals if name in (None, one))
    elif root == CALL:
        yield from (_call(one) for one in declared.functions if name == one)
    elif root in _KINDS:
        kind = Kind(root)
        if name is None:
            yield from (one for one in declared.resources if one.kind is kind)
        elif (address := Address(kind, name)) in declared.resources:
            yield address


def _resources(
    order: tuple[Node, ...], needs: Mapping[Node, list[Node]]
) -> Mapping[Node, tuple[Address, ...]]:
    found: dict[Node, tuple[Address, ...]] = {}
    for node in order:
        found[node] = _behind(needs[node], found)
    return found


def _behind(needed: list[Node], found: Mapping[Node, tuple[Address, ...]]) -> tuple[Address, ...]:
    behind: set[Address] = set()
    for node in needed:
        behind.update((node,) if isinstance(node, Address) else found.get(node, ()))
    return tuple(sorted(behind))


def _complain(cycle: Cycle[Node], declared: Declarations, diagnostics: Diagnostics) -> None:
    drawn = " -> ".join(_name(node) for node in cycle.path)
    diagnostics.error(
        "Reference cycle",
        f"These need each other, so none of them can come first: {drawn}. Take out one of the "
        "references.",
        _place(cycle.path[0], declared),
    )


def _call(name: str) -> str:
    return f"{name}{CALL}"


def _name(node: Node) -> str:
    return str(node) if isinstance(node, Address) or node.endswith(CALL) else f"local.{node}"


def _place(node: Node, declared: Declarations) -> SourceRange:
    if isinstance(node, Address):
        return declared.resources[node].range
    if node.endswith(CALL):
        return declared.functions[node.removesuffix(CALL)].range
    return declared.locals[node].name_range
