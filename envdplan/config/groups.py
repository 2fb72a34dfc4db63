"""`group` blocks: names for what -target means."""

from collections.abc import Iterator, Mapping
from typing import Final

from envdplan.addresses import MODULE, Address
from envdplan.config.config import Declared
from envdplan.config.problems import suggestion
from envdplan.config.references import static_path
from envdplan.config.tree import Tree
from envdplan.diagnostics import Diagnostics
from envdplan.syntax.document import Expression, ListOf

GROUP: Final = "group"
_NAMES: Final = ("members", "description")


def groups(tree: Tree, diagnostics: Diagnostics) -> Mapping[str, tuple[Address, ...]]:
    """The resources behind each group, through other groups too."""
    return {
        name: tuple(dict.fromkeys(_members(block, tree, diagnostics, (name,))))
        for name, block in tree.root.groups.items()
    }


def _members(
    block: Declared, tree: Tree, diagnostics: Diagnostics, path: tuple[str, ...]
) -> Iterator[Address]:
    if len(path) == 1:
        _check_names(block, diagnostics)
    attribute = block.body.attributes.get("members")
    expression = attribute.expression if attribute is not None else None
    if not isinstance(expression, ListOf):
        detail = "A group needs members, a list such as [build.a, build.b]."
        diagnostics.error("Missing attribute", detail, block.range)
        return
    for item in expression.items:
        yield from _member(item, tree, diagnostics, path)


def _member(
    item: Expression, tree: Tree, diagnostics: Diagnostics, path: tuple[str, ...]
) -> Iterator[Address]:
    parts = static_path(item) or ()
    address = Address.of_path(parts)
    if len(parts) == 2 and parts[0] == GROUP and parts[1] in tree.root.groups:  # noqa: PLR2004
        if parts[1] not in path:
            inner = tree.root.groups[parts[1]]
            yield from _members(inner, tree, diagnostics, (*path, parts[1]))
            return
        drawn = " -> ".join(f"group.{one}" for one in (*path, parts[1]))
        detail = f"These groups hold each other: {drawn}."
        diagnostics.error("Reference cycle", detail, item.range)
    elif address is not None and tree.has(address.block):
        yield address
    elif found := _in_module(parts, tree):
        yield from found
    else:
        _unknown(item, tree, diagnostics)


def _in_module(parts: tuple[str, ...], tree: Tree) -> list[Address]:
    """All that a module holds, when `parts` are module.NAME, or more of the kind."""
    path = parts[1::2]
    if not parts or set(parts[0::2]) != {MODULE} or path not in tree.modules:
        return []
    return [one for one in tree.addresses() if one.module[: len(path)] == path]


def _unknown(item: Expression, tree: Tree, diagnostics: Diagnostics) -> None:
    modules = (f"{MODULE}.{'.module.'.join(path)}" for path in tree.modules if path)
    named = (f"{GROUP}.{one}" for one in tree.root.groups)
    name = ".".join(static_path(item) or ())
    hint = suggestion(name, [*map(str, tree.addresses()), *named, *modules]) if name else ""
    detail = f"A group holds builders, contexts, builds, modules and groups; this is none.{hint}"
    diagnostics.error("Unknown name", detail, item.range)


def _check_names(block: Declared, diagnostics: Diagnostics) -> None:
    for name, attribute in block.body.attributes.items():
        if name not in _NAMES:
            hint = suggestion(name, _NAMES) or f" It has: {', '.join(_NAMES)}."
            detail = f'A group has no attribute "{name}".{hint}'
            diagnostics.error("Unknown attribute", detail, attribute.name_range)
