"""Runs the git program: without a shell, without questions, and only for what we ask of it.

The user's own git configuration holds (proxies, credential helpers, url.insteadOf); nothing of
a repository's does: it is bare, has no hooks, and nothing of it is ever checked out by git.
"""

import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Final

from envdplan.ground.diagnostics import EnvdplanError, Unreachable
from envdplan.ground.interrupts import held
from envdplan.ground.logs import Log, command
from envdplan.modules.tree import unsafe

_LOG: Final = Log("modules")
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
_LIMITED: Final = ("sh", "-c", 'ulimit -f "$1" 2>/dev/null; shift; exec "$@"', "sh")
"""Runs a command with a limit of its files that holds from its first byte on, and for its
children: a limit that is set from outside can come after a fast git has ended.
"""
_BLOCK: Final = 512
"""Bytes; the unit of `ulimit -f` (POSIX)."""

_LARGEST_OUTPUT: Final = 64 * 1024 * 1024
"""Bytes that are kept in memory: a small repository can have a list of files without end."""

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
    largest: int = 1024 * 1024 * 1024
    """Bytes of a file that it may write: a pack that is larger breaks off."""
    plain_http: bool = False
    """http:// is only for servers of this machine."""

    def run(self, *arguments: str) -> bytes:
        """What it writes. Raises GitFailed, Refused when that is very much, and EnvdplanError when
        it is missing or too slow.
        """
        with TemporaryFile() as errors:
            with self._started(arguments, subprocess.DEVNULL, errors) as process:
                out = _output(process).read(_LARGEST_OUTPUT + 1)
                if len(out) > _LARGEST_OUTPUT:
                    raise unsafe("more files than a module may have")
            if process.returncode:
                raise GitFailed(_said(errors))
        return out

    def blobs(self, names: list[str]) -> Iterator[Iterator[bytes]]:
        """The content of each blob, in pieces; each must be read to its end."""
        asked = ("cat-file", "--batch")
        with self._started(asked, subprocess.PIPE, subprocess.DEVNULL) as process:
            answers = _output(process)
            assert process.stdin  # noqa: S101  it is a pipe
            for name in names:
                process.stdin.write(f"{name}\n".encode())
                process.stdin.flush()
                head = answers.readline().split()
                if len(head) != 3:  # noqa: PLR2004  name, type and size
                    raise GitFailed(f"the object {name} is missing")
                yield _pieces(answers, int(head[2]))
                answers.read(1)
            process.stdin.close()
            answers.read(1)

    @contextmanager
    def _started(
        self, arguments: Sequence[str], stdin: int, stderr: "int | IO[bytes]"
    ) -> "Iterator[subprocess.Popen[bytes]]":
        """A group and a session of its own: it cannot ask at the terminal, and ends as a whole.

        At the end of the block it has ended. Raises Unreachable when it was stopped as too slow.
        """
        late = threading.Event()
        with ExitStack() as ending, _LOG.call("run", command(["git", *arguments])) as call:
            with held():
                process = self._process(arguments, stdin, stderr)
                ending.callback(_end, process)
            timer = threading.Timer(self.timeout, _stop, (process, late))
            ending.callback(timer.cancel)
            timer.start()
            yield process
            call.status = f"code {process.wait()}"
        if late.is_set():
            raise _too_slow(arguments[0], self.timeout)

    def _process(
        self, arguments: Sequence[str], stdin: int, stderr: "int | IO[bytes]"
    ) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [*_LIMITED, str(self.largest // _BLOCK), self._program(), *_SETTINGS, *arguments],
            cwd=self.folder,
            env=self._variables(),
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=stderr,
            start_new_session=True,
        )

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


def _output(process: "subprocess.Popen[bytes]") -> "IO[bytes]":
    assert process.stdout  # noqa: S101  it is a pipe
    return process.stdout


def _pieces(output: "IO[bytes]", size: int) -> Iterator[bytes]:
    while size:
        piece = output.read(min(size, 1024 * 1024))
        if not piece:
            raise GitFailed("an object breaks off")
        size -= len(piece)
        yield piece


def _said(errors: "IO[bytes]") -> str:
    """The end of what it wrote, without the logins that a user's settings put into URLs."""
    errors.seek(max(0, errors.seek(0, os.SEEK_END) - 4000))
    return _LOGIN.sub("", errors.read().decode("utf-8", "replace")).strip()


def _stop(process: "subprocess.Popen[bytes]", late: threading.Event) -> None:
    late.set()
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    process.wait()


def _too_slow(command: str, timeout: float) -> Unreachable:
    return Unreachable(
        "git takes too long",
        f"`git {command}` did not end within {timeout:g} seconds and was stopped. Check the "
        "network, or whether the repository is that large.",
    )
