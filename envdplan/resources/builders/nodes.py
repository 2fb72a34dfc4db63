"""Builders of several nodes: each block `node "LABEL"` is a daemon of its own, on another machine
or for another platform. What a node does not say, the builder says for all.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from threading import Event as Flag
from typing import TYPE_CHECKING, Any, Final

from envdplan.core.engine.protocols import Reporter
from envdplan.core.plan.compare import differences, planned_names
from envdplan.core.state.observed import Absent, Observation, Present, Stranger, Unreachable
from envdplan.ground.addresses import Address
from envdplan.ground.attributes import Attribute, JsonSchema, published
from envdplan.ground.schema import Problem, ResourceType
from envdplan.ground.values import Attributes, Value
from envdplan.resources.builders.base import Driver, Lifecycle, Surroundings, Undeclared
from envdplan.resources.builders.ownership import Claim

if TYPE_CHECKING:
    from envdplan.clients.buildkit.client import BuildKit

_PLATFORMS: Final[JsonSchema] = {
    "type": "array",
    "items": {"type": "string"},
    "description": "Platforms that are built on it (default: those that it offers)",
}
_ALWAYS: Final = ("name", "address")
"""Attributes that every node has of its own, given or derived."""


def with_nodes(one: Driver) -> Driver:
    """`one` with `node` blocks."""
    return Driver(_type(one.type), _maker(one), one.from_address)


def _maker(one: Driver) -> Callable[[Surroundings], Lifecycle]:
    return lambda surroundings: Nodes(one.lifecycle(surroundings), one.type)


def _type(type: ResourceType) -> ResourceType:
    own = {name: one for name, one in type.attributes.items() if not one.computed}
    without = {
        name: {word: one for word, one in schema.items() if word != "default"}
        for name, schema in published(own).items()
    }
    node = Attribute(
        "One daemon of several; takes the builder's attributes, and platforms",
        {
            "type": "object",
            "x-labels": True,
            "additionalProperties": {
                "type": "object",
                "additionalProperties": False,
                "properties": {**without, "platforms": _PLATFORMS},
            },
        },
        connection=True,
    )
    return replace(
        type,
        attributes={**type.attributes, "node": node},
        required=(),
        derive=lambda attributes: _derive(type, attributes),
        problems=lambda attributes: _problems(type, type.required, attributes),
    )


def _derive(type: ResourceType, attributes: Attributes) -> Attributes:
    """Each node with its own name and address; the builder has the first one's address."""
    nodes = attributes.get("node")
    if not isinstance(nodes, Mapping) or not nodes:
        return type.derive(attributes)
    found = {label: _node(type, attributes, label) for label in nodes}
    first = next(iter(found.values()))
    return {**type.derive(attributes), "node": found, "address": first.get("address")}


def _node(type: ResourceType, attributes: Attributes, label: str) -> Attributes:
    given = attributes["node"][label]
    derived = type.derive(merged(attributes, label))
    kept = {name: derived.get(name) for name in (*given, *_ALWAYS) if name in derived}
    return {**kept, **({"platforms": given["platforms"]} if given.get("platforms") else {})}


def merged(attributes: Attributes, label: str) -> Attributes:
    """All attributes of one node."""
    shared = {name: value for name, value in attributes.items() if name != "node"}
    own = {k: v for k, v in attributes["node"][label].items() if v is not None}
    named = {**shared, "name": f"{attributes.get('name')}-{label}", **own}
    return {k: v for k, v in named.items() if k != "platforms"}


def _problems(
    type: ResourceType, needed: tuple[str, ...], attributes: Attributes
) -> Iterator[Problem]:
    """What a type needs may stand in each node instead."""
    nodes = attributes.get("node") or {}
    for name in needed:
        told = type.attributes[name].about
        if nodes:
            lacking = [label for label, one in nodes.items() if one.get(name) is None]
            if lacking and attributes.get(name) is None:
                detail = f'"{name}" must be set in each node; {", ".join(lacking)} has none.'
                yield ("node",), "Missing attribute", detail
        elif attributes.get(name) is None:
            yield (name,), "Missing attribute", f'"{name}" must be set ({told}).'
    yield from type.problems(attributes)


