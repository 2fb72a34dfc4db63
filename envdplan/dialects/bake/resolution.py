"""Everything that bake files say, resolved: targets and groups."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from envdplan.dialects.bake import groups as grouping
from envdplan.dialects.bake.groups import Group
from envdplan.dialects.bake.inheritance import Resolved
from envdplan.dialects.bake.placed import Placed
from envdplan.language.evaluation.problems import suggestion


@dataclass(frozen=True, slots=True)
class Resolution:
    """Targets by name, and the groups over them."""

    targets: Mapping[str, Resolved] = field(default_factory=dict)
    """Those that were asked for, then those that they are linked to."""
    groups: Mapping[str, Group] = field(default_factory=dict)
    linked: frozenset[str] = frozenset()
    """Targets that are there only because others take them as contexts."""
    inherited: frozenset[str] = frozenset()
    """Targets that others inherit from."""
    asked: tuple[str, ...] = ()
    """The names of targets and groups that were asked for."""


def named(wanted: Iterable[str], known: tuple[str, ...]) -> tuple[str, ...]:
    """Names as bake takes them: a dot stands for an underscore, and patterns for what they fit.

    Raises ValueError for a name or pattern that means nothing.
    """
    names: dict[str, None] = {}
    for text in wanted:
        name = text.replace(".", "_")
        pattern = name not in known and any(sign in name for sign in "*?[]")
        found = grouping.matching(name, dict.fromkeys(known)) if pattern else [name]
        found = [one for one in found if one in known]
        if not found:
            raise ValueError(f'There is no target or group "{name}".{suggestion(name, known)}')
        names.update(dict.fromkeys(found))
    return tuple(names)


def requested(
    names: Iterable[str], groups: Mapping[str, Group]
) -> tuple[dict[str, Placed | None], dict[str, Group]]:
    """The targets and groups that `names` mean; a target of no group has no place."""
    targets: dict[str, Placed | None] = {}
    used: dict[str, Group] = {}
    for name in names:
        if name in groups:
            found, seen = grouping.members(name, groups)
            targets = {**targets, **{one.value: one for one in found}}
            used.update({one: groups[one] for one in seen})
        else:
            targets.setdefault(name, None)
    return targets, used
