"""Which names of a configuration need which, found without evaluating anything."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import TypeAlias

from envdplan.ground.addresses import Address, Kind
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.graph import Cycle, Graph
from envdplan.ground.source import SourceRange
from envdplan.language.configuration import metaarguments
from envdplan.language.configuration.config import Declarations, Declared
from envdplan.language.configuration.inheritance import INHERITS, Inheritance
from envdplan.language.configuration.modules import CALLING
from envdplan.language.configuration.tree import Module, Tree
from envdplan.language.evaluation.names import Name, Sort
from envdplan.language.evaluation.references import Path, calls, references
from envdplan.language.syntax.document import Body, Expression

Node: TypeAlias = Name | Address

_KINDS = {kind.value: kind for kind in Kind}


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The order of evaluation, and the resources that each node refers to."""

    order: tuple[Node, ...]
    resources: Mapping[Node, tuple[Address, ...]]
    """Resources behind a node, directly or through locals and modules; sorted."""


def dependencies(tree: Tree, diagnostics: Diagnostics) -> Dependencies | None:
    """None, and a diagnostic that draws it, when there is a cycle."""
    needs: dict[Node, list[Node]] = {}
    for module in tree.modules.values():
        if not Inheritance(module.declared, Diagnostics()).check_cycles(diagnostics):
            return None
        needs.update(_Needs(tree, module).all())
    try:
        order = Graph[Node](needs).order()
    except Cycle as cycle:
        _complain(cycle, tree, diagnostics)
        return None
    return Dependencies(order, _resources(order, needs))


@dataclass(frozen=True, slots=True)
class _Needs:
    """What the blocks of one module need."""

    tree: Tree
    module: Module

    @property
    def _declared(self) -> Declarations:
        return self.module.declared

    def all(self) -> Iterator[tuple[Node, list[Node]]]:
        """Every name and resource of the module with what it needs."""
        declared, path = self._declared, self.module.path
        for name, local in declared.locals.items():
            yield Name(Sort.LOCAL, name, path), self.of((local.expression,))
        for sort, blocks in ((Sort.DATA, declared.data), (Sort.FUNCTION, declared.functions)):
            for name, block in blocks.items():
                yield Name(sort, name, path), self.of(_expressions(block.body))
        if path:
            for name, block in declared.outputs.items():
                yield Name(Sort.OUTPUT, name, path), self.of(_expressions(block.body))
        yield from self._resources()
        yield from self._inputs()

    def _resources(self) -> Iterator[tuple[Node, list[Node]]]:
        inheritance = Inheritance(self._declared, Diagnostics())
        for address, block in self._declared.resources.items():
            bodies = (block, *inheritance.ancestors(block, address.kind))
            mentioned = self.of(chain.from_iterable(_expressions(one.body) for one in bodies))
            yield address, list(dict.fromkeys((*mentioned, *self._named(block))))

    def _named(self, block: Declared) -> Iterator[Address]:
        """What it is to wait for, as it says itself or the call of its module."""
        yield from metaarguments.depends_on(block, self._declared, Diagnostics())
        for call, caller in self.tree.callers(self.module.path):
            yield from metaarguments.depends_on(call, caller, Diagnostics())

    def _inputs(self) -> Iterator[tuple[Node, list[Node]]]:
        """What the modules that are called here get: their variables, seen from here."""
        for name, child in self._declared.called.items():
            call = self._declared.modules[name]
            for variable in child.variables:
                given = call.body.attributes.get(variable)
                expressions = () if given is None or variable in CALLING else (given.expression,)
                yield Name(Sort.INPUT, variable, child.module), self.of(expressions)

    def of(self, expressions: Iterable[Expression]) -> list[Node]:
        """What `expressions` mention, each once."""
        found: dict[Node, None] = {}
        for expression in expressions:
            for path, _ in references(expression):
                found.update(dict.fromkeys(self._nodes(path)))
            if self._declared.functions:
                found.update(dict.fromkeys(self._called(expression)))
        return list(found)

    def _called(self, expression: Expression) -> Iterator[Node]:
        for name in calls(expression):
            if name in self._declared.functions:
                yield Name(Sort.FUNCTION, name, self.module.path)

    def _nodes(self, path: Path) -> Iterator[Node]:
        """A root alone, as a value, needs all its members."""
        root, rest = path[0], path[1:]
        if root in _KINDS:
            members = self.module.by_kind[_KINDS[root]]
            wanted = members.keys() & {rest[0]} if rest else members
            yield from (members[name] for name in wanted)
        elif root == "module":
            yield from self._outputs(rest)
        elif names := self._names(root):
            one = ".".join(rest[: 2 if root == Sort.DATA else 1])
            known = (
                [one] if one in names else (n for n in names if n.startswith(_all_of(one, root)))
            )
            yield from (Name(Sort(root), name, self.module.path) for name in known)

    def _names(self, root: str) -> Mapping[str, object]:
        match root:
            case Sort.LOCAL:
                return self._declared.locals
            case Sort.DATA:
                return self._declared.data
            case Sort.INPUT if self.module.path:
                return self._declared.variables
        return {}

    def _outputs(self, rest: Path) -> Iterator[Node]:
        for name, child in self._declared.called.items():
            if not rest or rest[0] == name:
                for output in child.outputs:
                    if len(rest) < 2 or rest[1] == output:  # noqa: PLR2004  module.NAME alone
                        yield Name(Sort.OUTPUT, output, child.module)


def _all_of(path: str, root: str) -> str:
    """What the names begin with that a path means which is none itself: `data.image` alone."""
    if not path:
        return ""
    return f"{path}." if root == Sort.DATA else "\0"  # a name that there is not means nothing


def _expressions(body: Body) -> Iterator[Expression]:
    for name, attribute in body.attributes.items():
        if name != INHERITS:  # an ancestor is no resource to wait for; its mentions count
            yield attribute.expression
    for block in body.blocks:
        yield from _expressions(block.body)


def _resources(
    order: tuple[Node, ...], needs: Mapping[Node, list[Node]]
) -> Mapping[Node, tuple[Address, ...]]:
    found: dict[Node, tuple[Address, ...]] = {}
    for node in order:
        behind: set[Address] = set()
        for one in needs[node]:
            behind.update((one,) if isinstance(one, Address) else found.get(one, ()))
        found[node] = tuple(sorted(behind))
    return found


def _complain(cycle: Cycle[Node], tree: Tree, diagnostics: Diagnostics) -> None:
    drawn = " -> ".join(map(str, cycle.path))
    diagnostics.error(
        "Reference cycle",
        f"These depend on each other, so none of them can come first: {drawn}. Take out one of "
        "the references.",
        _place(cycle.path[0], tree),
    )


def _place(node: Node, tree: Tree) -> SourceRange:
    if isinstance(node, Address):
        return tree.block(node).range
    declared = tree.declared(node.module)
    if node.sort is Sort.LOCAL:
        return declared.locals[node.name].name_range
    blocks: Mapping[Sort, Mapping[str, Declared]] = {
        Sort.INPUT: declared.variables,
        Sort.OUTPUT: declared.outputs,
        Sort.DATA: declared.data,
        Sort.FUNCTION: declared.functions,
    }
    return blocks[node.sort][node.name].range