@dataclass(frozen=True, slots=True)
class Nodes:
    """The lifecycle of builders with nodes; one without is the inner lifecycle's alone."""

    inner: Lifecycle
    type: ResourceType

    def read(self, address: Address, attributes: Attributes) -> Observation:
        """See Lifecycle. Some nodes that are missing are a difference, all are an absence."""
        if not attributes.get("node"):
            return self.inner.read(address, attributes)
        labels = list(attributes["node"])
        seen = {one: self.inner.read(address, merged(attributes, one)) for one in labels}
        for label, one in seen.items():
            if isinstance(one, Unreachable):
                return Unreachable(f"node {label}: {one.reason}", one.told)
        if all(isinstance(one, Absent) for one in seen.values()):
            remains = any(isinstance(one, Absent) and one.remains for one in seen.values())
            return Absent(remains=remains)
        live = {label: one for label, one in seen.items() if isinstance(one, Present)}
        ours = all(one.ours for one in live.values())
        return Present(self._joined(attributes, live), ours=ours, strangers=_strangers(live))

    def look(self, builder: Undeclared) -> Observation:
        """See Lifecycle. It runs when each of its nodes does; one that is not there is told."""
        reach = builder.reach
        if not reach.get("node"):
            return self.inner.look(builder)
        seen = {one: self.inner.look(Undeclared(merged(reach, one))) for one in reach["node"]}
        for label, one in seen.items():
            if isinstance(one, Unreachable):
                return Unreachable(f"node {label}: {one.reason}", one.told)
        live = {label: one for label, one in seen.items() if isinstance(one, Present)}
        if not live:
            return Absent()
        found = _computed(reach, {label: one.attributes for label, one in live.items()})
        gone = [label for label in seen if label not in live]
        seen_as = {**found, "status": f"without {', '.join(gone)}"} if gone else found
        return Present(seen_as, strangers=_strangers(live))

    def _joined(self, wanted: Attributes, live: Mapping[str, Present]) -> dict[str, Value]:
        """As one builder: what any node has otherwise than wanted is what it has."""
        found = dict(wanted)
        own = {name for one in wanted["node"].values() for name in one}
        for one in live.values():
            for name in planned_names(self.type):
                if name not in own and found.get(name) == wanted.get(name):
                    found[name] = one.attributes.get(name)
        found["node"] = {
            label: _as_given(wanted["node"][label], one.attributes) for label, one in live.items()
        }
        return {**found, **_computed(wanted, {k: v.attributes for k, v in live.items()})}

    def create(
        self, claim: Claim, attributes: Attributes, report: Reporter, cancel: Flag
    ) -> Attributes:
        """See Lifecycle: all nodes or none."""
        if not attributes.get("node"):
            return self.inner.create(claim, attributes, report, cancel)
        made: dict[str, Attributes] = {}
        try:
            for label in attributes["node"]:
                report(f"node {label}")
                one = merged(attributes, label)
                made[label] = self.inner.create(claim, one, report, cancel)
        except BaseException:
            for one in made.values():
                self.inner.delete(claim, one, report, Flag())
            raise
        return {**attributes, **_computed(attributes, made)}

    def update(
        self,
        claim: Claim,
        before: Attributes,
        after: Attributes,
        report: Reporter,
        cancel: Flag,
    ) -> Attributes:
        """See Lifecycle: one node after the other, and only those that differ."""
        if not after.get("node") and not before.get("node"):
            return self.inner.update(claim, before, after, report, cancel)
        former = self._parts(before)
        wanted = self._parts(after)
        now: dict[str, Attributes] = {}
        for label, one in wanted.items():
            report(f"node {label}")
            now[label] = self._bring(claim, one, report, cancel)
        for label, one in former.items():
            if label not in wanted:
                self.inner.delete(claim, one, report, cancel)
        return {**after, **_computed(after, now)} if after.get("node") else now[""]

    def _parts(self, attributes: Attributes) -> dict[str, Attributes]:
        nodes = attributes.get("node") or {}
        return {one: merged(attributes, one) for one in nodes} if nodes else {"": attributes}

    def _bring(
        self, claim: Claim, wanted: Attributes, report: Reporter, cancel: Flag
    ) -> Attributes:
        live = self.inner.read(claim.address, wanted)
        if isinstance(live, Present):
            if not differences(self.type, live.attributes, wanted):
                return live.attributes
            return self.inner.update(claim, live.attributes, wanted, report, cancel)
        return self.inner.create(claim, wanted, report, cancel)

    def delete(self, claim: Claim, attributes: Attributes, report: Reporter, cancel: Flag) -> None:
        """See Lifecycle."""
        for one in self._parts(attributes).values():
            self.inner.delete(claim, one, report, cancel)

    def stop(self, attributes: Attributes) -> None:
        """See Lifecycle."""
        for one in self._parts(attributes).values():
            self.inner.stop(one)

    def start(self, attributes: Attributes, report: Reporter, cancel: Flag) -> None:
        """See Lifecycle."""
        for one in self._parts(attributes).values():
            self.inner.start(one, report, cancel)

    def logs(self, attributes: Attributes, lines: int) -> str:
        """See Lifecycle."""
        parts = self._parts(attributes)
        if "" in parts:
            return self.inner.logs(attributes, lines)
        return "".join(f"== {k}\n{self.inner.logs(v, lines)}" for k, v in parts.items())

    def connect(self, attributes: Attributes) -> "BuildKit":
        """See Lifecycle: the node that `at` names, else the first."""
        nodes = attributes.get("node")
        if not nodes:
            return self.inner.connect(attributes)
        label = str(attributes.get("at") or next(iter(nodes)))
        return self.inner.connect(merged(attributes, label))


def _strangers(live: Mapping[str, Present]) -> tuple[Stranger, ...]:
    return tuple(stranger for one in live.values() for stranger in one.strangers)


def _as_given(given: Attributes, live: Attributes) -> Attributes:
    """A live node in the words of its block."""
    found = {name: live.get(name) for name in given if name != "platforms"}
    if given.get("platforms"):
        found["platforms"] = given["platforms"]
    return found


def _computed(wanted: Attributes, live: Mapping[str, Attributes]) -> dict[str, Value]:
    """Computed attributes of all nodes together; a node offers what its block says, if it does."""
    offered: dict[str, tuple[str, ...]] = {
        label: tuple(wanted["node"][label].get("platforms") or one.get("platforms") or ())
        for label, one in live.items()
    }
    first: Mapping[str, Any] = next(iter(live.values()))
    platforms = tuple(dict.fromkeys(name for one in offered.values() for name in one))
    can = dict(first.get("capabilities") or {})
    found: dict[str, Value] = {
        "version": first.get("version"),
        "platforms": platforms,
        "workers": tuple(id for one in live.values() for id in one.get("workers") or ()),
        "capabilities": {**can, "platforms": platforms, "nodes": offered},
    }
    if "status" in first:
        states = [one.get("status") for one in live.values() if one.get("status") != "running"]
        found["status"] = states[0] if states else "running"
    return found
