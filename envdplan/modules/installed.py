"""Finds the folders of modules that are installed: for whoever evaluates them. Fetches nothing."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from envdplan.ground.diagnostics import Conflict, EnvdplanError
from envdplan.ground.reading import is_dir
from envdplan.modules import index, lockfile
from envdplan.modules.index import Index
from envdplan.modules.lockfile import Lock
from envdplan.modules.source import Local, Remote, Source
from envdplan.modules.treesum import tree_checksum


@dataclass(slots=True)
class Installed:
    """What a project has installed. Index and lock file are read when they are first needed."""

    project: Path
    _lock: Lock | None = field(default=None)
    _index: Index | None = field(default=None)
    _whole: set[str] = field(default_factory=set)
    """Sources whose content was held against the lock file in this run."""

    def find(self, source: Source, base: Path) -> Path:
        """The folder of a module that a file in the folder `base` names.

        Raises EnvdplanError when it is not there, not installed or not what is locked.
        """
        if isinstance(source, Local):
            return local_folder(source, base, self.project / index.FOLDER)
        return subfolder(self._package(source), source)

    def _package(self, source: Remote) -> Path:
        if self._index is None or self._lock is None:
            self._index = index.read(self.project / index.FOLDER)
            self._lock = lockfile.read(self.project)
        package, locked = self._index.get(source.key), self._lock.get(source.key)
        folder = self.project / index.FOLDER / package.folder if package else None
        if package is None or folder is None or not is_dir(folder):
            raise EnvdplanError(
                "Module not installed",
                f"{source} is not on this machine. Run `envdplan init`, which fetches it.",
            )
        if locked is None or (locked.checksum, locked.commit) != (package.checksum, package.commit):
            raise Conflict(
                "Module differs from the lock file",
                f"The installed module {source} is not the one in envdplan.lock. Run `envdplan "
                "init`, which installs what is locked.",
            )
        self._hold_against(source, folder, locked.checksum)
        return folder

    def _hold_against(self, source: Remote, folder: Path, checksum: str) -> None:
        """Reviewers read the lock file and not what lies in the folder: only its content counts.

        All of it is read, once in a run: whoever can edit a file could edit a note about it, too.
        """
        if source.key in self._whole:
            return
        if tree_checksum(folder) != checksum:
            raise Conflict(
                "Module was edited",
                f"The files in {folder} are not those that envdplan.lock records for {source}: "
                "somebody changed them, so other machines would get different ones. Run "
                "`envdplan init`, which installs what is locked. To work on a module, use a "
                "folder of your own as its source.",
            )
        self._whole.add(source.key)


def find(project: Path, source: Source, base: Path) -> Path:
    """See Installed.find; for one question."""
    return Installed(project).find(source, base)


def local_folder(source: Local, base: Path, packages: Path) -> Path:
    """A folder of this machine, seen from `base`. Raises EnvdplanError when there is none.

    What was fetched into `packages` must not reach out of its own package.
    """
    found = Path(os.path.normpath(base / source.path))
    package = _package_of(base, packages)
    if package is not None and not Path(os.path.realpath(found)).is_relative_to(package):
        raise EnvdplanError(
            "Module path leads out of its package",
            f'"{source.path}" is outside of what was fetched, so each machine would use a '
            "different folder. A fetched module may only name folders beside it in its package.",
        )
    if not is_dir(found):
        raise EnvdplanError(
            "Module not found",
            f"{found} is not a folder.{_beside(found)} The path starts at the file that states it.",
        )
    return found


def subfolder(package: Path, source: Remote) -> Path:
    """The folder that `source` means within its package. Raises EnvdplanError."""
    found = package / source.subdir if source.subdir else package
    if is_dir(found):
        return found
    raise EnvdplanError(
        "Folder not found in the package",
        f'{source.key} has no folder "{source.subdir}".{_beside(found)} The folder stands behind '
        "the // of the source.",
    )


def folders(folder: Path) -> tuple[str, ...]:
    """Names of the folders in `folder`, but for hidden ones."""
    try:
        names = [one.name for one in os.scandir(folder) if one.is_dir() and one.name[0] != "."]
    except OSError:
        return ()
    return tuple(sorted(names))


def _package_of(base: Path, packages: Path) -> Path | None:
    real, top = Path(os.path.realpath(base)), Path(os.path.realpath(packages))
    if not real.is_relative_to(top) or real == top:
        return None
    return top / real.relative_to(top).parts[0]


def _beside(missing: Path) -> str:
    from difflib import get_close_matches  # only errors need it

    near = get_close_matches(missing.name, folders(missing.parent), n=1)
    return f' Did you mean "{near[0]}"?' if near else ""
