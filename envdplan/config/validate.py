"""What no single block can be blamed for alone; then the desired state."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from envdplan.addresses import Address, Kind, ModulePath, in_module
from envdplan.config.claims import rivals
from envdplan.config.conditions import ASSERT, check_names, conditions, judged
from envdplan.config.config import Condition, Config, ResourceConfig
from envdplan.config.evaluate import Evaluation
from envdplan.config.knowledge import Anything
from envdplan.config.problems import suggestion
from envdplan.diagnostics import Diagnostics
from envdplan.graph import Cycle, Graph
from envdplan.states.desired import Check, DesiredState, Known, Requirement, Resource, Verdict
from envdplan.values import Attributes, is_known


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
    found = tuple(_checks(evaluation, diagnostics))
    return DesiredState(resources, config.outputs, checks=found, rivals=rivals(config)), diagnostics


def _known_triggers(config: ResourceConfig, resources: Config, diagnostics: Diagnostics) -> None:
    for address, path in config.lifecycle.triggers:
        other = resources.resources.get(address)
        names = other.type.schema["properties"] if other is not None else {}
        if other is not None and path and path[0] not in names:
            hint = suggestion(str(path[0]), names)
            detail = f'{address} has no attribute "{path[0]}" that could trigger this.{hint}'
            diagnostics.error("Unknown attribute", detail, config.range, str(config.address))


def _checks(evaluation: Evaluation, diagnostics: Diagnostics) -> Iterator[Check]:
    """The check blocks of the project and of its modules."""
    for module in evaluation.tree.modules.values():
        for name, block in module.declared.checks.items():
            check_names(block, diagnostics)
            tests = conditions(block.body, ASSERT, diagnostics)
            judges = (_Judge(evaluation, one, module.path) for one in tests)
            pairs = zip(tests, judges, strict=True)
            label = f"{in_module(module.path)}check.{name}"
            yield Check(label, tuple(Requirement(one.range, judge) for one, judge in pairs))


@dataclass(frozen=True, slots=True)
class _Judge:
    """Judges a condition with what is known by then."""

    evaluation: Evaluation
    condition: Condition
    module: ModulePath = ()
    address: Address | None = None
    result: bool = False
    """Whether `self` is what the resource has become, rather than what its block says."""

    def __call__(self, known: Known) -> Verdict:
        now = self.evaluation.again(known)
        if self.address is None:
            return judged(self.condition, lambda one: now.value(one, self.module))
        result = known.get(self.address, Anything()) if self.result else None
        return now.verdict(self.address, self.condition, result)


def _resource(config: ResourceConfig, evaluation: Evaluation) -> Resource:
    known = is_known(config.attributes)
    return Resource(
        address=config.address,
        type=config.type.name,
        attributes=config.attributes,
        depends_on=config.depends_on,
        range=config.range,
        lifecycle=config.lifecycle,
        preconditions=_tests(config, config.preconditions, evaluation, result=False),
        postconditions=_tests(config, config.postconditions, evaluation, result=True),
        resolve=None if known else _Resolver(config.address, evaluation),
    )


def _tests(
    config: ResourceConfig, stated: tuple[Condition, ...], evaluation: Evaluation, *, result: bool
) -> tuple[Requirement, ...]:
    return tuple(
        Requirement(one.range, _Judge(evaluation, one, (), config.address, result))
        for one in stated
    )


@dataclass(frozen=True, slots=True)
class _Resolver:
    address: Address
    evaluation: Evaluation

    def __call__(self, known: Known) -> Attributes:
        return self.evaluation.again(known).resolve(self.address)


def _one_in_use(config: Config, diagnostics: Diagnostics) -> None:
    used = [
        one
        for one in config.resources.values()
        if one.address.kind is Kind.CONTEXT and one.attributes.get("use") is True
    ]
    for second in used[1:]:
        diagnostics.error(
            "Two current contexts",
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
            f"These need each other, so none of them can come first: {drawn}. Take out one of "
            "the references.",
            first.range,
            str(first.address),
        )
