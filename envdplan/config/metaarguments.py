"""What every resource can have beside the attributes of its type."""

from typing import Final

from envdplan.addresses import Address
from envdplan.config.config import Declarations, Declared
from envdplan.config.problems import suggestion
from envdplan.config.references import static_path
from envdplan.diagnostics import Diagnostics
from envdplan.syntax.document import Expression, ListOf

CONDITIONS: Final = frozenset({"precondition", "postcondition"})
NAMES: Final = frozenset({"depends_on", "lifecycle", "for_each", "inherits", "unset"}) | CONDITIONS
_LIFECYCLE: Final = ("prevent_destroy", "ignore_changes", "replace_triggered_by")
_ALL: Final = "all"


def depends_on(
    block: Declared, declared: Declarations, diagnostics: Diagnostics
) -> tuple[Address, ...]:
    """The resources that `depends_on` names."""
    attribute = block.body.attributes.get("depends_on")
    if attribute is None:
        return ()
    if not isinstance(attribute.expression, ListOf):
        detail = "depends_on must be a list of resources, such as [builder.gpu]."
        diagnostics.error("Wrong type", detail, attribute.expression.range)
        return ()
    found = (_address(item, declared, diagnostics) for item in attribute.expression.items)
    return tuple(address for address in found if address is not None)


def _address(item: Expression, declared: Declarations, diagnostics: Diagnostics) -> Address | None:
    address = Address.of_path(static_path(item) or (), declared.module)
    if address is None or address.key is not None or address.module != declared.module:
        detail = "depends_on takes whole resources, written as builder.NAME, context.NAME or "
        hint = suggestion(".".join(static_path(item) or ()), map(str, declared.resources))
        diagnostics.error("Wrong type", f"{detail}build.NAME.{hint}", item.range)
        return None
    if address in declared.resources:
        return address
    unknown_resource(address, item, declared, diagnostics)
    return None


def unknown_resource(
    address: Address, item: Expression, declared: Declarations, diagnostics: Diagnostics
) -> None:
    """Tell that there is no such resource."""
    hint = suggestion(str(address), map(str, declared.resources))
    diagnostics.error("Unknown name", f"There is no {address}.{hint}", item.range)
