"""Compose files in tests/data/compose/NAME, and what docker buildx bake 0.29.1 made of each.

`case.json` says in which `environment` and with which `targets`, `files` (compose.yaml) and
`sockets` bake ran. `print.json` is its answer. When it refused there is `refused.txt` instead, with
its words, and `said.txt` with ours. In all of them <case> stands for the folder of the case.
"""

import json
import posixpath
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from envdplan.dialects.compose.target_files import Composed, read
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceFile

CASES = Path(__file__).parents[2] / "data" / "compose"
FOLDER = "<case>"
Answer: TypeAlias = Mapping[str, Any] | str
"""What bake prints, or why it refused."""


@dataclass(frozen=True)
class Case:
    path: Path

    @property
    def settings(self) -> Mapping[str, Any]:
        file = self.path / "case.json"
        return json.loads(file.read_text()) if file.exists() else {}

    @property
    def files(self) -> list[str]:
        return list(self.settings.get("files", ["compose.yaml"]))

    @property
    def targets(self) -> list[str]:
        return list(self.settings.get("targets", []))

    def environment(self, folder: Path) -> dict[str, str]:
        given: Mapping[str, str] = self.settings.get("environment", {})
        return {
            "HOME": str(folder),
            **{k: v.replace(FOLDER, str(folder)) for k, v in given.items()},
        }

    @property
    def stored(self) -> Answer:
        refused = self.path / "refused.txt"
        if refused.exists():
            return refused.read_text()
        answer: Mapping[str, Any] = json.loads((self.path / "print.json").read_text())
        return answer

    def store(self, answer: Answer) -> None:
        for name in ("print.json", "refused.txt", "said.txt"):
            (self.path / name).unlink(missing_ok=True)
        if isinstance(answer, str):
            (self.path / "refused.txt").write_text(answer)
            (self.path / "said.txt").write_text(said(ours(self)[1]))
        else:
            (self.path / "print.json").write_text(json.dumps(answer, indent=2) + "\n")


def cases() -> list[Case]:
    return [Case(path) for path in sorted(CASES.iterdir()) if path.is_dir()]


# -- ours


def ours(case: Case) -> tuple[Composed, Diagnostics]:
    files = [_source(case.path, name) for name in case.files]
    dotenv = _source(case.path, ".env")
    environment = case.environment(case.path)
    found = [file for file in files if file is not None]
    assert len(found) == len(files)
    return read(found, environment, dotenv, lambda path: _source(case.path, path))


def said(problems: Diagnostics) -> str:
    lines = [f"{one.range}: {one.summary}\n  {one.detail}\n" for one in problems.sorted()]
    return "".join(lines)


def _source(folder: Path, name: str) -> SourceFile | None:
    path = folder / name
    return SourceFile(name, path.read_text(), str(folder)) if path.is_file() else None


def finished(case: Case, composed: Composed, shown: Mapping[str, Any]) -> Any:
    """The body as `bake --print` shows it: with bake's own defaults, and only targets `shown`."""
    body = json.loads(json.dumps(composed.body).replace(str(case.path), FOLDER))
    targets = {name: _finished(target) for name, target in body.get("target", {}).items()}
    if not case.targets:
        return {"group": body["group"], "target": targets}
    return {"target": {name: targets[name] for name in shown if name in targets}}


def _finished(target: dict[str, Any]) -> dict[str, Any]:
    with_defaults = {"context": ".", "dockerfile": "Dockerfile", **target}
    context = with_defaults["context"]
    if "://" not in context and "@" not in context:
        with_defaults["context"] = posixpath.normpath(context)
    if target.get("network") == "host":
        with_defaults["entitlements"] = ["network.host"]
    return {name: value for name, value in with_defaults.items() if value != []}


# -- the real one


def real(case: Case, program: Path) -> Answer:
    """What the real bake says, without what differs from run to run."""
    with _copied(case) as folder:
        done = subprocess.run(
            [str(program), "bake", *_flags(case), "--print", "--progress=plain", *case.targets],
            cwd=folder,
            env={"PATH": "/usr/bin:/bin", **case.environment(folder)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            return _reason(done.stderr).replace(str(folder), FOLDER)
        return _sorted(case, json.loads(_literal(done.stdout).replace(str(folder), FOLDER)))


def _flags(case: Case) -> list[str]:
    return [word for name in case.files for word in ("-f", name)]


def _literal(text: str) -> str:
    """Bake prints strings as templates of HCL."""
    return text.replace("$${", "${").replace("%%{", "%{")


def _reason(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.startswith(("ERROR", "panic"))]
    return f"{lines[0]}\n"


def _sorted(case: Case, printed: dict[str, Any]) -> dict[str, Any]:
    """Without the order of ulimits, which is random, and the group of the named targets."""
    for target in printed["target"].values():
        if "ulimits" in target:
            target["ulimits"].sort()
    if case.targets:
        del printed["group"]
    elif printed["group"]["default"]["targets"] is None:
        printed["group"]["default"]["targets"] = []
    return printed


@contextmanager
def _copied(case: Case) -> Iterator[Path]:
    """A copy of the case in a folder with a short name, as names of sockets must be short."""
    with tempfile.TemporaryDirectory() as temporary, ExitStack() as stack:
        folder = Path(temporary) / "case"
        shutil.copytree(case.path, folder)
        for name in case.settings.get("sockets", []):
            opened = stack.enter_context(socket.socket(socket.AF_UNIX))
            opened.bind(str(folder / name))
        yield folder
