"""Ctrl-C and SIGTERM: once ends gracefully, twice at once, in every phase."""

import fcntl
import json
import os
import pty
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import children
from tests.silent import Silent, silent
from tests.unit.cli.running import ROOT, environment

SOON = 25.0
"""Seconds within which a command ends that was asked to: less than any of its own limits, and
hundreds of times what it takes."""


def plain(home: Path, **more: str) -> dict[str, str]:
    """A process that is told to end leaves it to the system to close its sockets."""
    return environment(home, PYTHONWARNINGS="error,ignore::ResourceWarning", **more)


@pytest.fixture
def host() -> Iterator[Silent]:
    with silent() as server:
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "home").mkdir()
    (tmp_path / "app").mkdir()
    return tmp_path


def start(folder: Path, *arguments: str, **more: str) -> "subprocess.Popen[str]":
    return children.start(
        [sys.executable, "-m", "envdplan", *arguments],
        cwd=folder,
        env=plain(folder / "home", **more),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def assert_ends(process: "subprocess.Popen[str]", number: int, code: int | None = None) -> str:
    process.send_signal(number)
    out, err = process.communicate(timeout=SOON)
    assert process.returncode == (128 + number if code is None else code), out + err
    assert "Traceback" not in out + err
    assert "Exception ignored" not in err
    return out + err


def builds(registry: str, count: int = 1) -> str:
    head = (
        'builder "here" {\n  type = "docker-container"\n  host = "tcp://127.0.0.1:1"\n}\n'
        'context "c" {\n  builder = builder.here\n  use = true\n}\n'
    )
    return head + "".join(
        f'build "b{number}" {{\n  path = "app"\n  dockerfile_inline = "FROM scratch"\n'
        f'  push = true\n  tags = ["{registry}/app:{number}"]\n}}\n'
        for number in range(count)
    )


BOTH = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


@BOTH
def test_while_it_starts(folder: Path, number: int) -> None:
    """A library takes its time to be imported."""
    (folder / "slow" / "typer").mkdir(parents=True)
    os.mkfifo(folder / "begun")
    (folder / "slow" / "typer" / "__init__.py").write_text(
        "import os, pathlib, time\npathlib.Path(os.environ['BEGUN']).write_text('begun')\n"
        "time.sleep(600)\n"
    )
    path = os.pathsep.join([str(folder / "slow"), str(ROOT)])
    process = start(folder, "plan", BEGUN=str(folder / "begun"), PYTHONPATH=path)
    assert (folder / "begun").read_text() == "begun"
    assert assert_ends(process, number) == ""


@BOTH
def test_while_a_plan_looks_at_registries(folder: Path, host: Silent, number: int) -> None:
    (folder / "envdplan.hcl").write_text(builds(host.address, 3))
    process = start(folder, "plan")
    host.wait()
    assert f"Stopped by {signal.Signals(number).name}." in assert_ends(process, number)


def test_while_the_configuration_asks_a_registry(folder: Path, host: Silent) -> None:
    (folder / "envdplan.hcl").write_text(f'output "d" {{ value = digest("{host.address}/a:1") }}\n')
    process = start(folder, "plan")
    host.wait()
    assert_ends(process, signal.SIGINT)


def test_while_a_file_is_read(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text("locals {}\n")
    os.mkfifo(folder / "values.hcl")
    writer = os.open(folder / "values.hcl", os.O_RDWR)
    process = start(folder, "plan", "-var-file", "values.hcl")
    try:
        wait_until_open(process.pid, folder / "values.hcl")
        assert_ends(process, signal.SIGTERM)
    finally:
        os.close(writer)


def test_while_a_module_is_downloaded(folder: Path, host: Silent) -> None:
    source = f"http://{host.address}/module.tar.gz"
    (folder / "envdplan.hcl").write_text(f'module "m" {{ source = "{source}" }}\n')
    process = start(folder, "init")
    host.wait()
    assert_ends(process, signal.SIGINT)
    assert not (folder / "envdplan.lock").exists()
    assert not [*(folder / ".envdplan" / "modules").glob("*.tmp")]


def test_while_a_plan_looks_at_an_engine(folder: Path, host: Silent) -> None:
    (folder / "envdplan.hcl").write_text(
        'builder "aa" { type = "docker-container" }\nbuilder "bb" { type = "docker-container" }\n'
    )
    process = start(folder, "plan", DOCKER_HOST=f"tcp://{host.address}")
    host.wait()
    assert_ends(process, signal.SIGINT)


def test_while_a_plan_looks_at_a_cluster(folder: Path, host: Silent) -> None:
    server = {"server": f"http://{host.address}"}
    context = {"cluster": "c", "user": "u"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": server}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "x", "context": context}],
        "current-context": "x",
    }
    (folder / "kubeconfig").write_text(json.dumps(config))
    (folder / "envdplan.hcl").write_text('builder "a" { type = "kube-pod" }\n')
    process = start(folder, "plan", KUBECONFIG=str(folder / "kubeconfig"))
    host.wait()
    assert_ends(process, signal.SIGTERM)


@pytest.mark.parametrize("command", [("plan",), ("builder", "ls"), ("builder", "prune", "b")])
def test_while_a_builder_says_nothing(folder: Path, host: Silent, command: tuple[str, ...]) -> None:
    (folder / "envdplan.hcl").write_text(
        f'builder "b" {{\n  type = "tcp"\n  address = "{host.address}"\n}}\n'
    )
    process = start(folder, *command)
    host.wait()
    assert_ends(process, signal.SIGINT)


@BOTH
def test_while_a_question_is_open(folder: Path, number: int) -> None:
    (folder / "envdplan.hcl").write_text(
        'context "a" {\n  builder = "tcp"\n  builder_address = "127.0.0.1:1"\n}\n'
    )
    near, far = pty.openpty()
    process = children.start(
        [sys.executable, "-m", "envdplan", "apply"],
        cwd=folder,
        env=plain(folder / "home", TERM="dumb"),
        stdin=far,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(far)
    try:
        assert process.stdout is not None
        said = ""
        while "is taken as approval" not in said:
            one = process.stdout.read(1)
            assert one, said
            said += one
        assert_ends(process, number)
    finally:
        os.close(near)
    assert not (folder / ".envdplan" / "state.json").exists()


def test_while_the_state_is_locked_by_another(folder: Path) -> None:
    (folder / "envdplan.hcl").write_text("locals {}\n")
    (folder / ".envdplan").mkdir()
    with (folder / ".envdplan" / "state.json.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        process = start(
            folder, "apply", "--auto-approve", "--lock-timeout", "600", PYTHONUNBUFFERED="1"
        )
        wait_until_open(process.pid, folder / ".envdplan" / "state.json.lock")
        assert_ends(process, signal.SIGINT)


def wait_until_open(pid: int, path: Path) -> None:
    """Until the process has the file open."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        for one in Path(f"/proc/{pid}/fd").iterdir():
            try:
                if one.readlink() == path:
                    return
            except FileNotFoundError:
                continue
        time.sleep(0.05)
    raise AssertionError(f"{path} was not opened")


def test_while_standard_input_is_read(folder: Path) -> None:
    process = children.start(
        [sys.executable, "-m", "envdplan", "console"],
        cwd=folder,
        env=plain(folder / "home", PYTHONUNBUFFERED="1"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("1 + 1\n")
    process.stdin.flush()
    assert process.stdout.readline() == "2\n"
    assert_ends(process, signal.SIGINT)


HANG = """
import ctypes, sys, time
from envdplan.ground import interrupts

def wait_without_python():
    mutex = ctypes.create_string_buffer(128)
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)

libc = ctypes.CDLL(None)
interrupts.watch()
interrupts.work()
while True:
    try:
        sys.stdout.write("ready\\n")
        sys.stdout.flush()
        {how}
    except BaseException:
        pass
"""


@BOTH
@pytest.mark.parametrize(
    "how",
    [
        # as a library does that waits without Python: no handler runs
        "wait_without_python()",
        # as a library does that takes every exception for a failure of its own
        "time.sleep(600)",
    ],
    ids=["deaf", "swallowing"],
)
def test_twice_ends_what_does_not_hear(folder: Path, how: str, number: int) -> None:
    process = children.start(
        [sys.executable, "-c", textwrap.dedent(HANG.format(how=how))],
        env=plain(folder / "home"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.send_signal(number)
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.5)
    assert_ends(process, number)


def test_once_ends_in_time_what_does_not_hear(folder: Path) -> None:
    """A name server that is silent holds no plan longer than a few seconds."""
    code = textwrap.dedent(HANG.format(how="wait_without_python()"))
    code = code.replace("interrupts.watch()", "interrupts.PATIENCE = 0.3\ninterrupts.watch()")
    process = children.start(
        [sys.executable, "-c", code],
        env=plain(folder / "home"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    assert_ends(process, signal.SIGINT)


def test_a_signal_that_is_ignored_stays_ignored(folder: Path) -> None:
    """As for commands in the background of a script: Ctrl-C there is for the script's others."""
    command = f'trap "" INT; exec {sys.executable} -m envdplan console'
    process = children.start(
        ["sh", "-c", command],
        cwd=folder,
        env=plain(folder / "home", PYTHONUNBUFFERED="1"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    for text, answer in (("1 + 1\n", "2\n"), ("2 + 2\n", "4\n")):
        process.stdin.write(text)
        process.stdin.flush()
        assert process.stdout.readline() == answer
        process.send_signal(signal.SIGINT)
    assert process.communicate("3 + 3\n", timeout=SOON) == ("6\n", "")
    assert process.returncode == 0
