"""Modules from real git repositories: by file://, made here."""

import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from envdplan.ground.diagnostics import Conflict, EnvdplanError, Refused, Unreachable
from envdplan.modules import git
from envdplan.modules.fetch import fetch
from envdplan.modules.source import Git, parse
from envdplan.modules.tree import Limits

ENVIRONMENT = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}


@dataclass
class Repository:
    """A repository that a test fills."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def git(self, *arguments: str, input: str | None = None) -> str:
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@h", *arguments]
        environment = {**ENVIRONMENT, "GIT_CONFIG_NOSYSTEM": "1", **self.environment}
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=environment,
            input=input,
            check=True,
            capture_output=True,
            text=True,
        )
        return done.stdout.strip()

    def commit(self, **files: str) -> str:
        for name, text in files.items():
            path = self.folder / name.replace("__", "/")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "m")
        return self.git("rev-parse", "HEAD")

    def source(self, rest: str = "") -> Git:
        found = parse(f"git::file://{self.folder}{rest}")
        assert isinstance(found, Git)
        return found


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    folder = tmp_path / "repository"
    folder.mkdir()
    made = Repository(folder)
    made.git("init", "--quiet", "--initial-branch=main")
    return made


Fetch = Callable[..., tuple[Path, str | None]]


@pytest.fixture
def fetched(tmp_path: Path) -> Fetch:
    """Fetches a source into a new folder: the folder, and the commit."""
    count = 0

    def run(
        source: Git, commit: str | None = None, limits: Limits | None = None, **environment: str
    ) -> tuple[Path, str | None]:
        nonlocal count
        count += 1
        room, into = tmp_path / f"room{count}", tmp_path / f"into{count}"
        room.mkdir()
        into.mkdir()
        more = {**ENVIRONMENT, **environment}
        return into, fetch(source, commit, room, into, more, limits=limits or Limits())

    return run


def test_a_tag_a_branch_a_commit_and_the_head_are_fetched(
    repository: Repository, fetched: Fetch
) -> None:
    first = repository.commit(f="1")
    repository.git("tag", "--annotate", "--message", "m", "v1")
    second = repository.commit(f="2")
    repository.git("branch", "stable/one")
    third = repository.commit(f="3")
    for ref, commit in (
        ("?ref=v1", first),
        ("?ref=stable%2Fone", second),
        ("", third),
        (f"?ref={first}", first),
        (f"?ref={second[:9]}", second),
        (f"?ref={first[:9]}&depth=3", first),
    ):
        folder, found = fetched(repository.source(ref))
        assert found == commit
        assert (folder / "f").read_text() == str([first, second, third].index(commit) + 1)


def test_a_locked_commit_is_fetched_wherever_the_branch_is(
    repository: Repository, fetched: Fetch
) -> None:
    first = repository.commit(f="1")
    repository.commit(f="2")
    folder, found = fetched(repository.source("?ref=main"), first)
    assert (found, (folder / "f").read_text()) == (first, "1")


def test_a_locked_commit_that_is_gone_is_a_conflict(repository: Repository, fetched: Fetch) -> None:
    repository.commit(f="1")
    with pytest.raises(Conflict, match="init -upgrade"):
        fetched(repository.source("?ref=main"), "ab" * 20)


def test_a_ref_that_is_not_there_is_told_with_the_nearest(
    repository: Repository, fetched: Fetch
) -> None:
    repository.commit(f="1")
    repository.git("tag", "v1.20")
    with pytest.raises(EnvdplanError, match=r'Ref not found\n.*"v1\.2"\..*"v1\.20"'):
        fetched(repository.source("?ref=v1.2"))
    with pytest.raises(EnvdplanError, match="Ref not found"):
        fetched(repository.source("?ref=abcdef12"))


def test_an_empty_or_missing_repository_is_told(repository: Repository, fetched: Fetch) -> None:
    with pytest.raises(EnvdplanError, match="no default branch"):
        fetched(repository.source())
    with pytest.raises(Unreachable, match="does not appear to be a git repository"):
        fetched(Git("file:///no/such/repository"))


def test_files_are_those_of_the_repository_whatever_the_machine_is_set_to(
    repository: Repository, fetched: Fetch, tmp_path: Path
) -> None:
    repository.commit(
        f="a\nb\n", **{".gitattributes": "* text eol=crlf filter=evil export-subst\n"}
    )
    (repository.folder / "run").write_text("#!")
    (repository.folder / "run").chmod(0o755)
    (repository.folder / "link").symlink_to("f")
    repository.commit()
    marker = tmp_path / "marker"
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text(
        f'[core]\n\tautocrlf = true\n[filter "evil"]\n\tsmudge = touch {marker}; cat\n'
        f"\trequired = true\n"
    )
    folder, _ = fetched(repository.source(), HOME=str(tmp_path / "home"))
    assert (folder / "f").read_bytes() == b"a\nb\n"
    assert (folder / "run").stat().st_mode & 0o100
    assert (folder / "link").readlink() == Path("f")
    assert not marker.exists()


def test_hooks_and_settings_of_a_hostile_repository_do_nothing(
    repository: Repository, fetched: Fetch, tmp_path: Path
) -> None:
    repository.commit(f="1")
    template = tmp_path / "template"
    (template / "hooks").mkdir(parents=True)
    for name in ("post-checkout", "post-merge", "reference-transaction"):
        hook = template / "hooks" / name
        hook.write_text(f"#!/bin/sh\ntouch {tmp_path}/marker\n")
        hook.chmod(0o755)
    fetched(repository.source(), GIT_TEMPLATE_DIR=str(template))
    assert not (tmp_path / "marker").exists()


def test_a_repository_around_us_is_not_touched(
    repository: Repository, fetched: Fetch, tmp_path: Path
) -> None:
    repository.commit(f="1")
    other = Repository(tmp_path / "other")
    other.folder.mkdir()
    other.git("init", "--quiet")
    before = sorted((other.folder / ".git").rglob("*"))
    folder, _ = fetched(
        repository.source(),
        GIT_DIR=str(other.folder / ".git"),
        GIT_INDEX_FILE=str(other.folder / ".git" / "index"),
    )
    assert (folder / "f").read_text() == "1"
    assert sorted((other.folder / ".git").rglob("*")) == before


def test_submodules_are_left_out(repository: Repository, fetched: Fetch, tmp_path: Path) -> None:
    inner = Repository(tmp_path / "inner")
    inner.folder.mkdir()
    inner.git("init", "--quiet")
    inner.commit(secret="1")
    repository.commit(f="1")
    repository.git(
        "-c", "protocol.file.allow=always", "submodule", "--quiet", "add",
        f"file://{inner.folder}", "sub",
    )  # fmt: skip
    repository.commit()
    folder, _ = fetched(repository.source())
    assert sorted(one.name for one in folder.iterdir()) == [".gitmodules", "f"]


def test_links_out_of_a_repository_are_refused(repository: Repository, fetched: Fetch) -> None:
    (repository.folder / "link").symlink_to("../../etc/passwd")
    repository.commit()
    with pytest.raises(Refused, match="leads out of it"):
        fetched(repository.source())


def test_a_large_repository_is_refused(repository: Repository, fetched: Fetch) -> None:
    repository.commit(f="x" * 2000)
    with pytest.raises(Refused, match="more than 1000 bytes"):
        fetched(repository.source(), limits=Limits(size=1000))


def test_a_small_repository_with_endless_files_is_refused(
    repository: Repository, fetched: Fetch
) -> None:
    repository.commit(f="x")
    tree = repository.git("rev-parse", "HEAD^{tree}")
    for _ in range(6):  # ten folders in each, all the same: a million files in a few bytes
        listed = "".join(f"040000 tree {tree}\t{'n' * 30}{n}\n" for n in range(10))
        tree = repository.git("mktree", input=listed)
    commit = repository.git("commit-tree", "-m", "m", tree)
    repository.git("update-ref", "refs/heads/bomb", commit)
    with pytest.raises(Refused, match="more files than a module may have"):
        fetched(repository.source("?ref=bomb"))


def test_a_large_pack_is_not_taken(repository: Repository, tmp_path: Path) -> None:
    repository.commit(f="1")
    (repository.folder / "noise").write_bytes(os.urandom(300_000))
    repository.commit()
    room = tmp_path / "room"
    room.mkdir()
    limited = git.Git(room, ENVIRONMENT, largest=100_000)
    limited.run("init", "--quiet", "--bare", ".")
    with pytest.raises(git.GitFailed):
        limited.run("fetch", "--", repository.source().url, "main")


def test_without_git_the_error_says_so(repository: Repository, fetched: Fetch) -> None:
    repository.commit(f="1")
    with pytest.raises(EnvdplanError, match="git is not installed"):
        fetched(repository.source(), PATH="/nonexistent")


@pytest.fixture
def plain_web(repository: Repository) -> Iterator[str]:
    """The URL of a web server that knows nothing of git; it gives out files."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(repository.folder / ".git"))

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://localhost:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_web_server_without_git_is_enough(
    repository: Repository, fetched: Fetch, plain_web: str
) -> None:
    first = repository.commit(f="1")
    repository.git("tag", "v1")
    second = repository.commit(f="2")
    repository.git("update-server-info")
    for ref, commit in (("v1", first), (None, second), (first, first), (first[:9], first)):
        folder, found = fetched(Git(plain_web, ref=ref))
        assert found == commit
        assert (folder / "f").read_text() == ("1" if commit == first else "2")
    with pytest.raises(EnvdplanError, match="Ref not found"):
        fetched(Git(plain_web, ref="v9"))


