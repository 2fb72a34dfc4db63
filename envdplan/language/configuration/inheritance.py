"""`inherits` and `unset`: what a block takes from templates and from other blocks of its kind.

In bake's order: each parent is complete before it is laid over the ones before it, and the block's
own attributes come last. Maps merge by key, lists of things of their own kind grow, everything
else is replaced; null takes nothing away, `unset` does.
"""

from collections.abc import Callable, Container, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from envdplan.ground.addresses import Kind
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.graph import Cycle, Graph
from envdplan.ground.schema import Catalog
from envdplan.ground.source import SourceRange
from envdplan.ground.values import Value
from envdplan.language.configuration.config import Declarations, Declared
from envdplan.language.evaluation.problems import suggestion
from envdplan.language.evaluation.references import static_path
from envdplan.language.syntax.document import Attribute, Expression, ListOf, Literal

INHERITS: Final = "inherits"
UNSET: Final = "unset"
TEMPLATE: Final = "template"
_DEEPEST: Final = 100
_OF_RESOURCES: Final = frozenset(
    {"for_each", "depends_on", "lifecycle", "precondition", "postcondition"}
)

Values: TypeAlias = dict[str, Value]
Read: TypeAlias = Callable[[Declared], Values]
"""The attributes that a block states itself."""


@dataclass(slots=True)
class Inheritance:
    """Finds the ancestors of blocks; complains about those that are not there."""

    declared: Declarations
    diagnostics: Diagnostics
    _depth: int = 0

    def resolved(self, block: Declared, kind: Kind, read: Read, catalog: Catalog) -> Values:
        """The attributes of `block` with all that it inherits.

        `catalog` says which of them nobody inherits, and which lists grow.
        """
        found: Values = {}
        for name, parent in self._parents(block, kind):
            if self._depth >= _DEEPEST:
                detail = (
                    f"{name} is in a chain of more than {_DEEPEST} blocks that inherit "
                    "from each other."
                )
                self.diagnostics.error("Nested too deeply", detail, block.range)
                break
            self._depth += 1
            given = self.resolved(parent, kind, read, catalog)
            self._depth -= 1
            given = {name: one for name, one in given.items() if name not in catalog.own}
            found = laid_over(found, given, catalog.growing)
        return laid_over(self._without(block, found), read(block), catalog.growing)

    def check_cycles(self, diagnostics: Diagnostics) -> bool:
        """Whether nothing inherits from itself, through others either; else it is drawn."""
        blocks: dict[str, tuple[Declared, Kind]] = {
            f"{TEMPLATE}.{name}": (one, Kind.BUILD) for name, one in self.declared.templates.items()
        }
        for address, one in self.declared.resources.items():
            blocks[f"{address.kind}.{address.name}"] = (one, address.kind)
        needs = {
            name: [parent for parent, _ in self._parents(one, kind, quiet=True)]
            for name, (one, kind) in blocks.items()
            if INHERITS in one.body.attributes
        }
        try:
            Graph(needs).order()
        except Cycle as cycle:
            detail = f"These inherit from each other: {' -> '.join(cycle.path)}. Take one out."
            diagnostics.error("Inheritance cycle", detail, blocks[cycle.path[0]][0].range)
            return False
        return True

    def ancestors(self, block: Declared, kind: Kind) -> Iterator[Declared]:
        """All blocks that it inherits from, for the names that they mention."""
        seen: set[str] = set()
        waiting = [*self._parents(block, kind, quiet=True)]
        while waiting:
            name, parent = waiting.pop()
            if name not in seen:
                seen.add(name)
                yield parent
                waiting += self._parents(parent, kind, quiet=True)

    def _parents(
        self, block: Declared, kind: Kind, *, quiet: bool = False
    ) -> Iterator[tuple[str, Declared]]:
        attribute = block.body.attributes.get(INHERITS)
        if attribute is None:
            return
        expression = attribute.expression
        items = expression.items if isinstance(expression, ListOf) else ()
        if not isinstance(expression, ListOf) and not quiet:
            detail = "inherits is a list, such as [template.python]."
            self.diagnostics.error("Wrong type", detail, expression.range)
        for item in items:
            found = self._parent(item, kind)
            if found is not None:
                yield found
            elif not quiet:
                self._unknown(item, kind)

    def _parent(self, item: Expression, kind: Kind) -> tuple[str, Declared] | None:
        path = static_path(item) or ()
        if len(path) != 2:  # noqa: PLR2004  kind.name
            return None
        name = ".".join(path)
        if path[0] == TEMPLATE:
            template = self.declared.templates.get(path[1])
            return None if template is None else (name, template)
        block = (
            self.declared.resources.get(self.declared.address(kind, path[1]))
            if path[0] == kind
            else None
        )
        return None if block is None else (name, block)

    def _unknown(self, item: Expression, kind: Kind) -> None:
        templates = (f"{TEMPLATE}.{name}" for name in self.declared.templates)
        blocks = (str(one) for one in self.declared.resources if one.kind is kind)
        name = ".".join(static_path(item) or ())
        hint = suggestion(name, [*templates, *blocks]) if name else ""
        detail = f"A {kind} inherits from template.NAME and {kind}.NAME; this is none.{hint}"
        self.diagnostics.error("Unknown name", detail, item.range)

    def _without(self, block: Declared, inherited: Values) -> Values:
        """What is left of the inherited attributes after `unset`."""
        attribute = block.body.attributes.get(UNSET)
        if attribute is None:
            return inherited
        found = dict(inherited)
        for path, place in self._unset(attribute):
            name, _, key = path.partition(".")
            value = found.get(name)
            if not key and name in found:
                del found[name]
            elif key and isinstance(value, Mapping) and key in value:
                found[name] = {k: v for k, v in value.items() if k != key}
            else:
                hint = suggestion(path, _paths(inherited))
                detail = f'The block inherits nothing called "{path}".{hint}'
                self.diagnostics.error("Nothing to unset", detail, place)
        return found

    def _unset(self, attribute: Attribute) -> Iterator[tuple[str, SourceRange]]:
        items = attribute.expression.items if isinstance(attribute.expression, ListOf) else ()
        for item in items:
            if isinstance(item, Literal) and isinstance(item.value, str):
                yield item.value, item.range
        if not items or any(not isinstance(item, Literal) for item in items):
            detail = 'unset is a list of names, such as ["args.PYTHON", "labels"].'
            self.diagnostics.error("Wrong type", detail, attribute.expression.range)


