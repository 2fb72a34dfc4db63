"""Contexts in envd's own store."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from threading import Event as Flag

from envdplan.clients.envd.contexts import DEFAULT, OWN, Context, ContextSet
from envdplan.clients.envd.store import ContextStore, StoredContexts, Transform
from envdplan.core.engine.protocols import Reporter
from envdplan.core.plan.changes import Action, Change
from envdplan.core.state.desired import Resource
from envdplan.core.state.observed import Absent, Cause, Observation, Present, Stranger
from envdplan.core.state.recorded import Record
from envdplan.ground.diagnostics import Conflict
from envdplan.ground.values import Attributes, Unknown
from envdplan.resources.contexts.batch import Batch
from envdplan.resources.contexts.runners import Runners


@dataclass
class ContextReader:
    """Reads the store once, at the first question."""

    store: ContextStore
    runners: Runners
    concurrent: bool = field(default=False, init=False)
    _told: set[Cause] = field(default_factory=set, init=False)

    @cached_property
    def _stored(self) -> StoredContexts:
        return self.store.read()

    @property
    def _contexts(self) -> ContextSet:
        return self._stored.contexts

    @cached_property
    def _by_name(self) -> dict[str, Context]:
        # the first of a name is the one that envd finds
        return {one.name: one for one in reversed(self._contexts.contexts)}

    def read(
        self, resource: Resource | None, attributes: Attributes, record: Record | None
    ) -> Observation:
        """The context of that name."""
        del record
        notes = tuple(self._notes(attributes)) if resource is not None else ()
        found = self._by_name.get(str(attributes.get("name")))
        if found is None:
            return Absent(notes=notes)
        # Nobody made what envd has by itself, and nobody can take it away.
        nobodys = resource is None and found == OWN
        current = self._contexts.current
        return Present(
            _attributes(found, current),
            notes=notes,
            strangers=(Stranger("envd's own"),) if nobodys else (),
            rival=None if current == found.name else current,
        )

    def _notes(self, wanted: Attributes) -> Iterator[Cause]:
        """What keeps its runner from running anything; each problem is told once."""
        runner, address = wanted.get("runner"), wanted.get("runner_address")
        if not isinstance(runner, str) or isinstance(address, Unknown):
            return
        problem = self.runners.problem(runner, address)
        if problem is not None and problem not in self._told:
            self._told.add(problem)
            yield problem


def _attributes(context: Context, current: str) -> Attributes:
    return {
        "name": context.name,
        "builder": context.builder,
        "builder_address": context.builder_address,
        "runner": context.runner,
        "runner_address": context.runner_address,
        "use": context.name == current,
    }


class ContextWriter:
    """Writes the store; changes that come together are written together.

    A change of the store takes some 55 ms, because envd itself takes no lock (see envd.store).
    """

    quick = True

    def __init__(self, store: ContextStore) -> None:
        self._batch: Batch[ContextSet] = Batch(store.change)

    def write(self, change: Change, report: Reporter, cancel: Flag) -> Attributes | None:
        """Do `change`, unless the context is not as the plan saw it. Raises Conflict."""
        del report, cancel
        contexts = self._batch.change(_transform(change))
        if change.after is None:
            return None
        return {**change.after, "use": contexts.current == change.after["name"]}


def _transform(change: Change) -> Transform:
    if change.action is Action.DELETE:
        return lambda contexts: _removed(contexts, change.before or {}, change)
    return lambda contexts: _put(contexts, change)


def _put(contexts: ContextSet, change: Change) -> ContextSet:
    wanted = change.after or {}
    name = wanted["name"]
    existing = contexts.find(name)
    made = Context(
        name,
        wanted["builder"],
        wanted["builder_address"],
        wanted["runner"],
        wanted.get("runner_address"),
    )
    if existing != made:
        _check(contexts, name, change)
    current = bool(wanted.get("use"))
    if change.before is not None and change.before["name"] != name:
        if wanted.get("use") is None:
            current = contexts.current == change.before["name"]  # it stays so under its new name
        contexts = _removed(contexts, change.before, change)
    changed = contexts if existing == made else contexts.put(made)
    return changed.use(name) if current else changed


def _check(contexts: ContextSet, name: str, change: Change) -> None:
    """The context must still be as the plan saw it."""
    existing = contexts.find(name)
    before = change.before if change.before and change.before["name"] == name else None
    seen = None if existing is None else _attributes(existing, contexts.current)
    fields = ("builder", "builder_address", "runner", "runner_address")
    if (seen is None) != (before is None) or any(
        (seen or {}).get(one) != (before or {}).get(one) for one in fields
    ):
        raise Conflict(
            "Context changed since the plan was made",
            f'Context "{name}" in envd\'s store is not what the plan saw. Plan again.',
        )


def _removed(contexts: ContextSet, before: Attributes, change: Change) -> ContextSet:
    """Without it; envd needs a current context, so another one takes its place."""
    name = before["name"]
    if contexts.find(name) is None:
        return contexts
    _check(contexts, name, change)
    left = contexts.remove(name)
    if not left.contexts:
        return DEFAULT
    if left.current != name:
        return left
    return left.use("default" if left.find("default") else left.contexts[0].name)
