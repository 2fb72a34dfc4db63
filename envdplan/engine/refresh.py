"""Looks at everything that is desired or recorded, many at once. In memory only."""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass

from envdplan.addresses import Address
from envdplan.engine.protocols import Readers
from envdplan.plans.resolve import resolve
from envdplan.states.desired import DesiredState, Resource
from envdplan.states.observed import Observation, ObservedState, Unreachable
from envdplan.states.recorded import Record, State
from envdplan.values import Attributes


@dataclass(frozen=True, slots=True)
class _Question:
    address: Address
    resource: Resource | None
    attributes: Attributes
    record: Record | None


def refresh(
    desired: DesiredState,
    state: State,
    readers: Readers,
    *,
    only: frozenset[Address] | None = None,
    parallelism: int = 10,
) -> ObservedState:
    """What is live for every desired or recorded resource (of `only`, when given)."""
    questions = list(_questions(desired, state, only))
    inline = [one for one in questions if not readers(one.address.kind.value).concurrent]
    waiting = [one for one in questions if readers(one.address.kind.value).concurrent]
    observed = {one.address: _ask(readers, one) for one in inline}
    observed.update(_ask_together(readers, waiting, parallelism))
    return observed


def as_recorded(state: State) -> Mapping[Address, Attributes]:
    """What each resource is believed to be before anybody looked: as it was recorded."""
    return {address: record.attributes for address, record in state.records.items()}


def _questions(
    desired: DesiredState, state: State, only: frozenset[Address] | None
) -> Iterator[_Question]:
    known = as_recorded(state)
    for address, resource in desired.resources.items():
        if only is None or address in only:
            record = state.records.get(address)
            yield _Question(address, resource, resolve(resource, known, record), record)
    for address, record in state.records.items():
        if address not in desired.resources and (only is None or address in only):
            yield _Question(address, None, record.attributes, record)


def _ask(readers: Readers, question: _Question) -> Observation:
    reader = readers(question.address.kind.value)
    return reader.read(question.resource, question.attributes, question.record)


def _ask_together(
    readers: Readers, questions: Iterable[_Question], parallelism: int
) -> Mapping[Address, Observation]:
    questions = list(questions)
    if len(questions) <= 1:
        return {one.address: _ask(readers, one) for one in questions}
    with ThreadPoolExecutor(max_workers=parallelism, thread_name_prefix="refresh") as pool:
        asked: dict[Future[Observation], Address] = {
            pool.submit(_ask, readers, one): one.address for one in questions
        }
        return {asked[done]: done.result() for done in as_completed(asked)}


def unread(desired: DesiredState, state: State) -> ObservedState:
    """For -refresh=false: nothing was looked at, so nothing is known."""
    reason = "nothing was looked at (-refresh=false)"
    return {address: Unreachable(reason) for address in {*desired.resources, *state.records}}
