"""What no single block can be blamed for alone; then the desired state."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from envdplan.core.state.desired import DesiredState, Known, Resource
from envdplan.ground.addresses import Address, Kind
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.graph import Cycle, Graph
from envdplan.ground.values import Attributes, is_known
from envdplan.language.configuration.claims import rivals
from envdplan.language.configuration.config import Config, ResourceConfig
from envdplan.language.evaluation.evaluate import Evaluation
from envdplan.language.evaluation.judging import checks, requirements, try_conditions
from envdplan.language.evaluation.problems import suggestion


def validate(config: Config, evaluation: Evaluation) -> tuple[DesiredState, Diagnostics]:
    """The desired state, and what is wrong with the blocks taken together."""
    diagnostics = Diagnostics()
    _one_in_use(config, diagnostics)
    _no_cycle(config, diagnostics)
    for one in config.resources.values():
        _known_triggers(one, config, diagnostics)
    resources = {
        address: _resource(one, evaluation) for address, one in sorted(config.resources.items())
    }
    found = tuple(checks(evaluation, diagnostics))
    try_conditions(config, evaluation, diagnostics)
    return DesiredState(resources, config.outputs, checks=found, rivals=rivals(config)), diagnostics


def _known_triggers(config: ResourceConfig, resources: Config, diagnostics: Diagnostics) -> None:
    for address, path in config.lifecycle.triggers:
        other = resources.resources.get(address)
        names = other.type.attributes if other is not None else {}
        if other is not None and path and path[0] not in names:
            hint = suggestion(str(path[0]), names)
            detail = f'{address} has no attribute "{path[0]}" that could trigger this.{hint}'
            diagnostics.error("Unknown attribute", detail, config.range, str(config.address))


def _resource(config: ResourceConfig, evaluation: Evaluation) -> Resource:
    known = is_known(config.attributes)
    return Resource(
        address=config.address,
        type=config.type.name,
        attributes=config.attributes,
        depends_on=config.depends_on,
        range=config.range,
        lifecycle=config.lifecycle,
        preconditions=requirements(config, config.preconditions, evaluation, result=False),
        postconditions=requirements(config, config.postconditions, evaluation, result=True),
        resolve=None if known else _Resolver(config.address, evaluation),
    )


@dataclass(frozen=True, slots=True)
class _Resolver:
    address: Address
    evaluation: Evaluation

    def __call__(self, known: Known) -> Attributes:
        with self.evaluation.lock:
            return self.evaluation.again(known).resolve(self.address)


def _one_in_use(config: Config, diagnostics: Diagnostics) -> None:
    used = [
        one
        for one in config.resources.values()
        if one.address.kind is Kind.CONTEXT and one.attributes.get("use") is True
    ]
    for second in used[1:]:
        diagnostics.error(
            "More than one current context",
            f"{used[0].address} and {second.address} both have use = true, but envd has one "
            "current context.",
            second.place("use"),
            str(second.address),
        )


def _no_cycle(config: Config, diagnostics: Diagnostics) -> None:
    """depends_on and the contexts of builds make edges that no expression shows."""
    needs: Mapping[Address, Iterable[Address]] = {
        address: one.depends_on for address, one in config.resources.items()
    }
    try:
        Graph(needs).order()
    except Cycle as cycle:
        drawn = " -> ".join(map(str, cycle.path))
        first = config.resources[cycle.path[0]]
        diagnostics.error(
            "Reference cycle",
            f"These depend on each other, so none of them can come first: {drawn}. Take out one "
            "of the references.",
            first.range,
            str(first.address),
        )
