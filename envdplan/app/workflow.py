"""The whole flow on one page: load -> evaluate -> validate -> refresh -> diff -> plan -> apply.

Start reading here. Everything comes in as an argument; nothing of the edge is imported.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from secrets import token_hex
from time import time
from typing import TypeAlias

from envdplan.core.engine.apply import Apply
from envdplan.core.engine.events import Event
from envdplan.core.engine.precheck import precheck
from envdplan.core.engine.protocols import Readers
from envdplan.core.engine.refresh import as_recorded, refresh, unread
from envdplan.core.plan.changes import Change
from envdplan.core.plan.conditions import checks
from envdplan.core.plan.diff import diff
from envdplan.core.plan.gaps import gaps
from envdplan.core.plan.options import PlanOptions
from envdplan.core.plan.outputs import never_known, with_outputs
from envdplan.core.plan.plan import Plan, check_protection, order
from envdplan.core.plan.refreshonly import refresh_only
from envdplan.core.plan.targets import (
    by_default,
    by_itself,
    default_scope,
    refuse_rivals,
    scope,
    with_names,
)
from envdplan.core.plan.world import Diff
from envdplan.core.state.desired import DesiredState, Known
from envdplan.core.state.recorded import State
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Conflict, Diagnostics, Rejected
from envdplan.ground.schema import Catalog
from envdplan.ground.source import SourceFile
from envdplan.ground.values import Value, is_sensitive
from envdplan.language.configuration.awaiting import awaited
from envdplan.language.configuration.config import Settings
from envdplan.language.configuration.declarations import declare
from envdplan.language.configuration.groups import groups
from envdplan.language.configuration.imports import imports
from envdplan.language.configuration.modules import Decode, Read, modules, no_modules
from envdplan.language.configuration.moves import moves
from envdplan.language.configuration.removals import removals
from envdplan.language.configuration.settings import settings
from envdplan.language.configuration.strays import stray_environment
from envdplan.language.configuration.tree import Tree
from envdplan.language.configuration.unused import unused
from envdplan.language.configuration.validate import validate
from envdplan.language.configuration.variables import PREFIX, Given, variables
from envdplan.language.evaluation.context import Context, Function, Names, Repository, nobody_asked
from envdplan.language.evaluation.data import AskImage
from envdplan.language.evaluation.evaluate import Evaluation, evaluate_all
from envdplan.language.evaluation.expressions import EvaluationError
from envdplan.language.syntax import decode, parse_expression
from envdplan.language.syntax.document import Document

Dialect: TypeAlias = Callable[[Context], tuple[Document, Diagnostics]]
"""Gives a Document of ours, made of files of another tool; gets what expressions may know."""


@dataclass(frozen=True, slots=True)
class Project:
    """What a configuration is loaded from: texts, and values given from outside."""

    files: tuple[SourceFile, ...]
    directory: str
    """Absolute; where the paths of flags start."""
    variable_files: tuple[SourceFile, ...] = ()
    """The weakest first."""
    flags: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    modules: Read = no_modules
    """What reads the modules that the files call."""
    dialect: Dialect | None = None
    """What reads a configuration in another tool's language."""
    decode: Decode = decode
    """Reads a file; an unchanged one perhaps from what was kept of it."""
    image: AskImage = nobody_asked
    """What tells what an image in a registry is; by default nobody is asked."""
    planned: Mapping[str, Value] | None = None
    """Values of the variables in a saved plan."""
    repository: Repository | None = None
    """Asks git about a folder; without it git() is an error."""
    started: float = field(default_factory=time)
    """Seconds since 1970; that of a saved plan is the plan's."""
    seed: str = field(default_factory=lambda: token_hex(16))
    """What random values are made from; that of a saved plan is the plan's."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration without mistakes."""

    desired: DesiredState
    settings: Settings
    variables: Mapping[str, Value]
    sensitive: tuple[str, ...]
    """Names of the variables whose values a saved plan must not hold."""
    warnings: Diagnostics
    evaluation: Evaluation = field(compare=False, repr=False)

    def value(self, text: str, known: Known) -> Value:
        """The value of one more expression, with what is `known` by now. Raises Rejected."""
        file = SourceFile("console", text, self.evaluation.base().directory)
        expression, problems = parse_expression(text, file)
        if expression is None or problems.has_errors:
            raise Rejected(problems)
        try:
            return self.evaluation.again(known).value(expression)
        except EvaluationError as error:
            problems.extend([error.diagnostic])
            raise Rejected(problems) from None


def load(
    project: Project, catalog: Catalog, functions: Mapping[str, Function], version: str
) -> Loaded:
    """Texts to a desired state. Raises Rejected with all the mistakes that were found."""
    problems = Diagnostics()
    base = _context(project, functions)
    documents = list(_documents(project, base, problems))
    values_files = tuple(_decoded(project.variable_files, project.decode, problems))
    _stop_on_errors(problems)
    declared, found = declare(documents)
    problems.extend(found)
    given = Given(project.environment, values_files, project.flags, project.planned)
    chosen, found = settings(declared, base, version)
    problems.extend(found)
    values, known, found = variables(declared.variables, given, base)
    problems.extend(found)
    tree, found = modules(declared, project.directory, project.modules, project.decode)
    problems.extend(found)
    config, evaluation, found = evaluate_all(tree, catalog, values, base)
    problems.extend(found)
    _stop_on_errors(problems)
    assert evaluation is not None  # noqa: S101  without one there is an error
    desired, found = validate(config, evaluation)
    desired = replace(
        desired,
        blocks=frozenset(tree.addresses()),
        imports=imports(declared.imports, config.resources, base, found),
        moves=moves(tree, config.resources, found),
        kept=removals(tree, config.resources, found),
        groups=groups(tree, config.resources, found),
    )
    problems.extend(found)
    problems.extend(refuse_rivals(desired, by_itself(desired)))
    _stop_on_errors(problems)
    problems.extend(_unused(tree, given.names))
    if project.planned is None:
        bake = project.dialect is not None
        problems.extend(stray_environment(project.environment, known, PREFIX, bake=bake))
    secret = tuple(n for n, one in known.items() if one.sensitive or is_sensitive(values[n]))
    open_values = {name: value for name, value in values.items() if name not in secret}
    return Loaded(desired, chosen, open_values, secret, problems.joined(), evaluation)


