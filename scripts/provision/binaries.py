"""Programs out of packages: Docker Engine, registry, runc, busybox, envd, buildx."""

import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

from scripts.provision import apt
from scripts.provision.cache import artifact
from scripts.provision.report import ServiceError, step

ENVD_VERSION = "1.3.6"
_ENGINE_SUITE = "trixie"


def engine_binaries() -> Path:
    """A folder with dockerd, docker, docker-proxy, containerd, its shim and runc: Docker 26.1.5.

    runc is the machine's own suite's: a newer one may need a newer C library.
    """
    return artifact("docker-26.1.5-1", _unpack_engine)


def small_binaries() -> Path:
    """A folder with docker-registry, runc and a static busybox of the machine's own suite."""
    return artifact(f"small-{apt.own_suite()}-1", _unpack_small)


def envd_files() -> Path:
    """A folder with envd (PyPI's wheel holds the Go program) and a key pair for its home.

    envd takes 2 s to make keys where ~/.config/envd has no id_rsa_envd.
    """
    return artifact(f"envd-{ENVD_VERSION}-1", _fetch_envd)


def buildx_plugin() -> Path:
    """Docker's buildx 0.29 as a CLI plugin, to be put into $DOCKER_CONFIG/cli-plugins."""
    return artifact("buildx-sid-1", _unpack_buildx) / "docker-buildx"


def search_path(*folders: Path) -> dict[str, str]:
    """Our environment with folders of ours first in PATH and no Docker settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("DOCKER_")}
    path = os.pathsep.join([*map(str, folders), kept.get("PATH", os.defpath), "/usr/sbin:/sbin"])
    return {**kept, "PATH": path}


def _unpack_engine(target: Path) -> None:
    small = small_binaries()
    with step("Fetching Docker 26.1.5 (63 MB)"):
        apt.unpack(_ENGINE_SUITE, ["docker.io", "docker-cli", "containerd"], target / "tree")
    _collect(target, ["usr/bin/*", "usr/sbin/*", "usr/libexec/docker/*"])
    shutil.copy2(small / "runc", target / "runc")
    apt.ensure_libraries(target / "dockerd", ["libsystemd0"])


def _unpack_small(target: Path) -> None:
    packages = ["docker-registry", "runc", "busybox-static"]
    with step("Fetching docker-registry, runc and busybox (9 MB)"):
        apt.unpack(apt.own_suite(), packages, target / "tree")
    _collect(target, ["usr/bin/*", "usr/sbin/*", "bin/busybox"])
    apt.ensure_libraries(target / "runc", ["libseccomp2"])


def _unpack_buildx(target: Path) -> None:
    with step("Fetching docker-buildx of Debian sid (20 MB)"):
        apt.unpack("sid", ["docker-buildx"], target / "tree")
    _collect(target, ["usr/libexec/docker/cli-plugins/*", "usr/lib/docker/cli-plugins/*"])


def _collect(target: Path, patterns: list[str]) -> None:
    tree = target / "tree"
    for pattern in patterns:
        for path in tree.glob(pattern):
            if path.is_file() and not path.is_symlink():
                path.rename(target / path.name)
    shutil.rmtree(tree)


def _fetch_envd(target: Path) -> None:
    apt.ensure_commands({"ssh-keygen": "openssh-client"})
    with step(f"Installing envd {ENVD_VERSION} from PyPI"):
        scratch = target / "venv"
        _make_venv(scratch)
        _run([str(scratch / "bin" / "pip"), "install", "-q", f"envd=={ENVD_VERSION}"])
    shutil.move(scratch / "bin" / "envd", target / "envd")
    shutil.rmtree(scratch)
    _make_keys(target / "keys")


def _make_venv(folder: Path) -> None:
    if importlib.util.find_spec("ensurepip") is None:
        apt.install(["python3-venv"])  # Debian splits it off its python3
    try:
        venv.create(folder, with_pip=True)
    except (subprocess.CalledProcessError, OSError) as error:
        raise ServiceError(
            f"{sys.executable} cannot make a virtual environment.",
            f"{error}. On Debian install the package python3-venv.",
        ) from error


def _make_keys(folder: Path) -> None:
    """Make the keys of envd; it reads its private key as PEM: `-m PEM` is what it writes itself."""
    folder.mkdir()
    key = str(folder / "id_rsa_envd")
    _run(["ssh-keygen", "-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", key])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        tail = "\n".join((done.stdout + done.stderr).strip().splitlines()[-8:])
        raise ServiceError(f"{Path(command[0]).name} failed ({done.returncode}).", tail)
