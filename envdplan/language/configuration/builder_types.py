"""Which type a resource has: builders say it, contexts and builds are chosen by what they have."""

from collections.abc import Callable

from envdplan.ground.addresses import Address, Kind
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.schema import Catalog, ResourceType
from envdplan.ground.source import SourceRange
from envdplan.ground.values import Value
from envdplan.language.configuration.config import Declarations, Declared
from envdplan.language.configuration.inheritance import Inheritance
from envdplan.language.evaluation.expressions import EvaluationError
from envdplan.language.evaluation.problems import suggestion
from envdplan.language.syntax.document import Attribute, Expression


def type_of_block(
    address: Address,
    block: Declared,
    declared: Declarations,
    catalog: Catalog,
    value: Callable[[Expression], Value],
    diagnostics: Diagnostics,
) -> ResourceType | None:
    """The type of a resource; None, and a diagnostic, where there is none."""
    stated = _stated(address, block, declared)
    if address.kind is not Kind.BUILDER:
        return catalog.selected(address.kind, stated)
    attribute = stated.get("type")
    if attribute is None:
        names = ", ".join(catalog.names(Kind.BUILDER))
        detail = f"A builder needs a type: one of {names}."
        diagnostics.error("Missing attribute", detail, block.range)
        return None
    try:
        name = value(attribute.expression)
    except EvaluationError as error:
        diagnostics.extend([error.diagnostic])
        return None
    return _builder_type(name, attribute.expression.range, catalog, diagnostics)


def _stated(address: Address, block: Declared, declared: Declarations) -> dict[str, Attribute]:
    """The attributes of the block and of its ancestors; the nearest statement counts."""
    stated = dict(block.body.attributes)
    for one in Inheritance(declared, Diagnostics()).ancestors(block, address.kind):
        for name, attribute in one.body.attributes.items():
            stated.setdefault(name, attribute)
    return stated


def _builder_type(
    name: Value, place: SourceRange, catalog: Catalog, diagnostics: Diagnostics
) -> ResourceType | None:
    names = catalog.names(Kind.BUILDER)
    if not isinstance(name, str):
        detail = f"The type of a builder must be a known string: one of {', '.join(names)}."
        diagnostics.error("Wrong type", detail, place)
        return None
    found = catalog.get(Kind.BUILDER, name)
    if found is None and name in catalog.later:
        detail = f'Builders of type "{name}" are planned, but not supported yet. There are: '
        diagnostics.error("Not supported yet", f"{detail}{', '.join(names)}.", place)
    elif found is None:
        hint = suggestion(name, names) or f" There are: {', '.join(names)}."
        detail = f'There is no builder type "{name}".{hint}'
        diagnostics.error("Unknown builder type", detail, place)
    return found
