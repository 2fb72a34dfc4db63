"""What builds wrote to this machine: is it still what they made?

A file is known by its size and time. A folder may hold more than the build's own files, so that
these are listed, and their content counts; the list lies beside the state, like those of inputs.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from envdplan.core.plan.inputs import entries_digest
from envdplan.core.state.observed import Input, Strayed
from envdplan.core.state.recorded import TREE
from envdplan.resources.builds.sources import Sources

_FOLDER = "directory"
"""The signature of a folder of which nobody knows what the build wrote there."""


@dataclass(frozen=True, slots=True)
class Result:
    """What lies at a destination now."""

    signature: str | None
    """None when there is nothing."""
    strayed: tuple[Strayed, ...] = ()
    """What of a folder is not as the build made it."""


@dataclass(frozen=True, slots=True)
class Results:
    """Looks at destinations; files that did not change since are not read again."""

    sources: Sources

    def made(
        self, path: str, written: Iterable[str] | None, keep: Callable[[str, Iterable[Input]], None]
    ) -> str | None:
        """The signature of what was written just now; the list behind it goes to `keep`."""
        if written is None or not Path(path).is_dir():
            return _plain(path)
        entries = self._entries(path, written)
        digest = entries_digest(entries)
        keep(digest, entries)
        return f"{TREE}{digest}"

    def now(
        self, path: str, recorded: str, read: Callable[[str], tuple[Input, ...] | None]
    ) -> Result:
        """What lies there now, beside what was `recorded`; `read` gives lists by digest."""
        if not recorded.startswith(TREE) or not Path(path).is_dir():
            return Result(_plain(path))
        former = read(recorded.removeprefix(TREE))
        if former is None:
            return Result(recorded)  # the list is lost: that the folder is there has to do
        entries = self._entries(path, (one.name for one in former))
        return Result(f"{TREE}{entries_digest(entries)}", tuple(_strayed(former, entries)))

    def _entries(self, path: str, names: Iterable[str]) -> tuple[Input, ...]:
        from envdplan.clients.buildkit.tree.digest import listed

        return tuple(Input(*one) for one in listed(path, names, self.sources.cache(path)))


def _strayed(former: Iterable[Input], now: Iterable[Input]) -> Iterator[Strayed]:
    found = {one.name: one for one in now}
    for one in former:
        if one.name not in found:
            yield Strayed(one.name, gone=True)
        elif found[one.name] != one:
            yield Strayed(one.name)


def _plain(path: str) -> str | None:
    """Size and time of a file; None if it is gone."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return _FOLDER if Path(path).is_dir() else f"{found.st_size} bytes, {found.st_mtime_ns}"
