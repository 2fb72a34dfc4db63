"""What could not be found out: one message for each cause, not for each resource it hinders."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from envdplan.core.plan.changes import Action, Change
from envdplan.core.plan.wording import words
from envdplan.core.state.desired import Resource
from envdplan.core.state.observed import NOT_ASKED, Cause
from envdplan.ground.addresses import Address
from envdplan.ground.diagnostics import Diagnostic, Severity
from envdplan.ground.source import SourceRange

_SHOWN: Final = 5
"""So many names stand in a text; all of them are in `addresses`."""


@dataclass(slots=True)
class _Gap:
    cause: Cause
    deferred: list[Address] = field(default_factory=list)
    kept: list[Address] = field(default_factory=list)
    """What is recorded is believed for these."""
    names: list[str] = field(default_factory=list)
    """The images that are not known."""
    places: list[SourceRange] = field(default_factory=list)
    noted: list[Address] = field(default_factory=list)
    """It is trouble near these, and hinders nothing of the plan."""


def gaps(
    changes: Iterable[Change], notes: Iterable[tuple[Cause, Resource]] = ()
) -> Iterator[Diagnostic]:
    """An error for each cause for which something is deferred, a warning for any other."""
    found: dict[tuple[str, str], _Gap] = {}
    for change in changes:
        if change.action is Action.DEFER:
            cause = change.cause or _cause(change)
            found.setdefault(cause.key, _Gap(cause)).deferred.append(change.address)
        for name, cause in change.kept:
            gap = found.setdefault(cause.key, _Gap(cause))
            gap.names.append(name)
            if change.address not in gap.kept:
                gap.kept.append(change.address)
    for cause, resource in notes:
        gap = found.setdefault(cause.key, _Gap(cause))
        gap.noted.append(resource.address)
        gap.places += [resource.range] if resource.range else []
    return (_told(one) for one in found.values() if one.cause.key != NOT_ASKED.key)


def _cause(change: Change) -> Cause:
    """Of a plan that an earlier version saved."""
    return Cause("Not everything can be looked at", words(change.reasons[0]))


def names(things: Iterable[object]) -> str:
    """`a, b and c`; of many only the first."""
    texts = [str(one) for one in things]
    if len(texts) > _SHOWN + 1:
        texts = [*texts[:_SHOWN], f"{len(texts) - _SHOWN} more"]
    *first, last = texts
    return f"{', '.join(first)} and {last}" if first else last


def _told(gap: _Gap) -> Diagnostic:
    about = (*gap.deferred, *gap.kept) or gap.noted
    addresses = tuple(dict.fromkeys(map(str, about)))
    return Diagnostic(
        Severity.ERROR if gap.deferred else Severity.WARNING,
        gap.cause.summary,
        " ".join(_sentences(gap)),
        gap.places[0] if gap.places and not gap.deferred else None,
        addresses[0] if len(addresses) == 1 else None,
        addresses if len(addresses) > 1 else (),
    )


def _sentences(gap: _Gap) -> Iterator[str]:
    yield gap.cause.detail
    if gap.deferred:
        left = "they are left out" if len(gap.deferred) > 1 else "it is left out"
        yield f"So {names(gap.deferred)} cannot be decided: {left}."
    if gap.kept:
        verb = "exist" if len(gap.names) > 1 else "exists"
        yield (
            f"Whether {names(gap.names)} {verb} could not be found out; the record of "
            f"{names(gap.kept)} is used."
        )
    if gap.noted and not gap.deferred:
        yield (
            f"Until then envd starts no environments on the runner of {names(gap.noted)}. "
            "Builds do not need it."
        )
