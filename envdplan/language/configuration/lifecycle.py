"""lifecycle blocks: how a resource may change."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final, Protocol

from envdplan.core.state.desired import Lifecycle
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.schema import ResourceType
from envdplan.ground.values import AttributePath, Value
from envdplan.language.configuration.config import Declarations, Declared
from envdplan.language.configuration.metaarguments import TRIGGERS, unknown_resource
from envdplan.language.configuration.modulepaths import named, names, within
from envdplan.language.configuration.yamlblocks import blocks_of
from envdplan.language.evaluation.expressions import EvaluationError
from envdplan.language.evaluation.instances import Instance
from envdplan.language.evaluation.problems import suggestion
from envdplan.language.evaluation.references import Path, static_path
from envdplan.language.syntax.document import Block, Expression, ListOf, Literal, Variable

_LIFECYCLE: Final = ("prevent_destroy", "ignore_changes", TRIGGERS)
_ALL: Final = "all"


class Instances(Protocol):
    """Knows what the for_each of a block makes."""

    def expanded(self, block: Address) -> tuple[Instance, ...]:
        """The resources of a block."""


def lifecycle(
    block: Declared,
    type: ResourceType,
    value: Callable[[Expression], Value],
    declared: Declarations,
    instances: Instances,
    diagnostics: Diagnostics,
) -> Lifecycle:
    """What the lifecycle block says."""
    protected = False
    ignored: tuple[AttributePath, ...] = ()
    triggers: tuple[tuple[Address, AttributePath], ...] = ()
    for one in blocks_of(block.body, "lifecycle", diagnostics):
        _check_lifecycle(one, diagnostics)
        given = {name: found.expression for name, found in one.body.attributes.items()}
        if "prevent_destroy" in given:
            protected = _flag(given["prevent_destroy"], value, diagnostics)
        if "ignore_changes" in given:
            ignored = tuple(_ignored(given["ignore_changes"], type, diagnostics))
        if TRIGGERS in given:
            expression = given[TRIGGERS]
            triggers = tuple(_triggers(expression, declared, instances, diagnostics))
    return Lifecycle(protected, ignored, triggers)


def _check_lifecycle(block: Block, diagnostics: Diagnostics) -> None:
    for name, attribute in block.body.attributes.items():
        if name not in _LIFECYCLE:
            hint = suggestion(name, _LIFECYCLE) or f" It has: {', '.join(_LIFECYCLE)}."
            detail = f'A lifecycle block has no attribute "{name}".{hint}'
            diagnostics.error("Unknown attribute", detail, attribute.name_range)


def _flag(
    expression: Expression, evaluate: Callable[[Expression], Value], diagnostics: Diagnostics
) -> bool:
    try:
        value = evaluate(expression)
    except EvaluationError as error:
        diagnostics.extend([error.diagnostic])
        return False
    if not isinstance(value, bool):
        detail = "prevent_destroy must be true or false, and known before anything is applied."
        diagnostics.error("Wrong type", detail, expression.range)
        return True
    return value


def _ignored(
    expression: Expression, type: ResourceType, diagnostics: Diagnostics
) -> Iterator[AttributePath]:
    """Terraform's form: names of attributes, parts of maps among them, or `all`."""
    if _word(expression) == _ALL:
        yield ()
        return
    if not isinstance(expression, ListOf):
        detail = "ignore_changes is a list of attributes, such as [args, labels], or all."
        diagnostics.error("Wrong type", detail, expression.range)
        return
    known = type.attributes
    for item in expression.items:
        path = static_path(item) or tuple(_word(item).split("."))
        if path[0] in known:
            yield path
        else:
            hint = suggestion(path[0], known)
            detail = f'There is no attribute "{path[0]}" whose changes could be ignored.{hint}'
            diagnostics.error("Unknown attribute", detail, item.range)


def _word(expression: Expression) -> str:
    if isinstance(expression, Variable):
        return expression.name
    return str(expression.value) if isinstance(expression, Literal) else ""


def _triggers(
    expression: Expression,
    declared: Declarations,
    instances: Instances,
    diagnostics: Diagnostics,
) -> Iterator[tuple[Address, AttributePath]]:
    if not isinstance(expression, ListOf):
        detail = "replace_triggered_by is a list of resources or attributes of resources."
        diagnostics.error("Wrong type", detail, expression.range)
        return
    for item in expression.items:
        path = static_path(item) or ()
        blocks, rest = named(path, declared)
        if within(path, declared) is None and not blocks:
            _unknown_trigger(path, item, declared, diagnostics)
        for block in blocks:
            yield from _meant(block, rest, item, instances, diagnostics)


def _unknown_trigger(
    path: Path, item: Expression, declared: Declarations, diagnostics: Diagnostics
) -> None:
    address = Address.of_path(path[:3], declared.module) or Address.of_path(path, declared.module)
    if address is None:
        hint = suggestion(".".join(path), names(declared))
        detail = "replace_triggered_by takes resources and their attributes: build.base.digest."
        diagnostics.error("Wrong type", f"{detail}{hint}", item.range)
    else:
        unknown_resource(address.block, item, declared, diagnostics)


def _meant(
    block: Address,
    rest: Path,
    item: Expression,
    instances: Instances,
    diagnostics: Diagnostics,
) -> Iterator[tuple[Address, AttributePath]]:
    """The resource; of a for_each the one with the key, or all of them."""
    made = [one.address for one in instances.expanded(block)]
    single = made == [block]
    if rest and not single:
        key, rest = replace(block, key=rest[0]), rest[1:]
        if key not in made:
            hint = suggestion(str(key), map(str, made))
            diagnostics.error("Unknown name", f"There is no {key}.{hint}", item.range)
        made = [one for one in made if one == key]
    for one in made:
        yield one, rest
