"""Walks a folder in the order that BuildKit wants: folders before what is in them, names by bytes.

Nothing outside of the root is looked at: links are seen as links.
"""

import os
import stat
from collections.abc import Callable, Collection, Iterator
from typing import Final, TypeAlias

from envdplan.clients.buildkit.tree.patterns import Patterns
from envdplan.clients.buildkit.tree.selection import way_to
from envdplan.ground.diagnostics import EnvdplanError

Found: TypeAlias = tuple[str, os.stat_result]
"""Path relative to the root, with slashes, and what lstat says."""

Test: TypeAlias = Callable[[str], bool]
_DEEPEST: Final = 512
_HINT: Final = "Make it readable, or leave it out by .dockerignore."
_EXCEPTED: Final = (
    "It is left out, but a line of .dockerignore that begins with ! may name something in it. Make "
    "it readable, or write that line so that it begins with another folder."
)


def walk(
    root: str,
    excluded: Patterns | None = None,
    included: Test | None = None,
    enter: Test | None = None,
    lazily: Collection[str] = (),
) -> Iterator[Found]:
    """Everything below `root` that is not `excluded`, and, if given, `included`.

    `enter` says whether something included can lie below a folder. A folder that is itself left
    out, or is in `lazily`, comes when something below it is not. Raises EnvdplanError when
    something is unreadable.
    """
    walker = _Walker(root, excluded, included, enter, lazily)
    return walker.below("", 0)


class _Walker:
    def __init__(
        self,
        root: str,
        excluded: Patterns | None,
        included: Test | None,
        enter: Test | None,
        lazily: Collection[str],
    ) -> None:
        self._root = root
        self._excluded = excluded.matches if excluded and excluded.texts else None
        exceptions = [one[1:] for one in (excluded.texts if excluded else ()) if one[0] == "!"]
        self._excepted = way_to(exceptions) if exceptions else None
        self._included = included
        self._enter = enter
        self._lazily = lazily

    def below(self, folder: str, depth: int) -> Iterator[Found]:
        if depth > _DEEPEST:
            raise EnvdplanError(
                "Folders are nested too deeply", f"{self._root}/{folder} is nested too deeply."
            )
        prefix = f"{folder}/" if folder else ""
        for entry in self._entries(folder):
            path = prefix + entry.name
            is_folder = entry.is_dir(follow_symlinks=False)
            wanted = self._wanted(path)
            if not wanted and not (is_folder and self._may_hold(path)):
                continue
            found = _lstat(entry)
            if found is None or stat.S_ISSOCK(found.st_mode):
                continue
            if not is_folder:
                yield path, found
            elif wanted and path not in self._lazily:
                yield path, found
                yield from self.below(path, depth + 1)
            else:
                yield from _once_needed((path, found), self.below(path, depth + 1))

    def _entries(self, folder: str) -> "list[os.DirEntry[str]]":
        try:
            return _sorted_entries(f"{self._root}/{folder}" if folder else self._root)
        except PermissionError as error:
            hint = _EXCEPTED if self._is_left_out(folder) else _HINT
            raise _unreadable(f"{self._root}/{folder}", error, hint) from error

    def _wanted(self, path: str) -> bool:
        if self._included is not None and not self._included(path):
            return False
        return self._excluded is None or not self._excluded(path)

    def _is_left_out(self, folder: str) -> bool:
        return self._excluded is not None and bool(folder) and self._excluded(folder)

    def _may_hold(self, folder: str) -> bool:
        """Whether something below a folder that is left out may be wanted."""
        if self._is_left_out(folder) and not (self._excepted and self._excepted(folder)):
            return False
        if self._included is None or self._included(folder):
            return True
        return self._enter is None or self._enter(folder)


def _once_needed(folder: Found, below: Iterator[Found]) -> Iterator[Found]:
    first = next(below, None)
    if first is not None:
        yield folder
        yield first
        yield from below


def _sorted_entries(folder: str) -> "list[os.DirEntry[str]]":
    try:
        with os.scandir(folder) as found:
            entries = list(found)
    except (FileNotFoundError, NotADirectoryError):
        if not os.path.isdir(folder):  # noqa: PTH112  hot, and a string
            raise EnvdplanError(
                "Cannot read the source", f"{folder}: there is no such folder."
            ) from None
        return []
    except PermissionError:
        raise
    except OSError as error:
        raise _unreadable(folder, error) from error
    if all(entry.name.isascii() for entry in entries):
        entries.sort(key=lambda entry: entry.name)
    else:
        entries.sort(key=lambda entry: os.fsencode(entry.name))
    return entries


def _lstat(entry: "os.DirEntry[str]") -> os.stat_result | None:
    try:
        return entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None  # gone meanwhile
    except OSError as error:
        raise _unreadable(entry.path, error) from error


def _unreadable(path: str, error: OSError, hint: str = _HINT) -> EnvdplanError:
    reason = error.strerror or str(error)
    return EnvdplanError("Cannot read the source", f"{path}: {reason}. {hint}")
