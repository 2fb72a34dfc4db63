"""Fetches the package of a source into an empty folder."""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from envdplan.ground.diagnostics import Refused
from envdplan.modules.archives import extract
from envdplan.modules.download import download
from envdplan.modules.repository import fetch_repository
from envdplan.modules.source import Archive, Git, Remote
from envdplan.modules.tree import USUAL, Limits, Tree


def fetch(
    source: Remote,
    commit: str | None,
    room: Path,
    into: Path,
    environment: Mapping[str, str],
    *,
    limits: Limits = USUAL,
) -> str | None:
    """Fill the empty folder `into`; the commit, of a git source: `commit` if it is given.

    `room` is an empty folder to work in, on the same disk. Raises EnvdplanError; then what is in
    `into` must not be used.
    """
    tree = Tree(into, limits)
    found: str | None = None
    match source:
        case Git():
            found = fetch_repository(source, commit, room, tree, environment)
        case Archive():
            _fetch_archive(source, room / "archive", tree, environment)
    tree.finish()
    return found


def _fetch_archive(source: Archive, file: Path, tree: Tree, environment: Mapping[str, str]) -> None:
    found = download(source.url, file, environment, limits=tree.limits)
    if source.checksum not in (None, found):
        raise Refused(
            "Archive checksum does not match",
            f"{source.url} should have {source.checksum}, but has {found}. It was not "
            "installed. If that is the archive you want, write its checksum into the source.",
        )
    extract(file, urlsplit(source.url).path.lower(), tree)
