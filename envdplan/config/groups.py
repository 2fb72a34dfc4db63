"""`group` blocks: names for what -target means."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from envdplan.addresses import Address, Kind
from envdplan.config.config import Declarations, Declared
from envdplan.config.problems import suggestion
from envdplan.config.references import Path, static_path
from envdplan.diagnostics import Diagnostics
from envdplan.graph import Cycle, Graph
from envdplan.syntax.document import Expression, ListOf

GROUP: Final = "group"
_NAMES: Final = ("members", "description")


def groups(declared: Declarations, diagnostics: Diagnostics) -> Mapping[str, tuple[Address, ...]]:
    """The resources behind each group, through other groups too."""
    needs = {name: _inner(block, declared.groups) for name, block in declared.groups.items()}
    try:
        order = Graph(needs).order()
    except Cycle as cycle:
        drawn = " -> ".join(f"{GROUP}.{one}" for one in cycle.path)
        detail = f"These groups hold each other: {drawn}. Take one of them out."
        diagnostics.error("Reference cycle", detail, declared.groups[cycle.path[0]].range)
        return {}
    found: dict[str, tuple[Address, ...]] = {}
    for name in order:
        members = _members(declared.groups[name], declared, found, diagnostics)
        found[name] = tuple(dict.fromkeys(members))
    return {name: found[name] for name in declared.groups}


def _inner(block: Declared, known: Collection[str]) -> list[str]:
    """The groups in a group."""
    paths = (static_path(item) or () for item in _items(block))
    return [path[1] for path in paths if path[:1] == (GROUP,) and path[1:] and path[1] in known]


def _items(block: Declared) -> tuple[Expression, ...]:
    attribute = block.body.attributes.get("members")
    expression = attribute.expression if attribute is not None else None
    return expression.items if isinstance(expression, ListOf) else ()


def _members(
    block: Declared,
    declared: Declarations,
    found: Mapping[str, tuple[Address, ...]],
    diagnostics: Diagnostics,
) -> Iterator[Address]:
    _check_names(block, diagnostics)
    attribute = block.body.attributes.get("members")
    if attribute is None or not isinstance(attribute.expression, ListOf):
        detail = "A group needs members, a list such as [build.a, build.b]."
        place = block.range if attribute is None else attribute.range
        diagnostics.error("Missing attribute", detail, place)
    for item in _items(block):
        yield from _member(item, declared, found, diagnostics)


def _member(
    item: Expression,
    declared: Declarations,
    found: Mapping[str, tuple[Address, ...]],
    diagnostics: Diagnostics,
) -> Iterator[Address]:
    path = static_path(item) or ()
    if len(path) == 2 and path[0] == GROUP and path[1] in found:  # noqa: PLR2004  kind.name
        yield from found[path[1]]
    elif _is_resource(path, declared):
        yield Address(Kind(path[0]), path[1], path[2] if path[2:] else None)
    else:
        _unknown(item, declared, diagnostics)


def _is_resource(path: Path, declared: Declarations) -> bool:
    if len(path) not in (2, 3) or path[0] not in {kind.value for kind in Kind}:
        return False
    return Address(Kind(path[0]), path[1]) in declared.resources


def _unknown(item: Expression, declared: Declarations, diagnostics: Diagnostics) -> None:
    known = [*map(str, declared.resources), *(f"group.{one}" for one in declared.groups)]
    name = ".".join(static_path(item) or ())
    hint = suggestion(name, known) if name else ""
    detail = f"A group holds builders, contexts, builds and groups; this is none.{hint}"
    diagnostics.error("Unknown name", detail, item.range)


def _check_names(block: Declared, diagnostics: Diagnostics) -> None:
    for name, attribute in block.body.attributes.items():
        if name not in _NAMES:
            hint = suggestion(name, _NAMES) or f" It has: {', '.join(_NAMES)}."
            detail = f'A group has no attribute "{name}".{hint}'
            diagnostics.error("Unknown attribute", detail, attribute.name_range)
