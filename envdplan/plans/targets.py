"""-target: which resources a plan is about."""

from collections.abc import Iterable, Iterator, Mapping

from envdplan.addresses import Address
from envdplan.diagnostics import EnvdplanError, suggestion
from envdplan.graph import Graph
from envdplan.plans.options import PlanOptions
from envdplan.states.desired import DesiredState
from envdplan.states.recorded import State


def scope(desired: DesiredState, state: State, options: PlanOptions) -> frozenset[Address] | None:
    """The targets and all that they need; for a destroy, all that needs them. None means all.

    Raises EnvdplanError for an address that is neither configured nor recorded.
    """
    edges: Mapping[Address, Iterable[Address]] = {
        **{address: record.depends_on for address, record in state.records.items()},
        **{address: one.depends_on for address, one in desired.resources.items()},
    }
    for address in (*options.targets, *options.replace):
        if not _meant(address, edges):
            raise _unknown(address, edges)
    wanted = (*options.targets, *_members(desired, options))
    if not wanted:
        return None
    targets = [one for address in wanted for one in _meant(address, edges)]
    graph = Graph(edges)
    return (graph.reversed() if options.destroy else graph).closure(targets)


def _members(desired: DesiredState, options: PlanOptions) -> Iterator[Address]:
    for name in options.groups:
        if name not in desired.groups:
            known = ", ".join(f"group.{one}" for one in desired.groups) or "none"
            hint = suggestion(name, desired.groups, "group.") or f" Groups are: {known}."
            raise EnvdplanError("Unknown group", f"There is no group.{name}.{hint}")
        yield from desired.groups[name]


def _meant(address: Address, known: Iterable[Address]) -> list[Address]:
    """The resource, or all that one for_each makes."""
    if address in known:
        return [address]
    same = (one for one in known if (one.kind, one.name) == (address.kind, address.name))
    return list(same) if address.key is None else []


def _unknown(address: Address, known: Iterable[Address]) -> EnvdplanError:
    names = sorted(str(one) for one in known)
    hint = suggestion(str(address), names) or f" There are: {', '.join(names) or 'none'}."
    return EnvdplanError(
        "Unknown resource",
        f"There is no {address}: it is neither in the configuration nor in the state.{hint}",
    )
