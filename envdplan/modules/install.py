"""Installs packages, each as a whole, and holds what comes against the lock file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from envdplan.ground.diagnostics import Conflict, EnvdplanError
from envdplan.modules import index, lockfile
from envdplan.modules.events import Outcome
from envdplan.modules.fetch import fetch
from envdplan.modules.index import Package, folder_name
from envdplan.modules.lockfile import Locked
from envdplan.modules.place import LOCK, folder_of_ours, put_folder, remove, room
from envdplan.modules.source import Remote
from envdplan.modules.treesum import tree_checksum


@dataclass(frozen=True, slots=True)
class Installation:
    """A package in its place, what was done to get it there, and what was locked before."""

    folder: Path
    outcome: Outcome
    locked: Locked
    former: Locked | None


class Installer:
    """Installs what one project needs, into `folder`. Nobody else may do so meanwhile."""

    def __init__(
        self, project: Path, environment: Mapping[str, str], *, upgrade: bool = False
    ) -> None:
        self.folder = project / index.FOLDER
        self._project = project
        self._environment = environment
        self._upgrade = upgrade
        self._before = lockfile.read(project)
        self._lock: dict[str, Locked] = dict(self._before)
        self._index: dict[str, Package] = dict(index.read(self.folder))
        self._done: dict[str, Installation] = {}

    def install(self, source: Remote, fetching: Callable[[], None]) -> Installation:
        """The package of `source`; `fetching` is told before the network is asked.

        A package is installed once, whoever else needs it. Raises Conflict for one that is not
        what the lock file says, and EnvdplanError.
        """
        key = source.key
        if key not in self._done:
            done = self._present(key)
            if done is None:
                fetching()
                done = self._fetch(source)
            self._done[key] = done
        return self._done[key]

    def save(self, *, prune: bool) -> tuple[str, ...]:
        """Write lock file and index. With `prune` goes what was not asked for: its sources."""
        gone = sorted({*self._lock, *self._index} - self._done.keys()) if prune else []
        for key in gone:
            self._lock.pop(key, None)
            self._index.pop(key, None)
        if self._lock != self._before:
            lockfile.write(self._project, self._lock)
        if self.folder.is_dir():
            if dict(index.read(self.folder)) != self._index:
                index.write(self.folder, self._index)
            self._sweep()
        return tuple(gone)

    # -- inside

    def _present(self, key: str) -> Installation | None:
        """What is installed, if it is what is locked, unchanged, and nobody wants a newer one."""
        locked, package = self._lock.get(key), self._index.get(key)
        if self._upgrade or locked is None or package is None:
            return None
        folder = self.folder / package.folder
        if package.commit != locked.commit or not _holds(folder, locked.checksum):
            return None
        return Installation(folder, Outcome.UNCHANGED, locked, locked)

    def _fetch(self, source: Remote) -> Installation:
        former = self._lock.get(source.key)
        expected = None if self._upgrade else former
        folder_of_ours(self.folder)
        with room(self.folder) as work:
            into, rest = work / "package", work / "rest"
            into.mkdir()
            rest.mkdir()
            wanted = expected.commit if expected else None
            commit = fetch(source, wanted, rest, into, self._environment)
            locked = Locked(tree_checksum(into), commit)
            if expected is not None and locked.checksum != expected.checksum:
                raise _changed(source, expected, locked)
            place = self.folder / folder_name(source, locked.checksum)
            if not _holds(place, locked.checksum):
                put_folder(into, place)
        outcome = self._outcome(source.key, former, locked)
        self._index[source.key] = Package(place.name, locked.checksum, commit)
        self._lock[source.key] = locked
        return Installation(place, outcome, locked, former)

    def _outcome(self, key: str, former: Locked | None, locked: Locked) -> Outcome:
        if former is not None and former != locked:
            return Outcome.UPGRADED
        again = self._upgrade and former is not None and key in self._index
        return Outcome.UNCHANGED if again else Outcome.INSTALLED

    def _sweep(self) -> None:
        """Remove what the index does not name: replaced packages, and what a run that was
        killed has left.
        """
        kept = {one.folder for one in self._index.values()} | {index.NAME, LOCK}
        for path in self.folder.iterdir():
            if path.name not in kept:
                remove(path)


def _holds(folder: Path, checksum: str) -> bool:
    """Whether the folder is there, readable, and has just that content."""
    try:
        return tree_checksum(folder) == checksum
    except EnvdplanError:
        return False


def _changed(source: Remote, expected: Locked, found: Locked) -> Conflict:
    return Conflict(
        "Module has changed",
        f"{source.key} is no longer what envdplan.lock says: it should have the checksum "
        f"{expected.checksum}, but has {found.checksum}. It was not installed. Find out who "
        "changed it, and why; if the new content is what you want, `envdplan init -upgrade` "
        "takes it.",
    )
