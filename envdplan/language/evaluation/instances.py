"""for_each: one block, many resources; what `each` and `self` are in it."""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from envdplan.ground.addresses import Address
from envdplan.ground.source import SourceRange
from envdplan.ground.values import Sensitive, SetValue, Unknown, Value, is_known
from envdplan.language.configuration.config import Declared
from envdplan.language.evaluation.context import Context, Scope
from envdplan.language.evaluation.problems import EvaluationError, NameUnknown, failure
from envdplan.language.syntax.document import Body, Expression
from envdplan.language.types.marks import examine

FOR_EACH = "for_each"


@dataclass(frozen=True, slots=True)
class Inner:
    """A scope with more names before those of the configuration."""

    names: Mapping[str, Value]
    outer: Scope

    def lookup(self, name: str) -> Value:
        """See Scope."""
        if name in self.names:
            return self.names[name]
        try:
            return self.outer.lookup(name)
        except NameUnknown as error:
            raise NameUnknown(name, (*error.candidates, *self.names)) from None


@dataclass(slots=True)
class Own:
    """`self`: the attributes that the block itself declares, each evaluated when asked for."""

    body: Body
    value: Callable[[Expression], Value]
    _known: dict[str, Value] = field(default_factory=dict)
    _busy: list[str] = field(default_factory=list)

    def attribute(self, name: str) -> Value:
        """See Namespace."""
        if name in self._known:
            return self._known[name]
        attribute = self.body.attributes.get(name)
        if attribute is None:
            raise NameUnknown(name, tuple(self.body.attributes))
        if name in self._busy:
            raise self._cycle(self._busy[self._busy.index(name) :])
        self._busy.append(name)
        try:
            self._known[name] = self.value(attribute.expression)
        finally:
            self._busy.pop()
        return self._known[name]

    def names(self) -> Iterable[str]:
        """See Namespace."""
        return self.body.attributes

    def _cycle(self, names: list[str]) -> EvaluationError:
        """Told from the attribute that stands first, so that each cycle is told once."""
        first = next(one for one in self.body.attributes if one in names)
        at = names.index(first)
        drawn = " -> ".join(f"self.{one}" for one in (*names[at:], *names[:at], first))
        detail = f"These attributes refer to each other: {drawn}. Take out one of the references."
        return failure("Reference cycle", detail, self.body.attributes[first].range)


@dataclass(frozen=True, slots=True)
class Instance:
    """One resource of a block; `each` is None where the block has no for_each."""

    address: Address
    each: Mapping[str, Value] | None = None

    def context(self, base: Context, own: Value) -> Context:
        """What expressions of its block see; `own` is what they call `self`."""
        names = {"self": own} if self.each is None else {"self": own, "each": self.each}
        return replace(base, scope=Inner(names, base.scope), place=str(self.address))

    @property
    def is_settled(self) -> bool:
        """Whether nothing that becomes known later can change it."""
        return self.each is None or is_known(self.each["value"])

    @property
    def default_name(self) -> str:
        """What it is called in the world, where its block does not say."""
        if self.address.key is None:
            return self.address.name
        return re.sub(r"[^A-Za-z0-9_.-]+", "-", f"{self.address.name}-{self.address.key}")


def expand(
    block: Declared, address: Address, value: Callable[[Expression], Value]
) -> tuple[Instance, ...]:
    """The instances of a block, by key. Raises EvaluationError."""
    attribute = block.body.attributes.get(FOR_EACH)
    if attribute is None:
        return (Instance(address),)
    given = value(attribute.expression)
    pairs = _pairs(given, attribute.expression.range)
    return tuple(
        Instance(replace(address, key=key), {"key": key, "value": one})
        for key, one in sorted(pairs.items())
    )


def _pairs(given: Value, place: SourceRange) -> dict[str, Value]:
    known, sensitive = examine(given)
    if sensitive and (isinstance(given, Sensitive) or not isinstance(given, Mapping)):
        raise _wrong("Keys of resources are shown everywhere, so they cannot be sensitive.", place)
    if isinstance(given, Unknown):
        raise _wrong(
            "It is known only after apply, but the keys must be known before. Use keys that "
            "the configuration itself states; values may be unknown.",
            place,
        )
    if isinstance(given, Mapping):
        return dict(given)
    if isinstance(given, SetValue):
        if not known or any(not isinstance(one, str) for one in given):
            raise _wrong("A set for for_each holds known strings only.", place)
        return {str(one): one for one in given}
    raise _wrong(
        "It takes a map, an object or a set of strings; for a list of strings write toset(...).",
        place,
    )


def _wrong(detail: str, place: SourceRange) -> EvaluationError:
    return failure("Invalid for_each argument", detail, place)
