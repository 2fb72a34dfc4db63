"""envdplan.lock: what each package was when it was first installed; committed by the user.

It is HCL, so that people and git can read it: a block for each package, sorted by its source.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from envdplan.ground.diagnostics import CorruptFile
from envdplan.ground.reading import read_regular
from envdplan.ground.source import SourceFile
from envdplan.language.syntax.document import Block, Body, Literal
from envdplan.modules.place import explained, put_file
from envdplan.modules.treesum import PREFIX

NAME: Final = "envdplan.lock"
VERSION: Final = 1
_COMMENT: Final = """\
# Written by `envdplan init`: commit it, and do not edit it. It holds what each module was, so
# that everybody gets the same. `envdplan init -upgrade` takes what the sources offer now.
"""
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_CHECKSUM: Final = re.compile(re.escape(PREFIX) + r"[A-Za-z0-9+/]{43}=")


@dataclass(frozen=True, slots=True)
class Locked:
    """One package: its commit, if it is a git repository, and the checksum of its tree."""

    checksum: str
    commit: str | None = None


Lock = Mapping[str, Locked]
"""What is locked, by the key of its source."""


def encode(lock: Lock) -> bytes:
    """The text of a lock file; equal locks give equal bytes."""
    blocks = (_block(key, lock[key]) for key in sorted(lock))
    return "\n".join([f"{_COMMENT}\nversion = {VERSION}\n", *blocks]).encode()


def decode(data: bytes, name: str) -> Lock:
    """What a lock file says. Raises CorruptFile."""
    from envdplan.language.syntax import hcl

    try:
        document, problems = hcl.decode(SourceFile(name, data.decode()))
    except UnicodeDecodeError:
        raise _corrupt(name, "it is not text") from None
    for one in problems:
        raise _corrupt(name, f"{one.summary.lower()} at {one.range}")
    _check_version(document.body, name)
    return dict(_locked(block, name) for block in document.body.blocks)


def read(project: Path) -> Lock:
    """The lock file of a project; without one nothing is locked. Raises CorruptFile."""
    path = project / NAME
    with explained(path, "read"):
        try:
            data = read_regular(path)
        except FileNotFoundError:
            return {}
    return decode(data, NAME)


def write(project: Path, lock: Lock) -> None:
    """Keep `lock`; a project without packages has no lock file. Raises EnvdplanError."""
    path = project / NAME
    if lock:
        put_file(path, encode(lock))
        return
    with explained(path, "remove"):
        path.unlink(missing_ok=True)


def _block(key: str, locked: Locked) -> str:
    commit = f"  commit   = {_quoted(locked.commit)}\n" if locked.commit else ""
    return f"module {_quoted(key)} {{\n{commit}  checksum = {_quoted(locked.checksum)}\n}}\n"


def _quoted(text: str) -> str:
    plain = json.dumps(text, ensure_ascii=False)
    return plain.replace("${", "$${").replace("%{", "%%{")


def _check_version(body: Body, name: str) -> None:
    found = _constant(body, "version")
    if isinstance(found, bool) or not isinstance(found, int) or found < 1:
        raise _corrupt(name, "it has no version")
    if found > VERSION:
        raise CorruptFile(
            "Lock file was written by a newer envdplan",
            f"{name} has version {found}; this envdplan reads up to {VERSION}. Upgrade envdplan.",
        )


def _locked(block: Block, name: str) -> tuple[str, Locked]:
    checksum = _constant(block.body, "checksum")
    commit = _constant(block.body, "commit")
    if block.type != "module" or len(block.labels) != 1:
        raise _corrupt(name, f'it has a "{block.type}" block that is unknown, at {block.range}')
    if not isinstance(checksum, str) or not _CHECKSUM.fullmatch(checksum):
        raise _corrupt(name, f"the module at {block.range} has no proper checksum")
    if commit is not None and not (isinstance(commit, str) and _COMMIT.fullmatch(commit)):
        raise _corrupt(name, f"the module at {block.range} has no proper commit")
    return block.labels[0], Locked(checksum, commit)


def _constant(body: Body, name: str) -> object:
    attribute = body.attributes.get(name)
    found = attribute.expression if attribute else None
    return found.value if isinstance(found, Literal) else None


def _corrupt(name: str, reason: str) -> CorruptFile:
    return CorruptFile(
        "Lock file cannot be read",
        f"{name}: {reason}. Restore it from version control (`git checkout {name}`). If there "
        "is no good copy, remove it: `envdplan init` then locks what the sources offer now.",
    )
