"""`import` blocks: what exists already and is to be adopted, though it is not as configured."""

from collections.abc import Iterator, Mapping
from typing import Final

from envdplan.ground.addresses import Address, Kind
from envdplan.ground.diagnostics import Diagnostics
from envdplan.language.configuration.config import Declared, ResourceConfig
from envdplan.language.configuration.refusals import refuse_unknown
from envdplan.language.evaluation.context import Context
from envdplan.language.evaluation.expressions import EvaluationError, evaluate
from envdplan.language.evaluation.problems import suggestion
from envdplan.language.evaluation.references import static_path

_NAMES: Final = ("to", "id")
_IDS: Final = {Kind.BUILDER: ("name", "address"), Kind.CONTEXT: ("name",)}
"""What a resource is called in the world."""


def imports(
    blocks: tuple[Declared, ...],
    resources: Mapping[Address, ResourceConfig],
    base: Context,
    diagnostics: Diagnostics,
) -> frozenset[Address]:
    """The resources that `import` blocks name."""
    return frozenset(
        address for block in blocks for address in _import(block, resources, base, diagnostics)
    )


def _import(
    block: Declared,
    resources: Mapping[Address, ResourceConfig],
    base: Context,
    diagnostics: Diagnostics,
) -> Iterator[Address]:
    if "to" in refuse_unknown("An import block", block.body, _NAMES, diagnostics):
        return
    address = _target(block, resources, diagnostics)
    if address is not None and _agrees(block, resources[address], base, diagnostics):
        yield address


def _target(
    block: Declared, resources: Mapping[Address, ResourceConfig], diagnostics: Diagnostics
) -> Address | None:
    attribute = block.body.attributes.get("to")
    if attribute is None:
        detail = "An import block needs `to`, such as to = builder.NAME."
        diagnostics.error("Missing attribute", detail, block.range)
        return None
    path = static_path(attribute.expression) or ()
    address = Address.of_path(path)
    if address is None or address.kind not in _IDS or _is_part(address, resources):
        hint = suggestion(".".join(path), map(str, resources))
        detail = f"`to` takes a whole resource: builder.NAME or context.NAME.{hint}"
        diagnostics.error("Wrong type", detail, attribute.expression.range)
        return None
    if address in resources:
        return address
    hint = suggestion(str(address), map(str, resources))
    diagnostics.error("Unknown name", f"There is no {address}.{hint}", attribute.expression.range)
    return None


def _is_part(address: Address, resources: Mapping[Address, ResourceConfig]) -> bool:
    """Whether it is an attribute of a resource, rather than one of a for_each."""
    return address.key is not None and address.block in resources


def _agrees(
    block: Declared, config: ResourceConfig, base: Context, diagnostics: Diagnostics
) -> bool:
    """Resources are found by their own name, so that `id` can only confirm it."""
    attribute = block.body.attributes.get("id")
    if attribute is None:
        return True
    try:
        given = evaluate(attribute.expression, base)
    except EvaluationError as error:
        diagnostics.extend([error.diagnostic])
        return False
    known = [config.attributes.get(name) for name in _IDS[config.address.kind]]
    if given in known:
        return True
    detail = (
        f'{config.address} is called "{known[0]}", but id is "{given}". Set name = "{given}" in '
        "its block, or correct the id."
    )
    diagnostics.error("Import id does not match the name", detail, attribute.expression.range)
    return False
