"""Paths in compose files: clean ones, relative to the working directory."""

import posixpath
from typing import Final

_REMOTE: Final = ("github.com/", "git@", "service:", "target:")


def local(path: str, home: str) -> str:
    """A path that may begin with ~, without needless steps."""
    if path.startswith("~"):
        return posixpath.normpath(posixpath.join(home, path[1:].lstrip("/")))
    if path == "" or posixpath.isabs(path):
        return path
    return posixpath.normpath(path)


def source(path: str, home: str) -> str:
    """A path that may as well be an address: of a repository, an archive or another context."""
    return path if "://" in path or path.startswith(_REMOTE) else local(path, home)


def beside(path: str, folder: str) -> str:
    """A path that is relative to a folder; absolute ones, ~ and addresses stay."""
    fixed = path.startswith(("/", "~", *_REMOTE)) or "://" in path
    return path if fixed else posixpath.normpath(posixpath.join(folder, path))


def folder_of(path: str) -> str:
    """The folder of a file."""
    return path.rpartition("/")[0]
