"""envdplan init as users run it: on local git repositories and archives."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import threading
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from envdplan.cli.init import telling
from envdplan.ground.diagnostics import Conflict, EnvdplanError
from envdplan.modules.events import ModuleEvent, Outcome
from envdplan.modules.installed import Installed, find
from envdplan.modules.source import parse
from tests import children
from tests.unit.cli.running import environment as plain

ROOT = Path(__file__).parents[3]


@dataclass
class Project:
    """A folder with a configuration, beside a repository and an archive."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def repository(self) -> Path:
        return self.folder.parent / "repository"

    @property
    def archive(self) -> Path:
        return self.folder.parent / "m.tar.gz"

    @property
    def packages(self) -> list[str]:
        folder = self.folder / ".envdplan" / "modules"
        return sorted(one.name for one in folder.iterdir() if one.is_dir())

    @property
    def lock(self) -> str:
        return (self.folder / "envdplan.lock").read_text()

    def write(self, text: str, name: str = "envdplan.hcl") -> None:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.replace("REPOSITORY", str(self.repository)).replace(
            "ARCHIVE", f"file://{self.archive}"))  # fmt: skip

    def start(self, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
        return children.start(
            [sys.executable, "-m", "envdplan", *arguments],
            cwd=self.folder,
            env=plain(self.folder.parent, **environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def init(self, *arguments: str, **environment: str) -> tuple[int, str]:
        """The exit code and all that was said, on lines of any length."""
        out, err = (process := self.start("init", *arguments, **environment)).communicate(
            timeout=120
        )
        assert "Traceback" not in out + err
        return process.returncode, out + " ".join(err.split())

    def git(self, *arguments: str) -> str:
        command = ["git", "-c", "user.name=t", "-c", "user.email=t@h", *arguments]
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.folder.parent)}
        done = subprocess.run(
            command, cwd=self.repository, env=environment, check=True, capture_output=True,
            text=True,
        )  # fmt: skip
        return done.stdout.strip()

    def commit(self, text: str, name: str = "net/envdplan.hcl") -> str:
        path = self.repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        if not (self.repository / ".git").exists():
            self.git("init", "--quiet", "--initial-branch=main")
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "m")
        return self.git("rev-parse", "HEAD")

    def pack(self, **files: str) -> None:
        with tarfile.open(self.archive, "w:gz") as made:
            for name, text in files.items():
                entry = tarfile.TarInfo(f"{name}/envdplan.hcl")
                entry.size = len(text)
                made.addfile(entry, io.BytesIO(text.encode()))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    folder = tmp_path / "project"
    folder.mkdir()
    return Project(folder)


BOTH = """
module "net" { source = "git::file://REPOSITORY//net?ref=main" }
module "arc" { source = "ARCHIVE//a" }
"""


def test_a_first_run_installs_and_locks_and_a_second_does_nothing(project: Project) -> None:
    commit = project.commit("locals {}\n")
    project.pack(a="locals {}\n")
    project.write(BOTH)
    code, said = project.init()
    assert code == 0, said
    assert f"module.net: Installed git::file://{project.repository}//net?ref=main" in said
    assert "2 modules are ready." in said
    assert commit in project.lock
    assert project.lock.count("h1:") == 2
    assert (project.folder / ".envdplan/.gitignore").read_text() == "*\n"
    before = {one: one.stat().st_mtime_ns for one in project.folder.rglob("*")}
    project.repository.rename(project.repository.with_name("away"))
    project.archive.unlink()
    code, said = project.init(PATH="/nonexistent")
    assert code == 0, said
    assert said.count("Up to date:") == 2
    assert "Fetching" not in said
    assert {one: one.stat().st_mtime_ns for one in project.folder.rglob("*")} == before


def test_a_moved_branch_is_taken_by_upgrade_only(project: Project) -> None:
    first = project.commit("locals {}\n")
    project.write('module "net" { source = "git::file://REPOSITORY//net?ref=main" }')
    project.init()
    second = project.commit("locals { a = 1 }\n")
    assert "Up to date:" in project.init()[1]
    shutil.rmtree(project.folder / ".envdplan")  # another machine, with the lock file
    code, said = project.init()
    assert (code, first in project.lock) == (0, True), said
    code, said = project.init("-upgrade")
    assert f"Upgraded git::file://{project.repository}//net?ref=main" in said
    assert f"(commit {first[:12]} -> {second[:12]})" in said
    assert second in project.lock
    assert first not in project.lock
    assert len(project.packages) == 1
    assert "Up to date:" in project.init("-upgrade")[1]


