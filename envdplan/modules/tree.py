"""Writes the tree of a package that nobody vouches for: below one folder, and within limits.

Links are made last, so that no file is ever written through one; then each is followed, and must
end below the folder. Owners, times and all permissions but the right to execute stay outside.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from envdplan.ground.diagnostics import EnvdplanError, Refused
from envdplan.ground.files_on_disk import NEW

_LONGEST: Final = 1024
_DEEPEST: Final = 64


@dataclass(frozen=True, slots=True)
class Limits:
    """What a package may hold at most, and a download."""

    members: int = 50_000
    size: int = 512 * 1024 * 1024
    download: int = 256 * 1024 * 1024


USUAL: Final = Limits()


@dataclass(slots=True)
class Tree:
    """A folder that is being filled. Every method raises Refused for what must not be there."""

    root: Path
    limits: Limits = USUAL
    _members: int = 0
    _size: int = 0
    _links: dict[str, str] = field(default_factory=dict)

    def folder(self, path: str) -> None:
        """A folder; it may be told twice."""
        if names := self._names(path):
            self._make(names)

    def file(self, path: str, chunks: Iterable[bytes], *, executable: bool = False) -> None:
        """A regular file."""
        names = self._names(path)
        if names is None:
            return
        if not names:
            raise unsafe("a file in the place of its folder")
        self._make(names[:-1])
        try:
            with _written(path):
                handle = os.open(self.root.joinpath(*names), NEW, 0o777 if executable else 0o666)
        except FileExistsError:
            raise _twice(path) from None
        with os.fdopen(handle, "wb", buffering=0) as file:
            for chunk in chunks:
                self._count(len(chunk))
                with _written(path):
                    file.write(chunk)

    def copy(self, path: str, of: str, *, executable: bool) -> None:
        """What a hard link stands for: the content of a file that came before it."""
        names = self._names(of)
        found = self.root.joinpath(*names or ())
        if not names or not found.is_file():
            raise unsafe(f'the hard link "{path}" to something that is not in it')
        with found.open("rb") as file:
            self.file(path, iter(lambda: file.read(1024 * 1024), b""), executable=executable)

    def link(self, path: str, target: str) -> None:
        """A symbolic link, made by `finish`."""
        names = self._names(path)
        if names is None:
            return
        if target.startswith("/") or "\0" in target or not target or not names:
            raise unsafe(f'the link "{path}", which leads out of it')
        if "/".join(names) in self._links:
            raise _twice(path)
        self._links["/".join(names)] = target

    def finish(self) -> None:
        """Make the links, and see where each of them ends."""
        for path, target in self._links.items():
            names = path.split("/")
            self._make(names[:-1])
            try:
                with _written(path):
                    self.root.joinpath(*names).symlink_to(target)
            except FileExistsError:
                raise _twice(path) from None
        top = Path(os.path.realpath(self.root))
        for path in self._links:
            if not Path(os.path.realpath(self.root / path)).is_relative_to(top):
                raise unsafe(f'the link "{path}", which leads out of it')

    # -- inside

    def _names(self, path: str) -> list[str] | None:
        """The steps of `path`; None for what is left out, the insides of a git repository."""
        self._members += 1
        if self._members > self.limits.members:
            raise unsafe(f"more than {self.limits.members} files and folders")
        if path.startswith("/") or "\0" in path or "\\" in path or len(path) > _LONGEST:
            raise unsafe(f'the path "{path[:200]}", which is not relative or not proper')
        names = [name for name in path.split("/") if name not in ("", ".")]
        if ".." in names:
            raise unsafe(f'the path "{path[:200]}", which leads out of it')
        if len(names) > _DEEPEST or any(len(os.fsencode(name)) > 255 for name in names):  # noqa: PLR2004
            raise unsafe("folders that are nested too deeply, or names that are too long")
        return None if any(name.lower() == ".git" for name in names) else names

    def _make(self, names: list[str]) -> None:
        here = self.root
        for name in names:
            here /= name
            if here.is_symlink():
                raise unsafe(f'the link "{here.relative_to(self.root)}" in the place of a folder')
            try:
                with _written(name):
                    here.mkdir(exist_ok=True)
            except FileExistsError:
                raise _twice(str(here.relative_to(self.root))) from None

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > self.limits.size:
            raise unsafe(f"more than {self.limits.size} bytes")


@contextmanager
def _written(path: str) -> Iterator[None]:
    """Errors of our disk, which must not look like those of an archive."""
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        raise EnvdplanError(
            "Cannot write a module", f'"{path}": {error.strerror or error}.'
        ) from error


def unsafe(what: str) -> Refused:
    """The error for a package with something that is not taken."""
    return Refused(
        "Unsafe module",
        f"The package has {what}. Nothing of it was installed; report it to whoever offers it.",
    )


def _twice(path: str) -> Refused:
    return unsafe(f'"{path[:200]}" twice')
