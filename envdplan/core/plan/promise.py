"""Apply does what the plan said or refuses: what was known then must be the same now."""

from collections.abc import Iterator, Mapping
from typing import Final

from envdplan.core.plan.changes import Change
from envdplan.ground.addresses import Kind
from envdplan.ground.diagnostics import Conflict, EnvdplanError
from envdplan.ground.values import (
    AttributePath,
    Attributes,
    Sensitive,
    Unknown,
    Value,
    is_known,
    reveal,
    walk,
)


def check_promise(change: Change, resolved: Attributes, *, early: bool = False) -> Attributes:
    """The attributes to apply: as planned, with what was unknown filled in from `resolved`.

    While it is `early`, what is not known yet breaks no promise. Raises Conflict when an attribute
    that the plan showed has another value by now.
    """
    planned = change.after or {}
    open_kinds = (Unknown,) if early else ()
    paths = _broken((), planned, {**planned, **resolved}, open_kinds)
    broken = [".".join(map(str, path)) for path in paths]
    others = () if change.seal is None else change.seal.others(hidden_values(resolved))
    broken += [f"{name} (sensitive)" for name in others]
    if broken:
        remedy = ", or give the values that it was made with" if others else ""
        names = ", ".join(broken)
        raise Conflict(
            "Configuration differs from the plan",
            f"{change.address}: {names} changed since the plan was made, so the plan no longer "
            f"says what would happen. Plan again{remedy}.",
        )
    return {**planned, **resolved}


_MAY_ROTATE: Final = frozenset({"secret", "ssh", "connection"})
"""What lets a build be made, and shall not change its result: a token may live for an hour."""


def hidden_values(attributes: Attributes) -> Mapping[str, Value]:
    """The plain values of what is sensitive, by their names: `args.TOKEN`."""
    return {
        ".".join(map(str, path)): reveal(value)
        for path, value in walk(attributes)
        if isinstance(value, Sensitive) and path[0] not in _MAY_ROTATE and is_known(value)
        if value != Sensitive(None)
    }


def check_known(change: Change, resolved: Attributes) -> None:
    """Raises EnvdplanError for what no step before has told: nothing may stand in its place.

    A build finds out itself which of its inputs it needs.
    """
    names = [name for name, value in resolved.items() if not is_known(value)]
    if names and change.address.kind is not Kind.BUILD:
        raise EnvdplanError(
            "Value is still unknown",
            f"{change.address} needs {', '.join(names)}, and nothing before it in this apply has "
            "told that. Plan again.",
        )


def _broken(
    path: AttributePath, planned: Value, now: Value, open_kinds: tuple[type, ...]
) -> Iterator[AttributePath]:
    if isinstance(planned, Unknown | Sensitive) or isinstance(now, open_kinds):
        return
    if isinstance(planned, dict) and isinstance(now, dict):
        for key in sorted({*planned, *now}, key=str):
            yield from _broken((*path, key), planned.get(key), now.get(key), open_kinds)
    elif isinstance(planned, tuple) and isinstance(now, tuple) and len(planned) == len(now):
        for index, (one, other) in enumerate(zip(planned, now, strict=True)):
            yield from _broken((*path, index), one, other, open_kinds)
    elif planned != now:
        yield path