def test_an_archive_that_changed_is_refused_until_it_is_upgraded(project: Project) -> None:
    project.pack(a="locals {}\n")
    project.write('module "arc" { source = "ARCHIVE//a" }')
    project.init()
    before = project.lock
    project.pack(a="locals { evil = 1 }\n")
    shutil.rmtree(project.folder / ".envdplan")
    code, said = project.init()
    assert code == 1
    assert "Module has changed" in said
    assert "`envdplan init -upgrade`" in said
    assert project.lock == before
    assert project.packages == []
    code, said = project.init("--upgrade")
    assert code == 0, said
    assert "Upgraded" in said
    assert project.lock != before


def test_a_package_that_was_edited_is_installed_again(project: Project) -> None:
    project.pack(a="locals {}\n")
    project.write('module "arc" { source = "ARCHIVE//a" }')
    project.init()
    file = project.folder / ".envdplan/modules" / project.packages[0] / "a/envdplan.hcl"
    file.write_text("locals { edited = 1 }\n")
    code, said = project.init()
    assert (code, "Installed" in said) == (0, True)
    assert file.read_text() == "locals {}\n"


def test_what_nobody_needs_any_more_goes(project: Project) -> None:
    project.commit("locals {}\n")
    project.pack(a="locals {}\n")
    project.write(BOTH)
    project.init()
    (project.folder / ".envdplan/modules/.tmp-killed").mkdir()
    project.write('module "arc" { source = "ARCHIVE//a" }')
    code, said = project.init()
    assert f"Removed git::file://{project.repository}?ref=main, which no module" in said
    assert "git::" not in project.lock
    assert [one.partition("-")[0] for one in project.packages] == ["m"]
    assert not (project.folder / ".envdplan/modules/.tmp-killed").exists()
    project.write("locals {}\n")
    code, said = project.init()
    assert (code, "No modules are needed" in said) == (0, True)
    assert project.packages == []
    assert not (project.folder / "envdplan.lock").exists()


def test_without_modules_nothing_is_made(project: Project) -> None:
    project.write("locals {}\n")
    code, said = project.init()
    assert code == 0
    assert "has no modules" in said
    assert [one.name for one in project.folder.iterdir()] == ["envdplan.hcl"]
    (project.folder / "envdplan.hcl").unlink()
    code, said = project.init()
    assert (code, "No configuration found" in said) == (1, True)


def test_modules_of_modules_are_installed_too(project: Project) -> None:
    project.pack(a='module "side" { source = "../b" }\n', b="locals {}\n")
    project.commit(f'module "arc" {{ source = "file://{project.archive}//a" }}\n')
    project.write('module: {deep: {source: "git::file://REPOSITORY//net"}}', "x/envdplan.yaml")
    project.write('module "here" { source = "./x" }\nmodule "again" { source = "./x/" }\n')
    code, said = project.init("--json")
    assert code == 0, said
    events = [json.loads(line) for line in said.splitlines()]
    done = [
        (one["address"], one["outcome"])
        for one in events
        if one["type"] == "module" and one["outcome"] != "fetching"
    ]
    assert done == [
        ("module.here", "local"),
        ("module.here.module.deep", "installed"),
        ("module.here.module.deep.module.arc", "installed"),
        ("module.here.module.deep.module.arc.module.side", "local"),
        ("module.again", "local"),
    ]
    assert len(project.packages) == 2


def test_a_cycle_of_modules_is_drawn(project: Project) -> None:
    project.write('module "a" { source = "./a" }')
    project.write('module "b" { source = "../b" }', "a/envdplan.hcl")
    project.write('module "back" { source = "../a" }', "b/envdplan.hcl")
    code, _ = project.init()
    _, err = project.start("init").communicate(timeout=60)
    assert code == 1
    assert (
        "    module.a   ./a\n       module.b   ../b\n          module.back   ../a   <- again\n"
    ) in err
    project.write('module "self" { source = "./" }')
    assert "the project" in project.init()[1]


