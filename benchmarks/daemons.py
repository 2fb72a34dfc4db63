"""What needs real parts: builds that change nothing, and the way of files to the builder."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from benchmarks.core import many_files
from benchmarks.measure import Bench, Row, Timing

GIB = 1 << 30


def builds(bench: Bench) -> Iterator[Row]:
    """Nothing changed: 50 builds, and a single one that is solved from the cache."""
    count = 10 if bench.quick else 50
    project = _Project(bench, "builds")
    project.write(_fifty(count))
    project.source({"a.txt": b"hello"})
    project.apply(1)
    ours = project.apply(bench.runs)
    peer = project.bake(_bake(bench, count))
    yield Row(f"no-op apply of {count} unchanged builds", ours, peer, "docker buildx bake")
    single = _Project(bench, "single")
    single.write(_ONE.replace("PUSH", "false"))
    single.source({"a.txt": b"hello"})
    single.apply(1)
    ours = single.apply(bench.runs, "--replace", "build.x")
    yield Row("one build, all steps cached", ours, single.buildx(), "docker buildx build")


def transfers(bench: Bench) -> Iterator[Row]:
    """Files on their way: one large, many small, and all of them again."""
    sizes = [
        ("1 GiB file", 1, GIB),
        ("20,000 files", 20_000, 4096),
        ("100,000 files", 100_000, 100),
    ]
    if bench.quick:
        sizes = [("256 MiB file", 1, GIB // 4), ("5,000 files", 5_000, 4096)]
    for what, count, size in sizes:
        yield from _transfer(bench, what, count, size)


def _transfer(bench: Bench, what: str, count: int, size: int) -> Iterator[Row]:
    project = _Project(bench, f"transfer-{count}")
    project.write(_ONE.replace("PUSH", "false"))
    root = project.source_folder / "data"
    if count == 1:
        root.mkdir(parents=True)
        _large(root / "large", size)
    else:
        many_files(root, count, size)
    (project.source_folder / "Dockerfile").write_text("FROM scratch\nCOPY data /data\n")
    runs = 1 if bench.quick else 3
    first: list[float] = []
    peer_first: list[float] = []
    memory = 0
    for number in range(runs):
        project.renamed(f"ours-{count}-{number}")
        timing = project.apply(1, "--replace", "build.x")
        first.extend(timing.seconds)
        memory = max(memory, timing.memory)
        project.renamed(f"peer-{count}-{number}")
        other = project.buildx(runs=1)
        peer_first.extend(other.seconds if other else ())
    peer = Timing(tuple(peer_first)) if peer_first else None
    yield Row(f"first transfer, {what}", Timing(tuple(first), memory), peer, "docker buildx")
    project.apply(1, "--replace", "build.x")
    again = project.apply(runs + 2, "--replace", "build.x")
    project.buildx(runs=1)
    yield Row(f"unchanged, {what}", again, project.buildx(runs=runs + 2), "docker buildx")
    shutil.rmtree(project.folder)


def _large(path: Path, size: int) -> None:
    block = os.urandom(1 << 20)
    with path.open("wb") as file:
        for number in range(size >> 20):
            file.write(number.to_bytes(8, "big") + block[8:])


_HEAD = """
envdplan { context_store = "contexts" }
variable "registry" {}
variable "tcp" {}
variable "source" {}
builder "b" {
  type    = "tcp"
  address = var.tcp
}
context "c" {
  builder = builder.b
  use     = true
}
"""

_ONE = (
    _HEAD
    + """
build "x" {
  path = "./${var.source}"
  output {
    type = "cacheonly"
  }
}
"""
)


def _fifty(count: int) -> str:
    return _HEAD + "\n".join(
        f'build "b{number}" {{\n'
        '  path = "./${var.source}"\n'
        f'  args = {{ N = "{number}" }}\n'
        f'  tags = ["${{var.registry}}/bench/b{number}:1"]\n'
        "  push = true\n"
        "}\n"
        for number in range(count)
    )


def _bake(bench: Bench, count: int) -> str:
    registry = bench.services["registries"]["plain"]["address"]
    names = ", ".join(f'"b{number}"' for number in range(count))
    targets = "\n".join(
        f'target "b{number}" {{\n'
        '  context = "./app"\n'
        f'  args = {{ N = "{number}" }}\n'
        f'  tags = ["{registry}/bench/bake{number}:1"]\n'
        '  output = ["type=image,push=true"]\n'
        "}\n"
        for number in range(count)
    )
    return f'group "default" {{\n  targets = [{names}]\n}}\n{targets}'


class _Project:
    """A folder with a configuration for both."""

    def __init__(self, bench: Bench, name: str) -> None:
        self.bench = bench
        self.folder = bench.folder / name
        self.name = "app"
        self.source_folder.mkdir(parents=True, exist_ok=True)
        daemon = bench.services["buildkitds"]["tcp"]["address"].removeprefix("tcp://")
        self.environment = {
            "ENVDPLAN_VAR_registry": bench.services["registries"]["plain"]["address"],
            "ENVDPLAN_VAR_tcp": daemon,
            "ENVDPLAN_VAR_source": self.name,
        }
        self.builder = f"bench-{os.getpid()}"

    @property
    def source_folder(self) -> Path:
        return self.folder / self.name

    def renamed(self, name: str) -> None:
        """The same files under another name: the builder has nothing of it yet."""
        former, self.name = self.source_folder, name
        former.rename(self.source_folder)
        self.environment["ENVDPLAN_VAR_source"] = name

    def write(self, text: str) -> None:
        (self.folder / "envdplan.hcl").write_text(text)

    def source(self, files: dict[str, bytes]) -> None:
        for name, content in files.items():
            (self.source_folder / name).write_bytes(content)
        base = self.bench.services["images"]["pushed"]["plain"]
        text = f"FROM {base}\nARG N\nCOPY a.txt /\nRUN echo $N > /n\n"
        (self.source_folder / "Dockerfile").write_text(text)

    def apply(self, runs: int, *more: str) -> Timing:
        command = [*self.bench.ours, "apply", "--auto-approve", *more]
        return self.bench.time(command, self.folder, runs=runs, **self.environment)

    def bake(self, text: str) -> Timing | None:
        buildx = self._buildx()
        if buildx is None:
            return None
        (self.folder / "docker-bake.hcl").write_text(text)
        command = [*buildx, "bake", "--builder", self.builder, "--progress", "plain"]
        command += ["--provenance=false"]
        self.bench.time(command, self.folder, runs=1)
        return self.bench.time(command, self.folder, runs=min(self.bench.runs, 5))

    def buildx(self, runs: int | None = None) -> Timing | None:
        buildx = self._buildx()
        if buildx is None:
            return None
        command = [*buildx, "build", "--builder", self.builder, "--progress", "plain"]
        command += ["--provenance=false", "--output", "type=cacheonly", self.name]
        if runs is None:
            self.bench.time(command, self.folder, runs=1)
        return self.bench.time(command, self.folder, runs=runs)

    def _buildx(self) -> list[str] | None:
        buildx = self.bench.buildx
        if buildx is None:
            return None
        marker = self.bench.folder / "buildx-builder"
        if not marker.exists():
            address = f"tcp://{self.environment['ENVDPLAN_VAR_tcp']}"
            command = [*buildx, "create", "--name", self.builder, "--driver", "remote", address]
            self.bench.time(command, self.bench.folder, runs=1)
            marker.touch()
        return buildx
