"""`ignore_changes`: parts of a resource that stay as they are, whatever the configuration says."""

from collections.abc import Mapping
from typing import Final

from envdplan.ground.values import AttributePath, Attributes, Sensitive, Value

_NEVER: Final = frozenset({"connection"})
"""How a builder is reached is no matter of taste."""


def let_be(
    wanted: Attributes, ignored: tuple[AttributePath, ...], kept: Attributes | None
) -> Attributes:
    """`wanted` with the `ignored` parts as `kept` has them; the empty path means all of it."""
    if not ignored or kept is None:
        return wanted
    if () in ignored:
        ignored = tuple((name,) for name in {*wanted, *kept} - _NEVER)
    found: Value = wanted
    for path in ignored:
        found = _with(found, path, kept)
    return dict(found)


def _with(wanted: Value, path: AttributePath, kept: Value) -> Value:
    """`wanted` with one part from `kept`; what neither has, or nobody may see, is let be."""
    if not isinstance(wanted, Mapping) or not isinstance(kept, Mapping):
        return wanted
    step, rest = path[0], path[1:]
    if rest:
        inner = _with(wanted.get(step) or {}, rest, kept.get(step) or {})
        return {**wanted, step: inner} if inner or step in wanted else wanted
    if step not in kept:
        return {name: one for name, one in wanted.items() if name != step}
    return wanted if kept[step] == Sensitive(None) else {**wanted, step: kept[step]}
