"""A commit of a git repository as a tree of files: fetched shallow, written by ourselves.

git is not asked to check anything out: its filters and line ends would make other files on
other machines, and a hostile repository has no part of its own in writing our disk.
"""

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from envdplan.ground.diagnostics import Conflict, EnvdplanError, Unreachable
from envdplan.modules import git
from envdplan.modules.git import GitFailed
from envdplan.modules.source import Git
from envdplan.modules.tree import Tree, unsafe
from envdplan.modules.urls import near

_SHORT: Final = re.compile(r"[0-9a-f]{7,64}")
_LONGEST_LINK: Final = 4096
_LINK, _SUBMODULE, _EXECUTABLE = "120000", "160000", "100755"
_NOT_THERE: Final = ("couldn't find remote ref", "not our ref", "unadvertised object", "shallow")


@dataclass(frozen=True, slots=True)
class _Entry:
    mode: str
    name: str
    path: str


def fetch_repository(
    source: Git, commit: str | None, room: Path, tree: Tree, environment: Mapping[str, str]
) -> str:
    """Fill `tree` with the files of `commit`, or of what the source's ref means now.

    Returns the commit. `room` is an empty folder to work in. Raises EnvdplanError.
    """
    plain = urlsplit(source.url).scheme == "http"
    repository = git.Git(room, environment, plain_http=plain)
    try:
        repository.run("init", "--quiet", "--bare", "--template=", ".")
        found = _fetched(repository, source, commit)
        _write(repository, found, tree)
    except GitFailed as error:
        raise _unreachable(source, error.said) from None
    return found


def _fetched(repository: git.Git, source: Git, commit: str | None) -> str:
    wanted = commit or source.ref or "HEAD"
    try:
        try:
            _fetch(repository, source, f"--depth={source.depth}", wanted)
        except GitFailed as error:
            if "shallow" not in error.said:
                raise
            _fetch(repository, source, wanted)  # a web server without git can only give all
        return _commit(repository, "FETCH_HEAD")
    except GitFailed as error:
        if not any(sign in error.said for sign in _NOT_THERE):
            raise
    return _searched(repository, source, wanted, locked=commit is not None)


def _searched(repository: git.Git, source: Git, wanted: str, *, locked: bool) -> str:
    """The commit in the whole history: not every server gives out single commits, and none
    knows the short form of one.
    """
    if _SHORT.fullmatch(wanted):
        _fetch(repository, source, "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
        with suppress(GitFailed):
            return _commit(repository, wanted)
    raise _gone(source, wanted) if locked else _no_such_ref(repository, source, wanted)


def _fetch(repository: git.Git, source: Git, *arguments: str) -> None:
    options = [one for one in arguments if one.startswith("--")]
    refs = [one for one in arguments if not one.startswith("--")]
    repository.run(
        "fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--no-auto-gc", *options,
        "--", source.url, *refs,
    )  # fmt: skip


def _commit(repository: git.Git, name: str) -> str:
    said = repository.run("rev-parse", "--verify", "--end-of-options", f"{name}^{{commit}}")
    return said.decode().split()[-1]


def _write(repository: git.Git, commit: str, tree: Tree) -> None:
    listed = repository.run("ls-tree", "-r", "-z", "--full-tree", commit)
    entries = [_entry(one) for one in listed.split(b"\0") if one]
    entries = [one for one in entries if one.mode != _SUBMODULE]
    for entry, pieces in zip(entries, repository.blobs([one.name for one in entries]), strict=True):
        if entry.mode != _LINK:
            tree.file(entry.path, pieces, executable=entry.mode == _EXECUTABLE)
        else:
            tree.link(entry.path, _target(entry, pieces))
        for _ in pieces:  # what the tree leaves out must be read all the same
            pass


def _entry(line: bytes) -> _Entry:
    facts, _, path = line.partition(b"\t")
    mode, _, name = facts.decode().split()
    return _Entry(mode, name, os.fsdecode(path))


def _target(entry: _Entry, pieces: Iterator[bytes]) -> str:
    target = next(pieces, b"")
    if len(target) > _LONGEST_LINK:
        raise unsafe(f'the link "{entry.path[:200]}", which is too long')
    return os.fsdecode(target)


def _no_such_ref(repository: git.Git, source: Git, wanted: str) -> EnvdplanError:
    if wanted == "HEAD":
        return EnvdplanError(
            "Repository has no default branch",
            f"{source.url} is empty, or its HEAD names a branch that does not exist. Name the "
            "branch, tag or commit: ?ref=NAME.",
        )
    said = repository.run("ls-remote", "--quiet", "--heads", "--tags", "--", source.url)
    names = tuple(_short(line) for line in said.decode("utf-8", "replace").splitlines())
    return EnvdplanError(
        "Ref not found",
        f'{source.url} has no tag, branch or commit "{wanted}".{near(wanted, names)} '
        "`git ls-remote URL` lists its tags and branches.",
    )


def _short(line: str) -> str:
    name = line.partition("\t")[2].removeprefix("refs/heads/").removeprefix("refs/tags/")
    return name.removesuffix("^{}")


def _gone(source: Git, commit: str) -> Conflict:
    return Conflict(
        "Locked commit is gone",
        f"{source.url} no longer has the commit {commit} of envdplan.lock; its history was "
        "rewritten. If the new content is what you want, `envdplan init -upgrade` takes it.",
    )


def _unreachable(source: Git, said: str) -> Unreachable:
    lines = [line for line in said.splitlines() if not line.startswith("hint:")]
    if "index-pack" in said:  # what takes the pack was stopped at the limit, or by a full disk
        lines.append("The repository may be too large, or the disk full.")
    return Unreachable(
        "Git repository cannot be fetched",
        f"{source.url}: git says: {' '.join(lines)[:600]}\nCheck the address and your right to "
        "read it; nobody is asked for passwords here. Try it by hand: "
        f"git ls-remote {source.url}",
    )
