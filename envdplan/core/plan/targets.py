"""-target: which resources a plan is about."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from envdplan.core.plan.options import PlanOptions
from envdplan.core.state.desired import DesiredState
from envdplan.core.state.recorded import State
from envdplan.ground.addresses import Address, in_module
from envdplan.ground.diagnostics import Diagnostics, EnvdplanError, suggestion
from envdplan.ground.graph import Graph

GROUP: Final = "group"
DEFAULT: Final = "default"


def scope(desired: DesiredState, state: State, options: PlanOptions) -> frozenset[Address] | None:
    """The targets and all that they need; for a destroy, all that needs them. None means all.

    All is meant where the user named nothing: a name with nothing behind it means nothing.
    Raises EnvdplanError for an address that is neither configured nor recorded.
    """
    edges: Mapping[Address, Iterable[Address]] = {
        **{address: record.depends_on for address, record in state.records.items()},
        **{address: one.depends_on for address, one in desired.resources.items()},
    }
    for address in (*options.targets, *options.replace):
        if not _meant(address, edges) and address not in desired.blocks:
            raise _unknown(address, edges)
    if not options.targets and not options.names:
        return None
    targets = [one for address in options.targets for one in _meant(address, edges)]
    graph = Graph(edges)
    return (graph.reversed() if options.destroy else graph).closure(targets)


def by_default(options: PlanOptions, desired: DesiredState) -> bool:
    """Whether the plan is about `group.default` alone: there is one, and nothing else is named.

    bake's rule for what it builds when nobody says what.
    """
    named = options.targets or options.names or options.destroy or options.refresh_only
    return DEFAULT in desired.groups and not named


def default_scope(desired: DesiredState, state: State, options: PlanOptions) -> frozenset[Address]:
    """What `group.default` and -replace name and need, and all that is recorded but not there."""
    chosen = replace(options, targets=(*desired.groups[DEFAULT], *options.replace))
    orphans = state.records.keys() - desired.resources.keys()
    return (scope(desired, state, chosen) or frozenset()) | orphans


def by_itself(desired: DesiredState) -> frozenset[Address] | None:
    """What a first plan is about when nobody says what; None means all."""
    if not by_default(PlanOptions(), desired):
        return None
    needs = {address: one.depends_on for address, one in desired.resources.items()}
    members = (one for name in desired.groups[DEFAULT] for one in _meant(name, needs))
    return Graph(needs).closure(members)


def refuse_rivals(desired: DesiredState, only: frozenset[Address] | None) -> Diagnostics:
    """Complaints about what is in one plan and would undo each other; None means all."""
    found = Diagnostics()
    pairs = (one for one in desired.rivals if only is None or {one.one, one.other} <= only)
    found.extend(one.diagnostic for one in pairs)
    return found


def with_names(options: PlanOptions, desired: DesiredState, state: State) -> PlanOptions:
    """`options` with all that groups and modules stand for as targets. Raises EnvdplanError.

    The names stay, to tell that something was named even where they stand for nothing.
    """
    known = {*desired.resources, *state.records}
    members = [one for name in options.names for one in _behind(name, desired, known)]
    targets = dict.fromkeys((*options.targets, *members))
    return replace(options, targets=tuple(targets))


def _behind(name: str, desired: DesiredState, known: Iterable[Address]) -> Iterable[Address]:
    root, _, rest = name.partition(".")
    if root == GROUP:
        if rest in desired.groups:
            return desired.groups[rest]
        listed = ", ".join(f"{GROUP}.{one}" for one in desired.groups) or "none"
        hint = suggestion(rest, desired.groups, "group.") or f" Groups are: {listed}."
        raise EnvdplanError("Unknown group", f"There is no {name}.{hint}")
    declared = [*known, *desired.blocks]
    if any(_is_in(one, name) for one in declared):
        return sorted(one for one in known if _is_in(one, name))
    modules = sorted({in_module(one.module).rstrip(".") for one in declared} - {""})
    listed = ", ".join(modules) or "none"
    hint = suggestion(name, modules) or f" Modules with resources are: {listed}."
    raise EnvdplanError("Unknown module", f"There is no {name}.{hint}")


def _is_in(address: Address, module: str) -> bool:
    return in_module(address.module).startswith(f"{module}.")


def _meant(address: Address, known: Iterable[Address]) -> list[Address]:
    """The resource, or all that one for_each makes."""
    if address in known:
        return [address]
    same = (one for one in known if one.block == address)
    return list(same) if address.key is None else []


def _unknown(address: Address, known: Iterable[Address]) -> EnvdplanError:
    names = sorted(str(one) for one in known)
    hint = suggestion(str(address), names) or f" There are: {', '.join(names) or 'none'}."
    return EnvdplanError(
        "Unknown resource",
        f"There is no {address}: it is neither in the configuration nor in the state.{hint}",
    )
