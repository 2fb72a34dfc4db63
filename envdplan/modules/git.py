"""Runs the git program: without a shell, without questions, and only for what we ask of it.

The user's own git configuration holds (proxies, credential helpers, url.insteadOf); nothing of
a repository's does: it is bare, has no hooks, and nothing of it is ever checked out by git.
"""

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from envdplan.diagnostics import EnvdplanError, Unreachable

_PROTOCOLS: Final = "https:ssh:file:git"
_FOREIGN: Final = frozenset(
    {
        "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_DIR", "GIT_GRAFT_FILE",
        "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_OBJECT_DIRECTORY", "GIT_PREFIX",
        "GIT_REPLACE_REF_BASE", "GIT_SHALLOW_FILE", "GIT_WORK_TREE",
    }
)  # fmt: skip
"""Variables by which a git that runs us, in a hook, would make ours work on its repository."""

_SETTINGS: Final = (
    "-c", "core.hooksPath=/dev/null",
    "-c", "core.fsmonitor=false",
    "-c", "fetch.recurseSubmodules=false",
    "-c", "gc.auto=0",
    "-c", "maintenance.auto=false",
    "-c", "http.lowSpeedLimit=1",
    "-c", "http.lowSpeedTime=60",
)  # fmt: skip
_LOGIN: Final = re.compile(r"(?<=://)[^/@\s]*@")


class GitFailed(Exception):
    """git ended with an error; `said` is what it wrote."""

    def __init__(self, said: str) -> None:
        super().__init__(said)
        self.said = said


@dataclass(frozen=True, slots=True)
class Git:
    """The program on one repository. `timeout` is in seconds, for each run."""

    folder: Path
    environment: Mapping[str, str] = field(repr=False)
    timeout: float = 600.0
    plain_http: bool = False
    """http:// is only for servers of this machine."""

    def run(self, *arguments: str) -> bytes:
        """What it writes. Raises GitFailed, and EnvdplanError when it is missing or too slow."""
        with self._started(*arguments) as process:
            try:
                out, err = process.communicate(timeout=self.timeout)
            except subprocess.TimeoutExpired:
                raise Unreachable(
                    "git takes too long",
                    f"`git {arguments[0]}` did not end within {self.timeout:g} seconds and was "
                    "stopped. Check the network, or whether the repository is that large.",
                ) from None
        if process.returncode:
            raise GitFailed(_LOGIN.sub("", err.decode("utf-8", "replace")).strip()[-2000:])
        return out

    def blobs(self, names: list[str]) -> Iterator[Iterator[bytes]]:
        """The content of each blob, in pieces; each must be read to its end."""
        with self._started("cat-file", "--batch") as process:
            assert process.stdin  # noqa: S101  both are pipes
            assert process.stdout  # noqa: S101
            for name in names:
                process.stdin.write(f"{name}\n".encode())
                process.stdin.flush()
                head = process.stdout.readline().split()
                if len(head) != 3:  # noqa: PLR2004  name, type and size
                    raise GitFailed(f"the object {name} is missing")
                yield _pieces(process, int(head[2]))
                process.stdout.read(1)

    @contextmanager
    def _started(self, *arguments: str) -> "Iterator[subprocess.Popen[bytes]]":
        """A group and a session of its own: it cannot ask at the terminal, and ends as a whole."""
        process = subprocess.Popen(
            [self._program(), *_SETTINGS, *arguments],
            cwd=self.folder,
            env=self._variables(),
            stdin=subprocess.PIPE if "--batch" in arguments else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if "--batch" in arguments else subprocess.PIPE,
            start_new_session=True,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            for pipe in (process.stdin, process.stdout, process.stderr):
                if pipe is not None:
                    with suppress(OSError):
                        pipe.close()
            process.wait()

    def _program(self) -> str:
        found = shutil.which("git", path=self.environment.get("PATH"))
        if found is None:
            raise EnvdplanError(
                "git is not installed",
                "The module comes from a git repository, but there is no git program in PATH. "
                "Install git, or name an archive as the source.",
            )
        return found

    def _variables(self) -> dict[str, str]:
        kept = {name: one for name, one in self.environment.items() if name not in _FOREIGN}
        http = ":http" if self.plain_http else ""
        return {
            **kept,
            "GIT_ALLOW_PROTOCOL": _PROTOCOLS + http,
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "LC_ALL": "C",
            "LANGUAGE": "C",
        }


def _pieces(process: "subprocess.Popen[bytes]", size: int) -> Iterator[bytes]:
    assert process.stdout  # noqa: S101  it is a pipe
    while size:
        piece = process.stdout.read(min(size, 1024 * 1024))
        if not piece:
            raise GitFailed("an object breaks off")
        size -= len(piece)
        yield piece