def test_plain_http_is_closed_to_git_unless_it_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(git.GitFailed, match="transport 'http' not allowed"):
        git.Git(tmp_path, ENVIRONMENT).run("ls-remote", "--", "http://localhost:1/r")


def program(folder: Path, text: str) -> str:
    """A PATH that finds this git first."""
    folder.mkdir()
    (folder / "git").write_text(f"#!/bin/sh\n{text}\n")
    (folder / "git").chmod(0o755)
    return f"{folder}:{ENVIRONMENT['PATH']}"


def has_ended(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().split()[2] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def patience() -> Iterator[None]:
    """A killed process may be seen for a moment yet; `sleep 600` ends much later by itself."""
    for _ in range(1200):
        yield
        time.sleep(0.05)


def test_a_git_that_hangs_is_stopped_with_its_children(tmp_path: Path) -> None:
    path = program(tmp_path / "bin", f"sleep 600 & echo $! > {tmp_path}/child; wait")
    with pytest.raises(Unreachable, match="git takes too long"):
        git.Git(tmp_path, {"PATH": path}, timeout=1.0).run("fetch")
    child = int((tmp_path / "child").read_text())
    assert any(has_ended(child) for _ in patience()), "the child goes on"


def test_git_is_told_not_to_ask_and_which_protocols_are_allowed(tmp_path: Path) -> None:
    path = program(tmp_path / "bin", "env; ps -o sid= -p $$")
    said = git.Git(tmp_path, {"PATH": path, "GIT_WORK_TREE": "/x"}).run("fetch").decode()
    assert "GIT_TERMINAL_PROMPT=0" in said
    assert "GIT_ALLOW_PROTOCOL=https:ssh:file:git\n" in said
    assert "GIT_WORK_TREE" not in said
    assert int(said.split()[-1]) != os.getsid(0)  # no terminal to ask at


def test_logins_that_git_tells_are_not_shown(tmp_path: Path, fetched: Fetch) -> None:
    path = program(
        tmp_path / "bin",
        '[ "$(echo "$*" | grep -c fetch.--quiet)" = 0 ] && exit 0\n'
        "echo \"fatal: unable to access 'https://me:hunter2@h.io/r/'\" >&2; exit 128",
    )
    with pytest.raises(Unreachable) as caught:
        fetched(Git("https://h.io/r"), PATH=path)
    assert "https://h.io/r/" in str(caught.value)
    assert "hunter2" not in str(caught.value)
