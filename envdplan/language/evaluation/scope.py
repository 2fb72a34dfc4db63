"""The root names that expressions see: var, local, builder, context, build, data, module, path."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from envdplan.ground.addresses import Address
from envdplan.ground.values import UNKNOWN, Unknown, Value
from envdplan.language.configuration.config import Declarations
from envdplan.language.configuration.tree import Module, Tree
from envdplan.language.evaluation.context import Namespace
from envdplan.language.evaluation.names import Name, Sort
from envdplan.language.evaluation.problems import NameUnknown


@dataclass(frozen=True, slots=True)
class Members:
    """A namespace over names, each evaluated when it is asked for."""

    known: Mapping[str, object]
    value: Callable[[str], Value]

    def attribute(self, name: str) -> Value:
        """The value of one member. Raises NameUnknown."""
        if name not in self.known:
            raise NameUnknown(name, self.known)
        return self.value(name)

    def names(self) -> Iterable[str]:
        """All members."""
        return self.known


@dataclass(frozen=True, slots=True)
class Roots:
    """The scope of a configuration."""

    namespaces: Mapping[str, Namespace]

    def lookup(self, name: str) -> Value:
        """The namespace called `name`. Raises NameUnknown."""
        try:
            return self.namespaces[name]
        except KeyError:
            raise NameUnknown(name, self.namespaces) from None


class Values(Protocol):
    """Evaluates what the names of one module stand for, when it is asked."""

    def named(self, name: Name) -> Value:
        """The value of a local, an input, an output or data."""

    def whole(self, block: Address) -> Value:
        """A resource, or all that its for_each makes."""


def roots(tree: Tree, module: Module, variables: Mapping[str, Value], values: Values) -> Roots:
    """The scope in which all blocks of a module are evaluated."""
    declared, path = module.declared, module.path

    def of(sort: Sort, prefix: str = "") -> Callable[[str], Value]:
        return lambda name: values.named(Name(sort, f"{prefix}{name}", path))

    inputs = of(Sort.INPUT) if path else variables.__getitem__
    namespaces: dict[str, Namespace] = {
        "var": Members(declared.variables if path else variables, inputs),
        "local": Members(declared.locals, of(Sort.LOCAL)),
        "data": _data(declared, of),
        "module": _modules(tree, module, values),
        "path": _paths(tree, module),
    }
    for kind, members in module.by_kind.items():
        namespaces[kind.value] = Members(members, _looked_up(members, values.whole))
    return Roots(namespaces)


def _data(declared: Declarations, of: Callable[[Sort, str], Callable[[str], Value]]) -> Members:
    """`data.TYPE.NAME`: a namespace of namespaces."""
    by_type: dict[str, dict[str, object]] = {}
    for full, block in declared.data.items():
        type, _, name = full.partition(".")
        by_type.setdefault(type, {})[name] = block
    return Members(by_type, lambda type: Members(by_type[type], of(Sort.DATA, f"{type}.")))


def _modules(tree: Tree, module: Module, values: Values) -> Members:
    """`module.NAME.OUTPUT`."""
    children = {name: (*module.path, name) for name in module.declared.modules}

    def outputs(name: str) -> Members | Unknown:
        path = children[name]
        if path not in tree.modules:
            return UNKNOWN  # why it could not be read is told already
        return Members(
            tree.declared(path).outputs,
            lambda output: values.named(Name(Sort.OUTPUT, output, path)),
        )

    return Members(children, outputs)


def _paths(tree: Tree, module: Module) -> Members:
    """`path.module` and `path.root`, as Terraform has them: for paths that a module is given."""
    found = {"module": module.directory, "root": tree.modules[()].directory}
    return Members(found, found.__getitem__)


def _looked_up(
    members: Mapping[str, Address], resource: Callable[[Address], Value]
) -> Callable[[str], Value]:
    return lambda name: resource(members[name])
