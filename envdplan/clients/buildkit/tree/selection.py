"""What a builder asks for: include patterns and paths to follow, links resolved inside the root.

The rules are fsutil's (FilterOpt.IncludePatterns, FollowLinks); what leads out of the root is
never followed.
"""

import os
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from envdplan.clients.buildkit.tree.inside import link_target
from envdplan.clients.buildkit.tree.patterns import MOST_WILDCARDS, compiled, is_literal, single
from envdplan.ground.diagnostics import EnvdplanError

if TYPE_CHECKING:
    from envdplan.clients.buildkit.tree.walk import Test

_MOST_LINKS: Final = 255
_TOO_MANY: Final = (
    f"More than {MOST_WILDCARDS // 10:,} patterns with wildcards are asked for, or excepted by "
    "lines of an ignore file that begin with !. Name folders instead of files."
)


def selection(root: str, includes: Iterable[str], follow: Iterable[str]) -> "tuple[Test, Test]":
    """Two tests: whether a path is asked for, and whether something below a folder may be."""
    wanted = [*includes, *_followed(root, follow)]
    patterns = compiled(wanted)
    return patterns.matches, way_to(wanted)


def way_to(patterns: Iterable[str]) -> "Test":
    """Whether a folder is on the way to something that one of `patterns` fits."""
    literal: set[str] = set()
    loose: list[list[str]] = []
    for pattern in patterns:
        parts = os.path.normpath(pattern).lstrip("/").split("/")
        if is_literal(pattern):
            literal.update("/".join(parts[:count]) for count in range(1, len(parts)))
        else:
            loose.append(parts)
    if len(loose) > MOST_WILDCARDS // 10:  # each is asked about each folder
        raise EnvdplanError("Too many patterns", _TOO_MANY)
    tests = [_way(parts) for parts in loose]
    return lambda folder: folder in literal or any(test(folder) for test in tests)


def _way(parts: list[str]) -> "Test":
    if "**" in parts[0]:
        return lambda folder: True  # noqa: ARG005  anywhere
    compiled_parts = [single(one) for one in parts]

    def test(folder: str) -> bool:
        for name, part, text in zip(folder.split("/"), compiled_parts, parts, strict=False):
            if "**" in text:
                return True
            if not part(name):
                return False
        return folder.count("/") + 1 < len(parts)

    return test


def _followed(root: str, paths: Iterable[str]) -> Iterator[str]:
    """Each path with every link on its way, so that the builder can follow it there."""
    for path in paths:
        yield from _resolved(root, path)


def _resolved(root: str, path: str) -> list[str]:
    found: list[str] = []
    queue = [_parts(path)]
    for _ in range(_MOST_LINKS):
        if not queue:
            break
        _follow(root, queue.pop(), found, queue)
    return found


def _follow(root: str, parts: list[str], found: list[str], queue: list[list[str]]) -> None:
    at = ""
    for index, part in enumerate(parts):
        if not is_literal(part):
            found.append("/".join([*filter(None, [at]), *parts[index:]]))
            queue.extend(_fitting(root, at, parts, index))
            return
        here = f"{at}/{part}" if at else part
        target = link_target(f"{root}/{here}")
        if target is not None:
            found.append(here)
            start = [] if target.startswith("/") else at.split("/") if at else []
            queue.append(_parts("/".join([*start, target, *parts[index + 1 :]])))
            return
        at = here
    if at:
        found.append(at)


def _fitting(root: str, at: str, parts: list[str], index: int) -> Iterator[list[str]]:
    """The links among what a wildcard fits are followed too."""
    part = single(parts[index])
    try:
        names = os.listdir(f"{root}/{at}" if at else root)  # noqa: PTH208  names are enough
    except OSError:
        return
    for name in sorted(names):
        here = f"{at}/{name}" if at else name
        if part(name) and link_target(f"{root}/{here}") is not None:
            yield [*here.split("/"), *parts[index + 1 :]]


def _parts(path: str) -> list[str]:
    """The steps of a path from the root; `..` stops there."""
    found: list[str] = []
    for part in path.split("/"):
        if part == "..":
            found = found[:-1]
        elif part not in ("", "."):
            found.append(part)
    return found
