"""The state in a file: locked, replaced as a whole, with numbered backups."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from envdplan.core.state.observed import Input
from envdplan.core.state.recorded import State
from envdplan.core.state.statefile import decode, encode
from envdplan.ground.diagnostics import Conflict, CorruptFile
from envdplan.ground.files_on_disk import explained, make_ignored, write_atomically
from envdplan.ground.reading import read_regular
from envdplan.store.inputlists import InputLists
from envdplan.store.lock import break_lock, locked

BACKUPS: Final = 5
"""So many former states are kept, `.backup.1` the newest."""


class LocalStore:
    """The state in the file `path`; reading creates nothing."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lists = InputLists(path.with_name(f"{path.name}.inputs"))
        self._backed_up = False
        self._known: tuple[int, int] | None = None
        """Inode and time of the file as last read or written: nobody else may change it."""

    @contextmanager
    def lock(self, operation: str, *, timeout: float = 0.0) -> Iterator[None]:
        """Hold the state for one operation. Raises Conflict naming the holder."""
        self._make_directory()
        with locked(self._lock_path, operation, timeout):
            self._backed_up = False
            yield

    def force_unlock(self, id: str) -> None:
        """Break the lock called `id`. Raises Conflict when it is another, or none."""
        break_lock(self._lock_path, id)

    def load(self) -> State:
        """The state; a new one when none was ever saved. Raises CorruptFile."""
        return self._read()

    def save(self, state: State) -> None:
        """Keep `state`, the former one as a backup. Raises EnvdplanError; then nothing changed."""
        self._check_unchanged()
        if not self._backed_up:
            self._back_up()
            self._backed_up = True
        self._make_directory()
        write_atomically(self.path, encode(state))
        self._known = self._stamp()

    def inputs(self, digest: str) -> tuple[Input, ...] | None:
        """The list behind an inputs digest, when it is still here."""
        return self._lists.read(digest)

    def keep_inputs(self, digest: str, inputs: Iterable[Input]) -> None:
        """Keep the list behind an inputs digest, so that the next plan can say why."""
        self._lists.write(digest, inputs)

    def prune(self, state: State) -> None:
        """Remove lists that no record of `state` needs."""
        self._lists.prune(one for record in state.records.values() for one in record.lists)

    # -- inside

    @property
    def _lock_path(self) -> Path:
        return self.path.with_name(f"{self.path.name}.lock")

    def _read(self) -> State:
        with explained(self.path, "read"):
            try:
                data = read_regular(self.path)
            except FileNotFoundError:
                self._known = None
                return self._first()
        self._known = self._stamp()
        return decode(data, str(self.path), self._mend())

    def _first(self) -> State:
        """No state: the very first time, or somebody removed it and left its backups."""
        backup = self._newest_backup()
        if backup is None:
            return State.new()
        raise CorruptFile(
            "State is missing",
            f"{self.path} is not there, but its backup {backup} is. Put it back: "
            f"cp {backup} {self.path}. To begin without a state, remove the backups too.",
        )

    def _mend(self) -> str:
        backup = self._newest_backup()
        if backup is None:
            return "There is no backup of it; if nothing else has it, remove it and plan again."
        return f"Its newest backup that can be read is {backup}: cp {backup} {self.path}"

    def _newest_backup(self) -> Path | None:
        for number in range(1, BACKUPS + 1):
            path = self._backup(number)
            with suppress(OSError, CorruptFile):
                decode(read_regular(path), str(path), "")
                return path
        return None

    def _backup(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.backup.{number}")

    def _back_up(self) -> None:
        """The state as it was before this operation becomes backup 1."""
        try:
            data = read_regular(self.path)
        except FileNotFoundError:
            return
        with explained(self.path, "back up"):
            for number in range(BACKUPS - 1, 0, -1):
                with suppress(FileNotFoundError):
                    self._backup(number).replace(self._backup(number + 1))
        write_atomically(self._backup(1), data)

    def _stamp(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def _check_unchanged(self) -> None:
        """A lock that was broken by force lets two write: the second finds out here."""
        if self._stamp() == self._known:
            return
        raise Conflict(
            "State was changed by another process",
            f"{self.path} changed although it was locked. The last steps are not recorded; plan "
            "again to see them.",
        )

    def _make_directory(self) -> None:
        folder = self.path.parent
        if folder.is_dir():
            return
        with explained(folder, "create"):
            if folder.name == ".envdplan":
                make_ignored(folder)
            else:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
