"""Debian packages, unpacked into a folder of ours instead of installed into the system.

A second set of package lists (one per suite) makes packages of a newer suite available without
touching the machine's own sources.
"""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from scripts.provision.cache import cache_root, locked
from scripts.provision.report import ServiceError, step

OLD_LISTS_SECONDS = 24 * 3600
_DEBIAN = "http://deb.debian.org/debian"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def unpack(suite: str, packages: Sequence[str], target: Path) -> None:
    """Download packages of a suite (without what they depend on) and unpack them in `target`.

    Raises ServiceError where apt is missing or the archive cannot be reached.
    """
    options = [*_lists(suite), *_sandbox()]
    downloads = target / ".downloads"
    downloads.mkdir(parents=True)
    _run(["apt-get", "-q", *options, "download", *packages], cwd=downloads)
    for package in sorted(downloads.iterdir()):
        _run(["dpkg", "-x", str(package), str(target)])
    shutil.rmtree(downloads)


def require_apt() -> None:
    """Raise ServiceError where the machine is no Debian or relative of it."""
    for command in ("apt-get", "dpkg"):
        if shutil.which(command) is None:
            raise ServiceError(
                f"This machine has no {command}.",
                "The parts are unpacked from Debian's packages: use a machine or a container "
                "with Debian 12 or later (python:3.12-bookworm is one).",
            )


def own_suite() -> str:
    """The codename of this machine's Debian, else that of the oldest suite we know to work."""
    release = Path("/etc/os-release")
    text = release.read_text() if release.exists() else ""
    name = re.search(r"^VERSION_CODENAME=(\w+)$", text, re.MULTILINE)
    is_debian = re.search(r"^ID=debian$", text, re.MULTILINE)
    return name[1] if name and is_debian else "bookworm"


def ensure_commands(packages: dict[str, str]) -> None:
    """Install the package of each command that is missing: {command: Debian package}."""
    with locked(cache_root() / "locks" / "apt-install"):
        missing = {packages[command] for command in packages if find(command) is None}
        if missing:
            install(sorted(missing))


def find(command: str) -> str | None:
    """The path of a command, also where only root's PATH would have it."""
    return shutil.which(command, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")


def ensure_libraries(program: Path, packages: Sequence[str]) -> None:
    """Install packages with shared libraries where the loader cannot find all of a program's."""
    linked = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=False)
    if "not found" in linked.stdout + linked.stderr:
        install(packages)


def install(packages: Sequence[str]) -> None:
    """Install packages into the system. Raises ServiceError without apt-get or root."""
    names = " ".join(packages)
    if shutil.which("apt-get") is None or os.geteuid() != 0:
        raise ServiceError(
            f"This machine lacks {names}.",
            "It is installed by itself only as root on a machine with apt-get. Install it with "
            "the machine's own package manager and run the command again.",
        )
    wait = ["-o", "DPkg::Lock::Timeout=300"]
    with step(f"apt-get install {names}"):
        if _system_lists_are_old():
            _run(["apt-get", "-q", *wait, "update"])
        flags = ["-y", "-q", "--no-install-recommends"]
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        _run(["apt-get", "install", *flags, *wait, *packages], env=quiet)


def _system_lists_are_old() -> bool:
    lists = [*Path("/var/lib/apt/lists").glob("*_InRelease")]
    newest = max((path.stat().st_mtime for path in lists), default=0.0)
    updated = Path("/var/lib/apt/lists/partial")
    checked = updated.stat().st_mtime if lists and updated.exists() else 0.0
    return time.time() - max(newest, checked) > OLD_LISTS_SECONDS


def _lists(suite: str) -> list[str]:
    """Options that make apt use the private lists of a suite, fetched at most once a day."""
    folder = cache_root() / "apt" / suite
    options = _list_options(folder)
    with locked(cache_root() / "locks" / f"apt-{suite}"):
        stamp = folder / "updated"
        if not stamp.exists() or time.time() - stamp.stat().st_mtime > OLD_LISTS_SECONDS:
            _update(suite, folder, options)
            stamp.touch()
    return options


def _update(suite: str, folder: Path, options: list[str]) -> None:
    require_apt()
    for name in ("sources", "lists/partial", "cache/archives/partial"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    uris, keyring = _archive()
    (folder / "sources" / f"{suite}.sources").write_text(
        f"Types: deb\nURIs: {uris}\nSuites: {suite}\nComponents: main\nSigned-By: {keyring}\n"
    )
    with step(f"Fetching the package lists of Debian {suite}"):
        _run(["apt-get", "-q", *options, *_sandbox(), "update", "--error-on=any"])


def _list_options(folder: Path) -> list[str]:
    settings = {
        "Dir::State::Lists": folder / "lists",
        "Dir::Etc::SourceList": "/dev/null",
        "Dir::Etc::SourceParts": folder / "sources",
        "Dir::Cache": folder / "cache",
    }
    return [word for key, value in settings.items() for word in ("-o", f"{key}={value}")]


def _sandbox() -> list[str]:
    """The download user _apt may not enter our folders; we fetch as who we are."""
    return ["-o", "APT::Sandbox::User=root"] if os.geteuid() == 0 else []


def _archive() -> tuple[str, str]:
    """Where the machine itself gets Debian from, so that mirrors are respected, and its key."""
    for entry in _own_entries():
        uris = re.search(r"^URIs:\s*(\S*/debian/?)\s*$", entry, re.MULTILINE)
        if uris:
            key = re.search(r"^Signed-By:\s*(\S+)\s*$", entry, re.MULTILINE)
            return uris[1], _keyring(key[1] if key else _KEYRING)
    return _DEBIAN, _keyring(_KEYRING)


def _own_entries() -> Iterable[str]:
    parts = Path("/etc/apt/sources.list.d")
    for path in sorted(parts.glob("*.sources")):
        yield from path.read_text().split("\n\n")
    for path in [Path("/etc/apt/sources.list"), *sorted(parts.glob("*.list"))]:
        lines = path.read_text().splitlines() if path.exists() else []
        for line in lines:
            one = re.match(r"deb\s+(?:\[[^]]*\]\s*)?(\S+/debian/?)\s", line)
            if one:
                yield f"URIs: {one[1]}\n"


def _keyring(path: str) -> str:
    if not Path(path).exists():
        raise ServiceError(
            f"The keys of the Debian archive are missing ({path}).",
            "Install the package debian-archive-keyring; it exists in Ubuntu too.",
        )
    return path


def _run(
    command: Sequence[str], cwd: Path | None = None, env: dict[str, str] | None = None
) -> None:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise ServiceError(f"{' '.join(command[:1])} failed ({done.returncode}).", tail)
