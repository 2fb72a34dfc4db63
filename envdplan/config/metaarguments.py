"""What every resource can have beside the attributes of its type."""

from typing import Final

from envdplan.addresses import Address, Kind
from envdplan.config.config import Declarations, Declared
from envdplan.config.context import Context
from envdplan.config.expressions import EvaluationError, evaluate
from envdplan.config.problems import suggestion
from envdplan.config.references import static_path
from envdplan.config.yamlblocks import blocks_of
from envdplan.diagnostics import Diagnostics
from envdplan.states.desired import Lifecycle
from envdplan.syntax.document import Attribute, Block, Expression, ListOf

NAMES: Final = frozenset({"depends_on", "lifecycle", "for_each", "inherits", "unset"})
LATER: Final = frozenset({"precondition", "postcondition", "retries"})
"""Parts of the language that this version does not know yet."""

_LIFECYCLE: Final = ("prevent_destroy",)
_LIFECYCLE_LATER: Final = ("ignore_changes", "replace_triggered_by")


def refuse_later(block: Declared, diagnostics: Diagnostics) -> None:
    """A clear word for what cannot be done yet."""
    found: list[Attribute | Block] = [*block.body.attributes.values(), *block.body.blocks]
    for one in found:
        name = one.type if isinstance(one, Block) else one.name
        if name in LATER:
            diagnostics.error(
                "Not supported yet",
                f'"{name}" is part of the language, but this version of envdplan does not '
                "support it yet.",
                one.range,
            )


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
    path = static_path(item) or ()
    if len(path) != 2 or path[0] not in {kind.value for kind in Kind}:  # noqa: PLR2004  kind.name
        detail = "depends_on takes whole resources, written as builder.NAME, context.NAME or "
        hint = suggestion(".".join(path), map(str, declared.resources))
        diagnostics.error("Wrong type", f"{detail}build.NAME.{hint}", item.range)
        return None
    address = Address(Kind(path[0]), path[1])
    if address in declared.resources:
        return address
    hint = suggestion(str(address), map(str, declared.resources))
    diagnostics.error("Unknown name", f"There is no {address}.{hint}", item.range)
    return None


def lifecycle(block: Declared, context: Context, diagnostics: Diagnostics) -> Lifecycle:
    """What the lifecycle block says."""
    protected = False
    for one in blocks_of(block.body, "lifecycle", diagnostics):
        _check_lifecycle(one, diagnostics)
        attribute = one.body.attributes.get("prevent_destroy")
        if attribute is not None:
            protected = _flag(attribute.expression, context, diagnostics)
    return Lifecycle(prevent_destroy=protected)


def _check_lifecycle(block: Block, diagnostics: Diagnostics) -> None:
    for name, attribute in block.body.attributes.items():
        if name in _LIFECYCLE_LATER:
            detail = f'"{name}" is part of the language, but not supported yet.'
            diagnostics.error("Not supported yet", detail, attribute.range)
        elif name not in _LIFECYCLE:
            hint = suggestion(name, [*_LIFECYCLE, *_LIFECYCLE_LATER])
            detail = f'A lifecycle block has no attribute "{name}".{hint}'
            diagnostics.error("Unknown attribute", detail, attribute.name_range)


def _flag(expression: Expression, context: Context, diagnostics: Diagnostics) -> bool:
    try:
        value = evaluate(expression, context)
    except EvaluationError as error:
        diagnostics.extend([error.diagnostic])
        return False
    if not isinstance(value, bool):
        detail = "prevent_destroy must be true or false, and known before anything is applied."
        diagnostics.error("Wrong type", detail, expression.range)
        return True
    return value
