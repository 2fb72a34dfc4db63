"""Runners of contexts: whether they answer is told, and nothing of their tokens."""

import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import Project

CONFIG = """
envdplan { context_store = "../contexts" }
context "c" {
  builder         = "tcp"
  builder_address = "10.0.0.1:8888"
  RUNNER
}
"""


class Server(BaseHTTPRequestHandler):
    """Answers as envd-server does, whose ping needs no login."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/api/v1/" else 404)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        del format, args


@pytest.fixture
def server() -> Iterator[str]:
    httpd = HTTPServer(("127.0.0.1", 0), Server)
    thread = threading.Thread(target=httpd.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def write(project: Project, runner: str) -> None:
    project.write(CONFIG.replace("RUNNER", runner))


def envd_server(address: str) -> str:
    return f'runner = "envd-server"\n  runner_address = "{address}"'


@pytest.mark.docker
def test_an_engine_that_answers_is_no_news(project: Project) -> None:
    write(project, "")
    plan = project.plan()
    assert plan.code == 2
    assert "runner" not in plan.err
    project.apply()
    listed = project.run("context", "ls", "--health", "--store", "../contexts")
    assert "runner docker: answers" in listed.out


def test_an_engine_that_is_not_there_is_a_warning_and_no_error(project: Project) -> None:
    project.environment["DOCKER_HOST"] = "unix:///no/such/docker.sock"
    write(project, "")
    plan = project.plan()
    assert plan.code == 2
    assert "Warning: Docker Engine cannot be reached" in plan.err
    assert "starts no environments on the runner of context.c" in " ".join(plan.err.split())
    assert "/no/such/docker.sock" in plan.err
    project.apply()
    project.assert_settled()


def test_an_envd_server_wants_a_scheme_an_answer_and_a_login(project: Project, server: str) -> None:
    write(project, envd_server("127.0.0.1:8080"))
    assert "begins with http:// or https://" in " ".join(project.plan().err.split())
    write(project, envd_server("http://127.0.0.1:1"))
    assert "does not answer at http://127.0.0.1:1/api/v1/" in " ".join(project.plan().err.split())
    write(project, envd_server(f"{server}/elsewhere"))
    assert "answers 404: is it an envd-server?" in " ".join(project.plan().err.split())
    write(project, envd_server(server))
    assert "Nobody is logged in" in project.plan().err


@pytest.mark.envd
def test_a_login_is_seen_and_its_token_never_shown(
    project: Project, server: str, services: Mapping[str, Any], envd_keys: Path
) -> None:
    import subprocess

    folder = Path(project.environment["HOME"]) / ".config" / "envd"
    folder.mkdir(parents=True)
    for one in envd_keys.iterdir():
        (folder / one.name).symlink_to(one)
    # envd itself writes the file, empty; a login is then put in by its own types.
    subprocess.run(
        [services["programs"]["envd"], "context", "ls"],
        env={**project.environment, "ENVD_ANALYTICS": "false"},
        check=True,
        capture_output=True,
    )
    auth = folder / "auth"
    auth.write_bytes(logged_in(auth.read_bytes()))
    write(project, envd_server(server))
    plan = project.plan()
    assert "Nobody is logged in" not in plan.text
    assert plan.err == ""
    assert "t0p-s3cret" not in plan.text


def logged_in(empty: bytes) -> bytes:
    """The file with a login: the definitions of envd's own, and one more value."""
    place, messages = 0, []
    while place < len(empty):
        size = empty[place]
        assert size < 128
        messages.append(empty[place : place + 1 + size])
        place += 1 + size
    value = messages[-1]
    head = value[1:3] if value[1] >= 128 else value[1:2]
    token = b"t0p-s3cret"
    entry = b"\x01\x02me\x01" + bytes([len(token)]) + token + b"\x00"
    body = head + b"\x01\x02me\x01\x01" + entry + b"\x00"
    return b"".join(messages[:-1]) + bytes([len(body)]) + body
