import socket
import sys
from pathlib import Path

import pytest

from envdplan.clients.docker.endpoint import Endpoint
from envdplan.clients.docker.engine import Engine
from envdplan.clients.docker.ssh import ssh_command
from envdplan.ground.diagnostics import Unreachable
from tests.unit.dockerengine.fake_engine import Listen, read_request, reply

RELAY = """#!{python}
import os, socket, sys, threading
far = socket.socket(socket.AF_UNIX)
far.connect("{path}")
def up():
    while data := os.read(0, 65536):
        far.sendall(data)
    far.shutdown(socket.SHUT_WR)
threading.Thread(target=up, daemon=True).start()
while data := far.recv(65536):
    os.write(1, data)
"""
ENDPOINT = Endpoint("ssh://me@build.example", None, "the test")


@pytest.fixture
def ssh(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The place of the only `ssh` in PATH."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder / "ssh"


def install(ssh: Path, script: str) -> None:
    ssh.write_text(script)
    ssh.chmod(0o755)


def test_the_command_is_the_docker_command_s() -> None:
    assert ssh_command(ENDPOINT, 15) == [
        *("ssh", "-T", "-o", "ConnectTimeout=15", "-l", "me"),
        *("--", "build.example", "docker", "system", "dial-stdio"),
    ]


def test_a_port_and_the_engine_s_socket_are_passed_on() -> None:
    command = ssh_command(Endpoint("ssh://h:2222/run/d.sock", None, ""), 0.2)
    assert command[3:] == [
        *("ConnectTimeout=1", "-p", "2222", "--", "h"),
        *("docker", "--host=unix:///run/d.sock", "system", "dial-stdio"),
    ]


def test_an_engine_behind_ssh_is_reached(ssh: Path, listen: Listen) -> None:
    def serve(connection: socket.socket) -> None:
        while request := read_request(connection):
            if request.startswith(b"HEAD"):
                connection.sendall(reply("200 OK"))
            elif request.startswith(b"GET /version"):
                connection.sendall(reply("200 OK", b"{}"))
            else:
                connection.sendall(reply("404 Not Found", b'{"message":"no"}'))

    path = listen(serve).removeprefix("unix://")
    install(ssh, RELAY.format(python=sys.executable, path=path))
    with Engine(ENDPOINT) as engine:
        assert engine.containers.inspect("ci") is None


def test_what_ssh_says_is_the_reason(ssh: Path) -> None:
    install(
        ssh, "#!/bin/sh\necho 'me@build.example: Permission denied (publickey).' >&2\nexit 255\n"
    )
    with pytest.raises(Unreachable) as caught:
        Engine(ENDPOINT).ping()
    assert "Permission denied (publickey)" in caught.value.detail
    assert "`ssh build.example docker version`" in caught.value.detail


def test_a_missing_ssh_is_the_reason(ssh: Path) -> None:
    with pytest.raises(Unreachable, match="no ssh command in PATH"):
        Engine(ENDPOINT).ping()
