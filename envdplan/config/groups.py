"""`group` blocks: names for what -target means."""

from collections.abc import Iterator, Mapping
from typing import Final

from envdplan.addresses import Address, Kind
from envdplan.config.config import Declarations, Declared
from envdplan.config.problems import suggestion
from envdplan.config.references import static_path
from envdplan.diagnostics import Diagnostics
from envdplan.syntax.document import Expression, ListOf

GROUP: Final = "group"
_NAMES: Final = ("members", "description")


def groups(declared: Declarations, diagnostics: Diagnostics) -> Mapping[str, tuple[Address, ...]]:
    """The resources behind each group, through other groups too."""
    return {
        name: tuple(dict.fromkeys(_members(block, declared, diagnostics, (name,))))
        for name, block in declared.groups.items()
    }


def _members(
    block: Declared, declared: Declarations, diagnostics: Diagnostics, path: tuple[str, ...]
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
        yield from _member(item, declared, diagnostics, path)


def _member(
    item: Expression, declared: Declarations, diagnostics: Diagnostics, path: tuple[str, ...]
) -> Iterator[Address]:
    parts = static_path(item) or ()
    kinds = {kind.value for kind in Kind}
    if len(parts) == 2 and parts[0] == GROUP and parts[1] in declared.groups:  # noqa: PLR2004
        if parts[1] in path:
            drawn = " -> ".join(f"group.{one}" for one in (*path, parts[1]))
            detail = f"These groups hold each other: {drawn}."
            diagnostics.error("Reference cycle", detail, item.range)
            return
        inner = declared.groups[parts[1]]
        yield from _members(inner, declared, diagnostics, (*path, parts[1]))
    elif len(parts) in (2, 3) and parts[0] in kinds:
        address = Address(Kind(parts[0]), parts[1])
        if address in declared.resources:
            yield Address(Kind(parts[0]), parts[1], parts[2] if len(parts) > 2 else None)  # noqa: PLR2004
            return
        _unknown(item, declared, diagnostics)
    else:
        _unknown(item, declared, diagnostics)


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
