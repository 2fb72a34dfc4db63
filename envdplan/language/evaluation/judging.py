"""Preconditions, postconditions and checks: what judges them, now and when more is known."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from envdplan.core.state.desired import Check, Known, Requirement, Verdict
from envdplan.ground.addresses import Address, ModulePath, in_module
from envdplan.ground.diagnostics import Diagnostics, Rejected
from envdplan.ground.values import Attributes
from envdplan.language.configuration.config import Condition, Config, ResourceConfig
from envdplan.language.evaluation.conditions import ASSERT, check_names, conditions, judge
from envdplan.language.evaluation.evaluate import Evaluation
from envdplan.language.evaluation.expressions import EvaluationError
from envdplan.language.types.knowledge import Anything


def checks(evaluation: Evaluation, diagnostics: Diagnostics) -> Iterator[Check]:
    """The check blocks of the project and of its modules."""
    for module in evaluation.tree.modules.values():
        for name, block in module.declared.checks.items():
            check_names(block, diagnostics)
            tests = conditions(block.body, ASSERT, diagnostics)
            judges = (_Judge(evaluation, one, module.path) for one in tests)
            pairs = zip(tests, judges, strict=True)
            label = f"{in_module(module.path)}check.{name}"
            yield Check(label, tuple(Requirement(one.range, judge) for one, judge in pairs))


def requirements(
    config: ResourceConfig, stated: tuple[Condition, ...], evaluation: Evaluation, *, result: bool
) -> tuple[Requirement, ...]:
    """What has to hold for a resource."""
    return tuple(
        Requirement(one.range, _Judge(evaluation, one, (), config.address, result))
        for one in stated
    )


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
        with self.evaluation.lock:
            try:
                return self._judged(self.evaluation.again(known), known)
            except EvaluationError as error:
                return Verdict(False, error.diagnostic.detail)
            except Rejected as error:
                return Verdict(False, error.detail)

    def _judged(self, now: Evaluation, known: Known) -> Verdict:
        if self.address is None:
            return judge(self.condition, lambda one: now.value(one, self.module))
        result = known.get(self.address, Anything()) if self.result else None
        return now.verdict(self.address, self.condition, result)


def try_conditions(config: Config, evaluation: Evaluation, diagnostics: Diagnostics) -> None:
    """Whether conditions can be evaluated at all: what they come to is for a plan to judge."""
    for trial in _trials(config, evaluation):
        try:
            trial()
        except EvaluationError as error:
            diagnostics.extend([error.diagnostic])


def _trials(config: Config, evaluation: Evaluation) -> Iterator[Callable[[], Verdict]]:
    for address, one in config.resources.items():
        for condition in one.preconditions:
            yield _of_resource(evaluation, address, condition, evaluation.wanted(address))
        for condition in one.postconditions:
            yield _of_resource(evaluation, address, condition, evaluation.result(address))
    for module in evaluation.tree.modules.values():
        for block in module.declared.checks.values():
            for condition in conditions(block.body, ASSERT, Diagnostics()):
                yield _of_check(evaluation, module.path, condition)


def _of_resource(
    evaluation: Evaluation, address: Address, condition: Condition, mine: Attributes
) -> Callable[[], Verdict]:
    return lambda: evaluation.verdict(address, condition, mine)


def _of_check(
    evaluation: Evaluation, module: ModulePath, condition: Condition
) -> Callable[[], Verdict]:
    return lambda: judge(condition, lambda one: evaluation.value(one, module))
