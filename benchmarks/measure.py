"""Running commands and timing them; rows of a table."""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Timing:
    """Seconds of several runs, and the most memory that one of them took (bytes)."""

    seconds: tuple[float, ...]
    memory: int = 0

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)

    def __str__(self) -> str:
        return f"{self.median:.3f} s ({min(self.seconds):.3f} to {max(self.seconds):.3f})"


@dataclass(frozen=True)
class Row:
    """One measurement; `peer` is what it is held against."""

    what: str
    ours: Timing
    peer: Timing | None = None
    peer_name: str = ""
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.ours.median / self.peer.median if self.peer else None

    def __str__(self) -> str:
        ratio = "" if self.ratio is None else f", {self.ratio:.2f}x {self.peer_name}"
        return f"{self.ours}{ratio}"


def table(rows: Iterable[Row]) -> str:
    """Markdown."""
    lines = ["| what | envdplan | peer | ratio | |", "|---|---|---|---|---|"]
    for row in rows:
        peer = f"{row.peer_name} {row.peer}" if row.peer else ""
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        memory = f"{row.ours.memory / 2**20:.0f} MiB" if row.ours.memory else ""
        note = ", ".join(filter(None, (memory, row.note)))
        lines.append(f"| {row.what} | {row.ours} | {peer} | {ratio} | {note} |")
    return "\n".join(lines)


@dataclass
class Bench:
    """A folder to work in, and how to run things."""

    quick: bool
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="envdplan-bench-")))
    _own_services: Path | None = None

    def __enter__(self) -> Self:
        self.home.mkdir()
        return self

    def __exit__(
        self,
        type: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._own_services is not None:
            self._services_command("down", self._own_services)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def home(self) -> Path:
        return self.folder / "home"

    @property
    def runs(self) -> int:
        return 3 if self.quick else 7

    @cached_property
    def environment(self) -> dict[str, str]:
        """Plain, and with Python's cache of compiled modules as users have it."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "NO_COLOR": "1"}

    @cached_property
    def ours(self) -> list[str]:
        """The command as users install it: without the tools of developers."""
        venv = self.folder / "venv"
        for command in (
            [sys.executable, "-m", "venv", str(venv)],
            [str(venv / "bin" / "pip"), "install", "--quiet", str(ROOT)],
        ):
            subprocess.run(command, check=True, capture_output=True)
        return [str(venv / "bin" / "envdplan")]

    @cached_property
    def services(self) -> dict[str, Any]:
        """Real parts: those that run, or our own."""
        import json

        path = os.environ.get("ENVDPLAN_TEST_SERVICES")
        if not path:
            self._own_services = self.folder / "s"
            path = self._services_command("up", self._own_services).strip().splitlines()[-1]
        found: dict[str, Any] = json.loads(Path(path).read_text())
        return found

    def _services_command(self, command: str, state: Path) -> str:
        words = [
            sys.executable,
            str(ROOT / "scripts" / "services.py"),
            command,
            "--state",
            str(state),
        ]
        return subprocess.run(words, check=True, capture_output=True, text=True).stdout

    @cached_property
    def buildx(self) -> list[str] | None:
        """`docker buildx`, from Debian's package where it is not there already."""
        plugins = self.folder / "docker"
        found = subprocess.run(
            [sys.executable, str(ROOT / "scripts" / "services.py"), "buildx"],
            capture_output=True,
            text=True,
            check=False,
        )
        path = found.stdout.strip().splitlines()[-1:] or [""]
        if found.returncode or not Path(path[0]).is_file():
            return None
        (plugins / "cli-plugins").mkdir(parents=True, exist_ok=True)
        shutil.copy(path[0], plugins / "cli-plugins" / "docker-buildx")
        return [self.services["programs"]["docker"], "--config", str(plugins), "buildx"]

    def time(
        self,
        command: Sequence[str],
        cwd: Path,
        *,
        runs: int | None = None,
        before: Callable[[], object] = lambda: None,
        codes: Sequence[int] = (0,),
        **environment: str,
    ) -> Timing:
        """Run `command` several times; `before` prepares each run and is not timed."""
        seconds, memory = [], 0
        for _ in range(runs or self.runs):
            before()
            begun = time.perf_counter()
            process = subprocess.Popen(
                command,
                cwd=cwd,
                env={**self.environment, **environment},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
            assert process.stdout is not None
            said = process.stdout.read()
            _, status, usage = os.wait4(process.pid, 0)
            seconds.append(time.perf_counter() - begun)
            process.returncode = os.waitstatus_to_exitcode(status)
            process.stdout.close()
            memory = max(memory, usage.ru_maxrss * 1024)
            if process.returncode not in codes:
                raise SystemExit(f"{command} ended with {process.returncode}:\n{said.decode()}")
        return Timing(tuple(seconds), memory)


def program(name: str) -> str | None:
    """A peer's command, where it is."""
    return shutil.which(name)
