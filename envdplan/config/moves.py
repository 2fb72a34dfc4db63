"""`moved` and `removed` blocks: what became of resources that the state still knows otherwise."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Final

from envdplan.addresses import Address, Kind
from envdplan.config.config import Declarations, Declared
from envdplan.config.problems import suggestion
from envdplan.config.references import static_path
from envdplan.config.refusals import refuse_unknown
from envdplan.diagnostics import Diagnostics
from envdplan.graph import Cycle, Graph
from envdplan.source import SourceRange
from envdplan.syntax.document import Expression, Literal

_KINDS: Final = frozenset(kind.value for kind in Kind)


def moves(declared: Declarations, diagnostics: Diagnostics) -> tuple[tuple[Address, Address], ...]:
    """Former and new address of each move, so that chains are followed to their end."""
    found: dict[Address, tuple[Address, SourceRange]] = {}
    for block in declared.moves:
        misspelt = refuse_unknown("A moved block", block.body, ("from", "to"), diagnostics)
        names = [name for name in ("from", "to") if name not in misspelt]
        former, now = (*(_stated(block, name, diagnostics) for name in names), None, None)[:2]
        if former is None or now is None:
            continue
        if former.kind is not now.kind:
            detail = f"{former} cannot become {now}: a {former.kind} stays a {former.kind}."
            diagnostics.error("Wrong kind of resource", detail, block.range)
        elif former in found:
            detail = f"{former} has moved already, at {found[former][1]}."
            diagnostics.error("Moved twice", detail, block.range)
        elif _is_declared(former, declared):
            detail = f"{former} is still declared. A moved block is for what it was called before."
            diagnostics.error("Moved, but still there", detail, block.range)
        else:
            found[former] = (now, block.range)
    _no_circle(found, diagnostics)
    _arrive(found, declared, diagnostics)
    return tuple((former, _end(former, found)) for former in found)


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
    found: Mapping[Address, tuple[Address, SourceRange]],
    declared: Declarations,
    diagnostics: Diagnostics,
) -> None:
    """What moves to a name that nobody declares would be destroyed."""
    left = {one for block in declared.removals for one in _addresses(block)}
    for now, place in found.values():
        block = replace(now, key=None)
        if block not in declared.resources and now not in found and now not in left:
            hint = suggestion(str(block), map(str, declared.resources))
            detail = f"There is no {block} to move to.{hint}"
            diagnostics.error("Unknown name", detail, place)


def _addresses(block: Declared) -> Iterator[Address]:
    attribute = block.body.attributes.get("from")
    address = None if attribute is None else _address(attribute.expression)
    if address is not None:
        yield address


def _end(former: Address, found: dict[Address, tuple[Address, SourceRange]]) -> Address:
    seen = {former}
    now = found[former][0]
    while now in found and now not in seen:
        seen.add(now)
        now = found[now][0]
    return now


def removals(declared: Declarations, diagnostics: Diagnostics) -> frozenset[Address]:
    """What is only to be forgotten; what is to be destroyed needs no block."""
    return frozenset(
        address for block in declared.removals for address in _kept(block, declared, diagnostics)
    )


def _kept(block: Declared, declared: Declarations, diagnostics: Diagnostics) -> Iterator[Address]:
    if "from" in refuse_unknown("A removed block", block.body, ("from", "destroy"), diagnostics):
        return
    former = _stated(block, "from", diagnostics)
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
    if _is_declared(former, declared):
        detail = f"{former} is still declared: take its block away first."
        diagnostics.error("Removed, but still there", detail, block.range)
    elif not destroy:
        yield former


def _is_declared(address: Address, declared: Declarations) -> bool:
    block = declared.resources.get(Address(address.kind, address.name))
    if block is None:
        return False
    return (address.key is not None) is ("for_each" in block.body.attributes)


def _stated(block: Declared, name: str, diagnostics: Diagnostics) -> Address | None:
    attribute = block.body.attributes.get(name)
    if attribute is None:
        detail = f"A {block.name} block needs {name}, such as {name} = build.NAME."
        diagnostics.error("Missing attribute", detail, block.range)
        return None
    address = _address(attribute.expression)
    if address is None:
        root = (static_path(attribute.expression) or ("",))[0]
        hint = suggestion(root, _KINDS)
        detail = f"{name} takes a whole resource, such as build.NAME, or one KEY of it.{hint}"
        diagnostics.error("Wrong type", detail, attribute.expression.range)
    return address


def _address(expression: Expression) -> Address | None:
    path = static_path(expression) or ()
    if len(path) not in (2, 3) or path[0] not in _KINDS:  # kind, name and perhaps a key
        return None
    return Address(Kind(path[0]), path[1], path[2] if path[2:] else None)
