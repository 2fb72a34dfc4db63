"""Reads files as a builder sees them: links are resolved inside of a folder, nothing lies outside.

The rule is that of continuity's fs.RootPath, by which BuildKit reads files of a source.
"""

import os
from pathlib import Path
from typing import Final

from envdplan.ground.diagnostics import EnvdplanError

_MOST_LINKS: Final = 255


def resolved(root: str, path: str) -> str | None:
    """Where `path` leads, relative to `root`; None for links that lead in circles.

    A link that begins with a slash begins at the root, and `..` stops there. Whether something
    lies at that place is not looked at.
    """
    base, at, links = root.rstrip("/"), list[str](), 0
    waiting = path.split("/")[::-1]
    while waiting:
        part = waiting.pop()
        if part == "..":
            at = at[:-1]
        elif part not in ("", "."):
            target = link_target("/".join([base, *at, part]))
            if target is None:
                at.append(part)
                continue
            links += 1
            if links > _MOST_LINKS:
                return None
            at = [] if target.startswith("/") else at
            waiting.extend(target.split("/")[::-1])
    return "/".join(at)


def read_inside(root: str, path: str) -> bytes | None:
    """The content of the file `path` of the folder `root`; None where a builder finds no file.

    Raises EnvdplanError when there is one that cannot be read.
    """
    place = resolved(root, path)
    if not place:
        return None
    full = Path(root, place)
    try:
        return full.read_bytes() if full.is_file() else None
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    except OSError as error:
        raise EnvdplanError("Cannot read a file", f"{full}: {error.strerror}.") from error


def link_target(path: str) -> str | None:
    """What a link says; None for everything else."""
    try:
        return os.readlink(path)  # noqa: PTH115  a string
    except OSError:
        return None
