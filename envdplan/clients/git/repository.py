"""What git says about folders, for git(): asked through the program, once for each repository."""

import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from envdplan.ground.logs import Log, command
from envdplan.ground.values import Value

_LOG: Final = Log("clients.git")
_PATIENCE: Final = 60
"""Seconds that one question may take."""
_OF_A_HOOK: Final = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})
"""git sets these for its hooks; the folder itself says which repository it is in."""
_LOGIN: Final = re.compile(r"(?<=://)[^/@]*@")


class NoAnswer(Exception):
    """git tells nothing; the text says why, as the rest of a sentence."""


@dataclass(slots=True)
class Repositories:
    """Answers of git, kept for as long as the command runs."""

    environment: Mapping[str, str] = field(repr=False)
    _roots: dict[str, str] = field(default_factory=dict)
    _known: dict[str, Mapping[str, Value]] = field(default_factory=dict)

    def about(self, directory: str) -> Mapping[str, Value]:
        """commit, short, branch, tag, dirty and remote. Raises NoAnswer."""
        if directory not in self._roots:
            self._roots[directory] = self._root(directory)
        root = self._roots[directory]
        if root not in self._known:
            self._known[root] = self._asked(root)
        return self._known[root]

    def _root(self, directory: str) -> str:
        done = self._run(directory, "rev-parse", "--show-toplevel")
        if done.returncode == 0 and done.stdout.strip():
            return done.stdout.removesuffix("\n")
        said = _said(done)
        if "not a git repository" in said or not said:
            raise NoAnswer(
                f"{directory} is in no git repository with a work tree; "
                "try(git().commit, ...) gives another value for this case"
            )
        raise NoAnswer(f"git says about {directory}: {said}")

    def _asked(self, root: str) -> Mapping[str, Value]:
        commit = self._line(root, "rev-parse", "--verify", "--quiet", "HEAD")
        if commit is None:
            raise NoAnswer(f"the git repository {root} has no commit yet")
        remote = self._line(root, "remote", "get-url", "origin")
        return {
            "branch": self._line(root, "symbolic-ref", "--quiet", "--short", "HEAD"),
            "commit": commit,
            "dirty": self._dirty(root),
            "remote": None if remote is None else _LOGIN.sub("", remote),
            "short": self._line(root, "rev-parse", "--short", "HEAD"),
            "tag": self._line(root, "describe", "--tags", "--exact-match", "HEAD"),
        }

    def _dirty(self, root: str) -> bool:
        """As `git describe --dirty`: files that git does not know do not count.

        A state file beside the configuration would else change what it was made from.
        """
        done = self._run(root, "status", "--porcelain", "--untracked-files=no")
        if done.returncode:
            raise NoAnswer(f"git says about {root}: {_said(done)}")
        return bool(done.stdout)

    def _line(self, root: str, *arguments: str) -> str | None:
        """What git answers, or None where there is no such thing."""
        done = self._run(root, *arguments)
        return None if done.returncode else done.stdout.removesuffix("\n")

    def _run(self, directory: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        # no locks: a plan writes nothing; C: its messages are looked at
        inherited = {n: v for n, v in self.environment.items() if n not in _OF_A_HOOK}
        environment = {**inherited, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
        try:
            with _LOG.call("run", command(["git", *arguments])) as call:
                done = subprocess.run(
                    ["git", *arguments],
                    cwd=Path(directory),
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    capture_output=True,
                    text=True,
                    errors="replace",
                    timeout=_PATIENCE,
                    check=False,
                )
                call.status = f"code {done.returncode}"
        except FileNotFoundError:
            raise NoAnswer(_missing(directory)) from None
        except subprocess.TimeoutExpired:
            raise NoAnswer(f"git did not answer within {_PATIENCE} seconds") from None
        except OSError as error:
            raise NoAnswer(f"git cannot be run: {error.strerror}") from None
        return done


def _missing(directory: str) -> str:
    if not Path(directory).is_dir():
        return f"there is no folder {directory}"
    return "the program git is not installed, or not in PATH"


def _said(done: "subprocess.CompletedProcess[str]") -> str:
    """What git complained about, on one line and without what it suggests."""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    return lines[0].removeprefix("fatal: ").strip() if lines else ""