def check_templates(declared: Declarations, diagnostics: Diagnostics) -> None:
    """Templates hold attributes. What makes or guards a resource is said by the resource."""
    for block in declared.templates.values():
        found = [(one.name, one.name_range) for one in block.body.attributes.values()]
        found += [(one.type, one.range) for one in block.body.blocks]
        for name, place in found:
            if name in _OF_RESOURCES:
                detail = (
                    "A template gives attributes to the blocks that inherit from it. Put "
                    f"{name} into the block of the resource."
                )
                diagnostics.error("Not allowed in a template", detail, place)


def laid_over(below: Values, above: Values, growing: Container[str]) -> Values:
    """`above` on top of `below`; lists that are `growing` get longer."""
    laid = {name: _one(name, below.get(name), one, growing) for name, one in above.items()}
    return {**below, **laid}


def _one(name: str, below: Value, above: Value, growing: Container[str]) -> Value:
    if above is None:
        return below
    if isinstance(below, Mapping) and isinstance(above, Mapping):
        return laid_over(dict(below), dict(above), growing)
    if name in growing and isinstance(below, tuple) and isinstance(above, tuple):
        return (*below, *(one for one in above if one not in below))
    return above


def _paths(values: Values) -> Iterator[str]:
    for name, value in values.items():
        yield name
        if isinstance(value, Mapping):
            yield from (f"{name}.{key}" for key in value)
