"""Two attribute mappings in, differences out: by name, and no further down than helps."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from envdplan.core.plan.changes import Difference
from envdplan.core.plan.reasons import Code, Reason, Turn
from envdplan.core.state.recorded import Record
from envdplan.ground.addresses import Address
from envdplan.ground.attributes import Compared
from envdplan.ground.schema import Catalog, ResourceType
from envdplan.ground.values import AttributePath, Attributes, Sensitive, Value, is_known, reveal


def differences(
    type: ResourceType, before: Attributes, after: Attributes
) -> tuple[Difference, ...]:
    """How `after` (desired) differs from `before` (observed), for the attributes that count."""
    found: list[Difference] = []
    for name in planned_names(type):
        compared = type.compared(name)
        wanted, actual = after.get(name), before.get(name)
        if wanted is None and compared is Compared.IF_GIVEN:
            continue
        found.extend(_compare((name,), actual, wanted, compared))
    return tuple(found)


def elsewhere(type: ResourceType, record: Record, wanted: Attributes) -> tuple[Difference, ...]:
    """Where what is recorded differs in its name, or in where it is, from what is wanted.

    Such a thing is found only as it was recorded. Nothing of what others made.
    """
    recorded = record.attributes
    if record.type != type.name or type.borrowed(recorded):
        return ()
    known = [name for name in _places(type) if name in recorded or not record.begun]
    found = (
        one
        for name in known
        for one in _compare((name,), recorded.get(name), wanted.get(name), type.compared(name))
    )
    return tuple(one for one in found if one.forces_replacement and is_known(one.after))


def why_elsewhere(type: ResourceType, found: Iterable[Difference]) -> Reason | None:
    """Which name or place changes; None when none does."""
    places = _places(type)
    moved = [one for one in found if one.path[0] in places]
    return _about(Code.PLACE_CHANGED, moved) if moved else None


def _places(type: ResourceType) -> tuple[str, ...]:
    return type.names(lambda one: one.place)


def why_replaced(type: ResourceType, found: Iterable[Difference]) -> Reason:
    """Why no change in place will do, where one of `found` says so."""
    fixed = [one for one in found if one.forces_replacement]
    return why_elsewhere(type, found) or _about(Code.ATTRIBUTE_FIXED, fixed)


def _about(code: Code, found: Iterable[Difference]) -> Reason:
    """A reason that is about several attributes: `before` and `after` have each by its name."""
    named = {".".join(map(str, one.path)): one for one in found}
    before = {name: one.before for name, one in named.items()}
    after = {name: one.after for name, one in named.items()}
    return Reason(code, "attribute", ", ".join(named), Turn.CHANGED, before, after)


def why_updated(found: Iterable[Difference], consequence: str) -> tuple[Reason, ...]:
    """A reason for each difference; the last one says what the change means for the thing."""
    *first, last = (
        Reason(
            Code.ATTRIBUTE_CHANGED,
            "attribute",
            ".".join(map(str, one.path)),
            Turn.of(one.before, one.after),
            one.before,
            one.after,
        )
        for one in found
    )
    return (*first, replace(last, detail=consequence))


def identity(
    catalog: Catalog, address: Address, type: str, attributes: Attributes
) -> tuple[object, ...]:
    """What a resource is in the world, whatever its block is called.

    A type that this version does not have: nothing is known to be the same thing.
    """
    described = catalog.get(address.kind, type)
    if described is None:
        return (address,)
    names = described.names(lambda one: one.identity)
    return (address.kind, type, *(attributes.get(name) for name in names))


def planned_names(type: ResourceType) -> Iterator[str]:
    """The attributes that are compared with what is live."""
    return iter(type.names(lambda one: not one.computed and one.compared is not Compared.NEVER))


def drifted(
    type: ResourceType, recorded: Attributes, observed: Attributes
) -> tuple[Difference, ...]:
    """How what is live differs from what was recorded, computed attributes left out."""
    names = (name for name in planned_names(type) if name in recorded and name in observed)
    return tuple(_all(names, recorded, observed, type))


def _all(
    names: Iterable[str], before: Attributes, after: Attributes, type: ResourceType
) -> Iterator[Difference]:
    for name in names:
        yield from _compare((name,), before[name], after[name], type.compared(name))


def _compare(
    path: AttributePath, before: Value, after: Value, compared: Compared
) -> Iterator[Difference]:
    if _same(before, after):
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}, key=str):
            yield from _compare((*path, key), before.get(key), after.get(key), compared)
        return
    yield Difference(path, before, after, compared is Compared.REPLACES)


def _same(before: Value, after: Value) -> bool:
    if before is after or before == Sensitive(None):
        return True  # the state leaves secrets out, so it cannot tell that they changed
    return bool(_plain(before) == _plain(after))


def _plain(value: Value) -> Value:
    """Without marks, and with empty collections and null alike: live things tell no difference."""
    revealed = reveal(value)
    if isinstance(revealed, Mapping):
        return {key: _plain(item) for key, item in revealed.items() if item is not None} or None
    if isinstance(revealed, tuple | list):
        return tuple(_plain(item) for item in revealed) or None
    return revealed
