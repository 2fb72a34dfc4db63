"""What `moved` and `removed` blocks name: a resource, a block of several, or a whole module."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from envdplan.ground.addresses import MODULE, Address, Kind, ModulePath, in_module
from envdplan.ground.diagnostics import Diagnostics
from envdplan.language.configuration.config import Declared
from envdplan.language.configuration.modulepaths import module_names
from envdplan.language.configuration.tree import Tree
from envdplan.language.evaluation.instances import FOR_EACH
from envdplan.language.evaluation.problems import suggestion
from envdplan.language.evaluation.references import static_path
from envdplan.language.syntax.document import Expression

_ROOTS: Final = (*(kind.value for kind in Kind), MODULE)


@dataclass(frozen=True, slots=True)
class WholeModule:
    """All that is in a module."""

    path: ModulePath
    kind: str = MODULE

    def __str__(self) -> str:
        return in_module(self.path).rstrip(".")

    def holds(self, address: Address) -> bool:
        """Whether a resource is in it, or in a module that it calls."""
        return address.module[: len(self.path)] == self.path

    def instead(self, address: Address, of: "WholeModule") -> Address:
        """A resource of module `of`, as if it were in this one."""
        return replace(address, module=(*self.path, *address.module[len(of.path) :]))


Former: TypeAlias = Address | WholeModule


@dataclass(frozen=True, slots=True)
class Names:
    """What there is now."""

    tree: Tree
    resources: Collection[Address]
    """With the instances of for_each."""

    def has(self, one: Former) -> bool:
        """Whether it is declared: the module, the block as a single resource, or a key of it."""
        if isinstance(one, WholeModule):
            return one.path in self.tree.modules
        if one.key is not None or not self.tree.has(one):
            return one in self.resources
        return FOR_EACH not in self.tree.block(one).body.attributes


def stated(
    block: Declared, name: str, module: ModulePath, diagnostics: Diagnostics
) -> Former | None:
    """What an attribute of the block names, as seen in `module`."""
    attribute = block.body.attributes.get(name)
    if attribute is None:
        detail = f"A {block.name} block needs {name}, such as {name} = build.NAME."
        diagnostics.error("Missing attribute", detail, block.range)
        return None
    found = former(attribute.expression, module)
    if found is None:
        root = (static_path(attribute.expression) or ("",))[0]
        hint = suggestion(root, _ROOTS)
        detail = (
            f"{name} takes a whole resource, such as build.NAME, or one KEY of it, or a whole "
            f"module, such as module.NAME.{hint}"
        )
        diagnostics.error("Wrong type", detail, attribute.expression.range)
    return found


def former(expression: Expression, module: ModulePath) -> Former | None:
    """What an expression names, as seen in `module`."""
    path = static_path(expression) or ()
    names = module_names(path)
    return Address.of_path(path, module) if names is None else WholeModule((*module, *names))