def test_a_fetched_module_does_not_reach_out_of_its_package(project: Project) -> None:
    project.pack(a='module "out" { source = "../../../../secret" }\n')
    project.write("locals {}\n", "secret/envdplan.hcl")
    project.write('module "arc" { source = "ARCHIVE//a" }')
    code, said = project.init()
    assert (code, "Module path leads out of its package" in said) == (1, True)
    project.pack(a=f'module "out" {{ source = "{project.folder}/secret" }}\n')
    code, said = project.init("-upgrade")
    assert (code, "Module path leads out of its package" in said) == (1, True)


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ('module "x" { source = "./nothing" }', "Module not found"),
        ('module "x" { source = "./locall" }', 'Did you mean "local"?'),
        ('module "x" { source = "./empty" }', "Module has no configuration"),
        ('module "x" { source = "./broken" }', "at broken/envdplan.hcl:1"),
        ('module "x" { source = var.where }', "is not plain text"),
        ('module "x" { source = "./${local.a}" }', "is not plain text"),
        ('module "x" { }', "Module has no source"),
        ('module { source = "./local" }', "Wrong number of labels"),
        ('module "x" { source = "local" }', "write ./local"),
        ('module "x" { source = "ARCHIVE//c" }', "Folder not found in the package"),
        ('module "x" { source = "ARCHIVE" }', "It has the folders a, b"),
        ('module "x" { source = "file:///no/such.zip" }', "Cannot read an archive"),
        ('module "x" { source = "git::file://REPOSITORY?ref=v9" }', "Ref not found"),
        ('module "x" { source = "git::file:///no/such/repo" }', "cannot be fetched"),
        ('module "x" { source = "ARCHIVE?checksum=sha256:' + "0" * 64 + '" }',
         "Archive checksum does not match"),
        ('module "x" {', "envdplan.hcl:1"),
    ],
)  # fmt: skip
def test_a_mistake_is_told_where_it_is(project: Project, block: str, words: str) -> None:
    project.commit("locals {}\n")
    project.pack(a="locals {}\n", b="locals {}\n")
    project.write("locals {}\n", "local/envdplan.hcl")
    project.write("locals {\n", "broken/envdplan.hcl")
    (project.folder / "empty").mkdir()
    project.write(f"{block}\n")
    code, said = project.init()
    assert code == 1
    assert words in said
    assert "envdplan.hcl:1:" in said


def test_a_mistake_keeps_what_is_installed_and_tells_the_others(project: Project) -> None:
    project.commit("locals {}\n")
    project.pack(a="locals {}\n")
    project.write(BOTH)
    project.init()
    before = project.lock
    project.write('module "x" { source = "./no" }\nmodule "arc" { source = "ARCHIVE//a" }\n'
                  'module "y" { source = "no" }\n')  # fmt: skip
    code, said = project.init()
    assert code == 1
    assert said.count("Error:") == 2
    assert "module.arc: Up to date:" in said
    assert project.lock == before
    assert len(project.packages) == 2


def test_a_login_in_a_source_is_not_shown(project: Project) -> None:
    project.write('module "x" { source = "git::https://me:hunter2@h.io/r" }\n')
    for arguments in ((), ("--json",)):
        code, said = project.init(*arguments)
        assert code == 1
        assert "The source of module.x, in envdplan.hcl" in said
        assert "hunter2" not in said


def test_without_git_the_error_says_so(project: Project) -> None:
    project.write('module "net" { source = "git::file://REPOSITORY//net" }')
    code, said = project.init(PATH="/nonexistent")
    assert (code, "git is not installed" in said) == (1, True)


def test_a_broken_lock_file_is_left_as_it_is(project: Project) -> None:
    project.pack(a="locals {}\n")
    project.write('module "arc" { source = "ARCHIVE//a" }')
    for text, words in (("version = 2\n", "newer envdplan"), ("nonsense", "cannot be read")):
        (project.folder / "envdplan.lock").write_text(text)
        code, said = project.init("-upgrade")
        assert (code, words in said) == (1, True)
        assert project.lock == text