def _unused(tree: Tree, given: frozenset[str]) -> Diagnostics:
    """What nothing uses in the project and in the modules that belong to it, each told once."""
    found, seen = unused(tree.root, given), set[str]()
    for path, module in tree.modules.items():
        if path and not module.fetched and module.directory not in seen:
            seen.add(module.directory)
            found.extend(unused(module.declared, frozenset()))
    return found


def load_settings(project: Project, version: str) -> Settings:
    """Only where things are kept: for commands that need no more. Mistakes elsewhere are let be."""
    documents = list(_decoded(project.files, project.decode, Diagnostics()))
    declared, _ = declare(documents)
    chosen, problems = settings(declared, Context(Names(), {}, project.directory), version)
    _stop_on_errors(problems)
    return chosen


def waits_for(project: Project, output: str) -> tuple[str, ...]:
    """The resources and modules that an output of the configuration refers to."""
    declared, _ = declare(list(_decoded(project.files, project.decode, Diagnostics())))
    return awaited(declared, output)


def make_plan(
    desired: DesiredState,
    state: State,
    readers: Readers,
    catalog: Catalog,
    options: PlanOptions,
    *,
    parallelism: int = 10,
    look: bool = True,
) -> tuple[Plan, Diagnostics]:
    """What has to be done, warnings, and an error for each cause for which something is deferred.

    Changes nothing. Raises Rejected and EnvdplanError.
    """
    wanted = desired.destroyed() if options.destroy else desired.replacing(options.replace)
    believed = state.with_begun()
    if by_default(options, wanted):
        only: frozenset[Address] | None = default_scope(wanted, believed, options)
    else:
        options = with_names(options, desired, believed)
        only = scope(desired, believed, options)
    _stop_on_errors(refuse_rivals(wanted, only or frozenset()))
    observed = (
        refresh(wanted, believed, readers, catalog, only=only, parallelism=parallelism)
        if look
        else unread(wanted, believed)
    )
    outcome = (
        refresh_only(believed, observed, catalog)
        if options.refresh_only
        else diff(wanted, believed, observed, catalog, options, only)
    )
    plan = order(_within(outcome, only), believed, outcome.drift, options)
    if only is None and not options.refresh_only:
        plan = with_outputs(plan, wanted, outcome.known, state)
        outcome.diagnostics.extend(never_known(plan, wanted, outcome.known))
    check_protection(plan, outcome.diagnostics)
    _stop_on_errors(outcome.diagnostics)
    outcome.diagnostics.extend(gaps(plan.changes, outcome.notes))
    outcome.diagnostics.extend(checks(wanted, outcome.known))
    return plan, outcome.diagnostics.joined()


def check_fresh(plan: Plan, state: State) -> State:
    """The state to apply `plan` to. Raises Conflict when the plan was made from another one.

    A state that was never saved has no history yet: it begins with the lineage of the plan.
    """
    if state.serial == 0 and plan.serial == 0 and not state.records:
        return replace(state, lineage=plan.lineage)
    if plan.lineage != state.lineage:
        raise Conflict(
            "Plan belongs to another state",
            f"The plan was made from the state {plan.lineage}, but here is {state.lineage}. "
            "Run it where it was made, or plan again.",
        )
    if plan.serial != state.serial:
        raise Conflict(
            "Plan is stale",
            f"The state has changed since the plan was made (serial {plan.serial} then, "
            f"{state.serial} now). Plan again.",
        )
    return state


def check(desired: DesiredState, state: State) -> Diagnostics:
    """Warnings of the check blocks, after an apply."""
    return checks(desired, as_recorded(state))


def apply(run: Apply) -> Iterator[Event]:
    """Do what the plan of `run` says, event by event; the state is saved before each is told.

    Raises EnvdplanError, and does nothing, when something is not as it was planned.
    """
    precheck(run.plan, run.desired, run.writers, run.parallelism, run.cancel)
    return run.run()


def _context(project: Project, functions: Mapping[str, Function]) -> Context:
    base = Context(
        Names(),
        functions,
        project.directory,
        project.environment,
        image=project.image,
        started=project.started,
        seed=project.seed,
    )
    return base if project.repository is None else replace(base, repository=project.repository)


def _documents(project: Project, base: Context, problems: Diagnostics) -> Iterator[Document]:
    yield from _decoded(project.files, project.decode, problems)
    if project.dialect is not None:
        document, found = project.dialect(base)
        problems.extend(found)
        yield document


def _decoded(
    files: tuple[SourceFile, ...], read: Decode, problems: Diagnostics
) -> Iterator[Document]:
    for file in files:
        document, found = read(file)
        problems.extend(found)
        yield document


def _within(outcome: Diff, only: frozenset[Address] | None) -> list[Change]:
    changes = outcome.changes
    return [one for address, one in changes.items() if only is None or address in only]


def _stop_on_errors(problems: Diagnostics) -> None:
    if problems.has_errors:
        raise Rejected(problems)
