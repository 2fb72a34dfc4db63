"""What every resource can have beside the attributes of its type."""

from collections.abc import Iterator
from typing import Final

from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Diagnostics
from envdplan.language.configuration.config import Declarations, Declared
from envdplan.language.configuration.modulepaths import named, names, within
from envdplan.language.evaluation.problems import suggestion
from envdplan.language.evaluation.references import static_path
from envdplan.language.syntax.document import Body, Expression, ListOf

CONDITIONS: Final = frozenset({"precondition", "postcondition"})
NAMES: Final = frozenset({"depends_on", "lifecycle", "for_each", "inherits", "unset"}) | CONDITIONS
TRIGGERS: Final = "replace_triggered_by"


def depends_on(
    block: Declared, declared: Declarations, diagnostics: Diagnostics
) -> tuple[Address, ...]:
    """The blocks that it waits for: those of `depends_on`, and those whose changes replace it."""
    return (*_waited_for(block, declared, diagnostics), *_triggers(block.body, declared))


def _waited_for(
    block: Declared, declared: Declarations, diagnostics: Diagnostics
) -> Iterator[Address]:
    attribute = block.body.attributes.get("depends_on")
    if attribute is None:
        return
    if not isinstance(attribute.expression, ListOf):
        detail = "depends_on must be a list of resources, such as [builder.gpu]."
        diagnostics.error("Wrong type", detail, attribute.expression.range)
        return
    for item in attribute.expression.items:
        yield from _blocks(item, declared, diagnostics)


def _blocks(item: Expression, declared: Declarations, diagnostics: Diagnostics) -> list[Address]:
    path = static_path(item) or ()
    found, rest = named(path, declared)
    address = Address.of_path(path, declared.module)
    if (found and not rest) or within(path, declared) is not None:
        return found
    if address is None or address.key is not None:
        hint = suggestion(".".join(path), names(declared))
        detail = "depends_on takes whole resources, written as builder.NAME, context.NAME or "
        diagnostics.error("Wrong type", f"{detail}build.NAME, and module.NAME.{hint}", item.range)
    else:
        unknown_resource(address, item, declared, diagnostics)
    return []


def _triggers(body: Body, declared: Declarations) -> Iterator[Address]:
    """Mistakes are told where the lifecycle is read."""
    for block in body.blocks:
        attribute = block.body.attributes.get(TRIGGERS) if block.type == "lifecycle" else None
        if attribute is not None and isinstance(attribute.expression, ListOf):
            for item in attribute.expression.items:
                yield from named(static_path(item) or (), declared)[0]


def unknown_resource(
    address: Address, item: Expression, declared: Declarations, diagnostics: Diagnostics
) -> None:
    """Tell that there is no such resource."""
    hint = suggestion(str(address), names(declared))
    diagnostics.error("Unknown name", f"There is no {address}.{hint}", item.range)