def test_two_at_once_take_turns(project: Project) -> None:
    project.commit("locals {}\n")
    project.pack(a="locals {}\n")
    project.write(BOTH)
    running = [project.start("init") for _ in range(4)]
    for process in running:
        out, err = process.communicate(timeout=120)
        assert process.returncode == 0, out + err
    assert len(project.packages) == 2
    assert project.lock.count("h1:") == 2


def test_an_interrupt_leaves_nothing_half_done(project: Project, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    os.mkfifo(tmp_path / "begun")
    (folder / "git").write_text(f"#!/bin/sh\necho begun > {tmp_path}/begun\nexec sleep 600\n")
    (folder / "git").chmod(0o755)
    project.write('module "net" { source = "git::file://REPOSITORY//net" }')
    process = project.start("init", PATH=f"{folder}:{os.environ['PATH']}")
    assert (tmp_path / "begun").read_text() == "begun\n"
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, out + err
    assert project.packages == []
    assert not (project.folder / "envdplan.lock").exists()


def test_modules_are_found_when_they_are_what_is_locked(project: Project) -> None:
    project.commit("locals {}\n")
    project.pack(a="locals {}\n")
    project.write(BOTH)
    project.write("locals {}\n", "x/envdplan.hcl")
    net = parse(f"git::file://{project.repository}//net?ref=main")
    with pytest.raises(EnvdplanError, match=r"Module not installed(?s:.)*envdplan init"):
        find(project.folder, net, project.folder)
    project.init()
    installed = Installed(project.folder)
    assert (installed.find(net, project.folder) / "envdplan.hcl").read_text() == "locals {}\n"
    assert installed.find(parse("./x"), project.folder) == project.folder / "x"
    assert installed.find(parse("../x"), project.folder / "x") == project.folder / "x"
    with pytest.raises(EnvdplanError, match="Folder not found in the package"):
        installed.find(parse(f"git::file://{project.repository}//no?ref=main"), project.folder)
    lock = project.folder / "envdplan.lock"
    before = project.lock
    lock.write_text("version = 1\n")
    with pytest.raises(Conflict, match="Module differs from the lock file"):
        find(project.folder, net, project.folder)
    lock.write_text(before)
    shutil.rmtree(project.folder / ".envdplan/modules" / project.packages[1])
    with pytest.raises(EnvdplanError, match="Module not installed"):
        find(project.folder, net, project.folder)


@pytest.mark.parametrize("edit", ["changed", "added", "executable", "link"])
def test_a_module_that_was_edited_by_hand_is_refused(project: Project, edit: str) -> None:
    project.commit("locals {}\n")
    project.write(f'module "net" {{ source = "git::file://{project.repository}//net?ref=main" }}\n')
    project.init()
    (package,) = project.packages
    file = project.folder / ".envdplan/modules" / package / "net" / "envdplan.hcl"
    before, mode = file.read_text(), file.stat()
    if edit == "changed":
        file.write_text("locals { }\n")
        os.utime(file, ns=(mode.st_atime_ns, mode.st_mtime_ns))
    elif edit == "added":
        file.with_name("more.envdplan.hcl").write_text("locals {}\n")
    elif edit == "executable":
        file.chmod(0o755)
    else:
        file.rename(file.with_name("other"))
        file.symlink_to("other")
    process = project.start("plan")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1, out + err
    assert "Module was edited" in err
    assert "`envdplan init`" in " ".join(err.split())
    project.init()
    assert file.read_text() == before
    process = project.start("plan")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, out + err


def test_a_fetch_that_goes_on_is_told_again() -> None:
    told: list[str] = []
    again = threading.Event()

    def message(text: str) -> None:
        told.append(text)
        again.set()

    with telling(lambda event: None, message, patience=0.001) as tell:
        tell(ModuleEvent(Outcome.FETCHING, "git::https://h.io/r", "module.a"))
        assert again.wait(60)
        tell(ModuleEvent(Outcome.INSTALLED, "git::https://h.io/r", "module.a"))
        count = len(told)
        tell(ModuleEvent(Outcome.LOCAL, "./a", "module.b"))
    assert told[0] == "module.a: still fetching git::https://h.io/r ..."
    assert len(told) == count
