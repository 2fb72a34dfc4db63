"""What no single block can be blamed for alone; then the desired state."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from envdplan.addresses import Address, Kind, ModulePath, in_module
from envdplan.config.conditions import ASSERT, check_names, conditions, judged
from envdplan.config.config import Condition, Config, ResourceConfig
from envdplan.config.evaluate import Evaluation
from envdplan.config.knowledge import Anything
from envdplan.config.problems import suggestion
from envdplan.diagnostics import Diagnostics
from envdplan.graph import Cycle, Graph
from envdplan.source import SourceRange
from envdplan.states.desired import Check, DesiredState, Known, Requirement, Resource, Verdict
from envdplan.values import Attributes, Unknown, Value, is_known


def validate(config: Config, evaluation: Evaluation) -> tuple[DesiredState, Diagnostics]:
    """The desired state, and what is wrong with the blocks taken together."""
    diagnostics = Diagnostics()
    _distinct(config, diagnostics)
    _one_in_use(config, diagnostics)
    _no_cycle(config, diagnostics)
    for one in config.resources.values():
        _known_triggers(one, config, diagnostics)
    resources = {
        address: _resource(one, evaluation) for address, one in sorted(config.resources.items())
    }
    found = tuple(_checks(evaluation, diagnostics))
    return DesiredState(resources, config.outputs, checks=found), diagnostics


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


@dataclass(slots=True)
class _Claims:
    """Things of the world that one resource only may claim."""

    diagnostics: Diagnostics
    owners: dict[tuple[str, Value], tuple[Address, SourceRange]] = field(default_factory=dict)

    def claim(self, what: str, value: Value, config: ResourceConfig, place: SourceRange) -> None:
        if value is None or isinstance(value, Unknown):
            return
        owner = self.owners.setdefault((what, value), (config.address, place))
        if owner[0] == config.address:
            return
        self.diagnostics.error(
            "Claimed twice",
            f"{config.address} and {owner[0]} (at {owner[1]}) both have {_said(what, value)}. "
            "The one would undo what the other did: change one of them.",
            place,
            str(config.address),
        )


def _said(what: str, value: Value) -> str:
    shown = value if isinstance(value, str) else ", ".join(str(one) for one in value if one)
    return f"the {what} {shown}"


def _distinct(config: Config, diagnostics: Diagnostics) -> None:
    claims = _Claims(diagnostics)
    for one in config.resources.values():
        for what, value, place in _claimed(one):
            claims.claim(what, value, one, place)


def _claimed(config: ResourceConfig) -> Iterator[tuple[str, Value, SourceRange]]:
    attributes = config.attributes
    match config.address.kind:
        case Kind.CONTEXT:
            yield "context name", attributes.get("name"), config.place("name")
        case Kind.BUILDER:
            yield from _builder_claims(config)
        case Kind.BUILD:
            yield from _pushed(config)
            yield from _cache_targets(config)
            yield from _destinations(config)


def _builder_claims(config: ResourceConfig) -> Iterator[tuple[str, Value, SourceRange]]:
    """Two blocks may attach to one daemon, but only one may own a container."""
    if "x-forces-replacement" in config.type.property("name"):
        parts = (config.attributes.get("host"), config.attributes.get("name"))
        if is_known(parts):
            yield "container", parts, config.place("name")


def _pushed(config: ResourceConfig) -> Iterator[tuple[str, Value, SourceRange]]:
    tags = config.attributes.get("tags")
    for index, tag in enumerate(tags if isinstance(tags, tuple) else ()):
        yield "tag", tag, config.place("tags", index)


def _cache_targets(config: ResourceConfig) -> Iterator[tuple[str, Value, SourceRange]]:
    caches = config.attributes.get("export_cache")
    for index, cache in enumerate(caches if isinstance(caches, tuple) else ()):
        if isinstance(cache, Mapping):
            target = cache.get("ref") or cache.get("dest")
            yield "cache target", target, config.place("export_cache", index)


def _destinations(config: ResourceConfig) -> Iterator[tuple[str, Value, SourceRange]]:
    outputs = config.attributes.get("output")
    for index, output in enumerate(outputs if isinstance(outputs, tuple) else ()):
        if isinstance(output, Mapping):
            yield "output path", output.get("dest"), config.place("output", index)


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
