"""Problems: what the user can mend is data (Diagnostic), the rest is an exception.

EnvdplanError                 anything that ends a command with exit code 1
 +- Rejected                  the user's problems, as Diagnostics (raised once, in workflow)
 +- Conflict                  the world is not as the plan, lock or state says: plan again
 +- CorruptFile               a store, state or plan file that cannot be read; says how to mend it
 +- Unreachable               a daemon, registry or cluster that does not answer
 +- Refused                   a daemon, registry or cluster that answers no (or an unsafe request)
 +- Interrupted               the user asked to stop
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import ClassVar

from envdplan.ground.source import SourceRange


class Severity(StrEnum):
    """Errors stop the command after the stage that found them; warnings never do."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One problem. `summary` holds no names of the user's; `detail` is full sentences:
    what is wrong, why it matters, what to do.
    """

    severity: Severity
    summary: str
    detail: str
    range: SourceRange | None = None
    address: str | None = None
    """The resource it is about, as text, where there is one."""
    addresses: tuple[str, ...] = ()
    """All of them, where there are several."""


@dataclass(slots=True)
class Diagnostics:
    """The problems of a stage, in the order found; `sorted` gives the order of the files."""

    items: list[Diagnostic] = field(default_factory=list)

    def error(
        self,
        summary: str,
        detail: str,
        range: SourceRange | None = None,
        address: str | None = None,
    ) -> None:
        """Add an error."""
        self.items.append(Diagnostic(Severity.ERROR, summary, detail, range, address))

    def warn(
        self,
        summary: str,
        detail: str,
        range: SourceRange | None = None,
        address: str | None = None,
    ) -> None:
        """Add a warning."""
        self.items.append(Diagnostic(Severity.WARNING, summary, detail, range, address))

    def extend(self, others: Iterable[Diagnostic], address: str | None = None) -> None:
        """Add all of `others`; those without an address get this one."""
        for one in others:
            self.items.append(one if one.address or not address else replace(one, address=address))

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    @property
    def has_errors(self) -> bool:
        """Whether any is an error."""
        return any(one.severity is Severity.ERROR for one in self.items)

    def joined(self) -> "Diagnostics":
        """Those that say the same of several resources as one, at the place of the first."""
        found: dict[tuple[object, ...], Diagnostic] = {}
        for number, one in enumerate(self.items):
            key = (one.severity, one.summary, one.detail) if one.address else (number,)
            first = found.setdefault(key, one)
            names = dict.fromkeys((*(first.addresses or (first.address,)), one.address))
            if one.address and len(names) > 1:
                found[key] = replace(first, addresses=tuple(name for name in names if name))
        return Diagnostics([*found.values()])

    def sorted(self) -> list[Diagnostic]:
        """Errors and warnings as they stand in the files; those without a place come last."""
        return sorted(dict.fromkeys(self.items), key=_place)


def suggestion(name: str, candidates: Iterable[str], before: str = "") -> str:
    """` Did you mean "x"?`, or "" when nothing is near; `before` is put before the name."""
    near = nearest(name, candidates)
    return "" if near is None else f' Did you mean "{before}{near}"?'


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `name` looks like, letters in the wrong order too; None without any."""
    from difflib import get_close_matches  # only a mistake needs it

    names = list(candidates)
    near = get_close_matches(name, names, n=1, cutoff=0.6)
    near += [one for one in names if sorted(one) == sorted(name)]
    return near[0] if near else None


def _place(one: Diagnostic) -> tuple[bool, str, int, int]:
    if one.range is None:
        return (True, "", 0, 0)
    return (False, one.range.file.name, one.range.start.line, one.range.start.column)


class EnvdplanError(Exception):
    """Root of what ends a command. `summary` is one line; `detail` says what to do."""

    is_about_a_secret: ClassVar[bool] = False
    """Whether the line that it is about must not be shown."""

    def __init__(self, summary: str, detail: str = "") -> None:
        super().__init__(f"{summary}\n{detail}" if detail else summary)
        self.summary = summary
        self.detail = detail


def _placed(one: Diagnostic) -> str:
    return one.detail if one.range is None else f"{one.range}: {one.detail}"


class Rejected(EnvdplanError):
    """The configuration, variables or flags are wrong; `diagnostics` says where and why."""

    def __init__(self, diagnostics: Diagnostics) -> None:
        summary = "; ".join(dict.fromkeys(one.summary for one in diagnostics))
        super().__init__(summary, " ".join(map(_placed, diagnostics)))
        self.diagnostics = diagnostics


class Conflict(EnvdplanError):
    """The world is not as the plan, the lock or the state says."""


class CorruptFile(EnvdplanError):
    """A file of ours or of envd's that cannot be read; nothing was changed."""


class Unreachable(EnvdplanError):
    """No answer: says nothing about whether the thing exists."""


class Refused(EnvdplanError):
    """A definite no from the other side, or a request that we must not fulfil."""


class Interrupted(EnvdplanError):
    """The user asked to stop."""
