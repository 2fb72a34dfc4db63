"""Looks at everything that is desired or recorded, many at once. In memory only."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from envdplan.core.engine.protocols import Readers
from envdplan.core.plan.compare import elsewhere, identity
from envdplan.core.plan.resolve import resolve
from envdplan.core.state.desired import DesiredState, Resource
from envdplan.core.state.observed import (
    NOT_ASKED,
    Absent,
    Observation,
    ObservedState,
    Present,
    Unreachable,
)
from envdplan.core.state.recorded import Record, State
from envdplan.ground.addresses import Address, Kind
from envdplan.ground.schema import Catalog
from envdplan.ground.together import together
from envdplan.ground.values import Attributes


@dataclass(frozen=True, slots=True)
class _Question:
    address: Address
    resource: Resource | None
    attributes: Attributes
    record: Record | None
    former: Attributes | None = None
    """The same as it is recorded, where it is to be called otherwise, to be elsewhere, or to be of
    another type."""

    @property
    def changes_type(self) -> bool:
        """Whether a thing of one type is to be replaced by one of another."""
        return bool(self.resource and self.record and self.resource.type != self.record.type)


def refresh(
    desired: DesiredState,
    state: State,
    readers: Readers,
    catalog: Catalog,
    *,
    only: frozenset[Address] | None = None,
    parallelism: int = 10,
) -> ObservedState:
    """What is live for every desired or recorded resource (of `only`, when given)."""
    questions = [_with_former(one, catalog) for one in _questions(desired, state, only)]
    questions = _without_heirs(questions, catalog)
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


def _with_former(question: _Question, catalog: Catalog) -> _Question:
    resource, record, wanted = question.resource, question.record, question.attributes
    if resource is None or record is None or question.address.kind is Kind.BUILD:
        return question
    if record.type != resource.type:
        return replace(question, former=record.attributes)
    type = catalog.types[question.address.kind, resource.type]
    found = elsewhere(type, record, wanted)
    follows = (*type.computed, "node")  # nodes are called after their builder
    recorded = {n: record.attributes[n] for n in follows if n in record.attributes}
    former = {**wanted, **recorded, **{str(one.path[0]): one.before for one in found}}
    return replace(question, former=former) if found else question


def _without_heirs(questions: list[_Question], catalog: Catalog) -> list[_Question]:
    """What another resource takes over, because the two change names, is not looked for."""
    if all(one.former is None for one in questions):
        return questions
    heirs = {
        identity(catalog, one.address, one.resource.type, one.attributes)
        for one in questions
        if one.resource is not None
    }
    return [
        replace(one, former=None)
        if one.record
        and identity(catalog, one.address, one.record.type, one.record.attributes) in heirs
        else one
        for one in questions
    ]


def _ask(readers: Readers, question: _Question) -> Observation:
    reader = readers(question.address.kind.value)
    found = reader.read(question.resource, question.attributes, question.record)
    if question.former is None or (isinstance(found, Present) and found.ours):
        return found  # the very same, where one place has two names
    former = reader.read(None, question.former, question.record)
    if isinstance(former, Absent):
        return found  # it is gone, so that only the new name counts
    if question.changes_type and isinstance(former, Present) and not former.strangers:
        return found  # it goes, and only what is to come counts
    if isinstance(former, Unreachable) or isinstance(found, Unreachable):
        return former
    return replace(former, taken=isinstance(found, Present), notes=found.notes)


def _ask_together(
    readers: Readers, questions: Iterable[_Question], parallelism: int
) -> Mapping[Address, Observation]:
    asked = list(questions)
    found = together(lambda one: _ask(readers, one), asked, parallelism, "refresh")
    return {one.address: observation for one, observation in zip(asked, found, strict=True)}


def unread(desired: DesiredState, state: State) -> ObservedState:
    """For -refresh=false: nothing was looked at, so nothing is known."""
    reason = "nothing was looked at (-refresh=false)"
    found = Unreachable(reason, NOT_ASKED)
    return dict.fromkeys({*desired.resources, *state.records}, found)
