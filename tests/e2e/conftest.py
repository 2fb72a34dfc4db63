"""The command as users run it, in folders of their own, against real parts."""

import json
import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from envdplan.testing.kubernetes import Cluster
from tests import children

ROOT = Path(__file__).parents[2]
ACCEPT = ", ".join(
    f"application/vnd.{one}+json"
    for one in (
        "oci.image.manifest.v1",
        "oci.image.index.v1",
        "docker.distribution.manifest.v2",
        "docker.distribution.manifest.list.v2",
    )
)


@dataclass
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        return self.out + self.err


@dataclass
class Project:
    """A folder with a configuration, and the command in it."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, text: str, name: str = "envdplan.hcl") -> None:
        (self.folder / name).write_text(text)

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return children.start(
            [sys.executable, "-m", "envdplan", *arguments],
            cwd=self.folder,
            env=self._used(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _used(self) -> dict[str, str]:
        """Without values of variables that no file of the project names: those are warned of."""
        files = [one for end in ("hcl", "yaml") for one in self.folder.rglob(f"*.{end}")]
        text = "".join(one.read_text() for one in files)
        prefix = "ENVDPLAN_VAR_"
        return {
            name: value
            for name, value in self.environment.items()
            if not name.startswith(prefix) or name.removeprefix(prefix) in text
        }

    def run(self, *arguments: str) -> Done:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=240)
        assert "Traceback" not in out + err, out + err
        return Done(process.returncode, out, err)

    def apply(self, *arguments: str) -> Done:
        done = self.run("apply", "--auto-approve", *arguments)
        assert done.code == 0, done.text
        return done

    def plan(self, *arguments: str) -> Done:
        return self.run("plan", "--detailed-exitcode", *arguments)

    def assert_settled(self) -> None:
        done = self.plan()
        assert done.code == 0, done.text
        assert "No changes." in done.out

    def changes(self, *arguments: str) -> dict[str, dict[str, Any]]:
        """What a plan wants to do, by address."""
        done = self.run("plan", "--json", *arguments)
        assert done.code == 0, done.text
        lines = [json.loads(line) for line in done.out.splitlines()]
        return {one["address"]: one for one in lines if one["type"] == "planned_change"}


@dataclass(frozen=True)
class Registry:
    """The plain registry, asked by its own API."""

    address: str

    def digest(self, repository: str, tag: str = "latest") -> str | None:
        url = f"http://{self.address}/v2/{repository}/manifests/{tag}"
        request = Request(url, method="HEAD", headers={"Accept": ACCEPT})
        try:
            with urlopen(request) as answer:
                return str(answer.headers["Docker-Content-Digest"])
        except OSError:
            return None


@pytest.fixture
def registry(services: Mapping[str, Any]) -> Registry:
    return Registry(services["registries"]["plain"]["address"])


@pytest.fixture
def project(tmp_path: Path, services: Mapping[str, Any]) -> Project:
    """An empty project with a home of its own, on the engine with the containerd store."""
    folder = tmp_path / "project"
    home = tmp_path / "home"
    folder.mkdir()
    home.mkdir()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "DOCKER_HOST": services["engines"]["containerd"]["host"],
        "ENVDPLAN_VAR_registry": services["registries"]["plain"]["address"],
        "ENVDPLAN_VAR_buildkit_image": services["images"]["buildkit"],
        "ENVDPLAN_VAR_project": f"e2e-{uuid.uuid4().hex[:8]}",
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "error",
    }
    return Project(folder, environment)


@pytest.fixture
def docker(services: Mapping[str, Any]) -> Callable[..., str]:
    """The docker command on the engine with the containerd store."""

    def run(*arguments: str) -> str:
        return subprocess.run(
            [services["programs"]["docker"], *arguments],
            env={"DOCKER_HOST": services["engines"]["containerd"]["host"], "HOME": "/nonexistent"},
            check=True,
            capture_output=True,
            text=True,
        ).stdout

    return run


@pytest.fixture
def example(project: Project) -> Iterator[Callable[[str], Project]]:
    """A copy of an example; what it made is destroyed at the end."""

    def copy(name: str) -> Project:
        shutil.copytree(ROOT / "examples" / name, project.folder, dirs_exist_ok=True)
        return project

    yield copy
    project.run("destroy", "--auto-approve")


def cluster_on(services: Mapping[str, Any], *, tls: bool) -> Cluster:
    """A cluster whose pods are all one buildkitd."""
    buildctl = services["programs"]["buildctl"]
    address = services["buildkitds"]["unix"]["address"]

    def execute(pod: str, container: str, command: Sequence[str]) -> Sequence[str]:
        assert command[0] == "buildctl", (pod, container, command)
        return [buildctl, "--addr", address, *command[1:]]

    return Cluster(execute, tls=tls)


def prepare_envd(project: Project, keys: Path) -> None:
    """What the real envd wants in the home: its keys, and a registry without TLS."""
    config = Path(project.environment["HOME"]) / ".config"
    for name in ("containers", "envd"):
        (config / name).mkdir(parents=True, exist_ok=True)
    registry = project.environment["ENVDPLAN_VAR_registry"]
    (config / "containers" / "registries.conf").write_text(
        f'[[registry]]\nlocation = "{registry}"\ninsecure = true\n'
    )
    for one in keys.iterdir():
        (config / "envd" / one.name).symlink_to(one)
