"""What is installed in .envdplan/modules: its index, modules.json, and where packages lie."""

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath
from typing import Final

from envdplan.ground import jsontext
from envdplan.ground.reading import read_regular
from envdplan.modules.place import explained, put_file
from envdplan.modules.source import Remote

FOLDER: Final = Path(".envdplan", "modules")
NAME: Final = "modules.json"
_VERSION: Final = 1
_ENDS: Final = re.compile(r"(\.git|\.zip|\.t[gx]z|\.tbz2|\.tar(\.\w+)?)$")


@dataclass(frozen=True, slots=True)
class Package:
    """An installed package: the name of its folder, and what it was when it was put there."""

    folder: str
    checksum: str
    commit: str | None = None


Index = Mapping[str, Package]
"""What is installed, by the key of its source."""


def read(folder: Path) -> Index:
    """The index in `folder`. One that cannot be read, or of another version, is as good as none:
    everything can be installed again. Raises EnvdplanError.
    """
    with explained(folder, "read"):
        try:
            data = read_regular(folder / NAME)
        except FileNotFoundError:
            return {}
    try:
        document = jsontext.loads(data)
        if document["version"] != _VERSION:
            return {}
        return {key: _package(one) for key, one in document["packages"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {}


def write(folder: Path, index: Index) -> None:
    """Keep `index`. Raises EnvdplanError."""
    packages = {key: asdict(index[key]) for key in sorted(index)}
    text = json.dumps({"version": _VERSION, "packages": packages}, indent=2)
    put_file(folder / NAME, f"{text}\n".encode())


def folder_name(source: Remote, checksum: str) -> str:
    """Where a package lies: its own folder for each content, so that one never changes."""
    path = PurePosixPath(source.url.partition("?")[0].rstrip("/")).name
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", _ENDS.sub("", path)).strip("-")[:40]
    return f"{plain or 'module'}-{sha256(f'{source.key} {checksum}'.encode()).hexdigest()[:12]}"


def _package(fields: Mapping[str, str]) -> Package:
    """Raises ValueError for a folder elsewhere."""
    commit = fields["commit"]
    found = Package(str(fields["folder"]), str(fields["checksum"]), commit and str(commit))
    if not re.fullmatch(r"[A-Za-z0-9_-]+", found.folder):
        raise ValueError(found.folder)
    return found
