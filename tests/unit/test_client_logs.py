"""Each client tells each of its calls: method, target, status; and nothing that is secret."""

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import pytest

from envdplan.clients.buildkit.control import Control
from envdplan.clients.buildkit.proto import control_pb2
from envdplan.clients.buildkit.session.services import Abort, Stream
from envdplan.clients.buildkit.session.session import Session
from envdplan.clients.buildkit.wire.commandsocket import CommandSocket
from envdplan.clients.buildkit.wire.transport import SocketTransport
from envdplan.clients.docker.endpoint import Endpoint
from envdplan.clients.docker.engine import Engine
from envdplan.clients.docker.hijack import hijack
from envdplan.clients.envd import program
from envdplan.clients.git.repository import NoAnswer, Repositories
from envdplan.clients.kubernetes.access import Access
from envdplan.clients.kubernetes.api import POD, Api
from envdplan.clients.registry.credentials import FixedCredentials, Login
from envdplan.clients.registry.credentials.helper import ask_helper
from envdplan.clients.registry.probe import probe
from envdplan.ground.diagnostics import Refused, Unreachable
from envdplan.modules.download import download
from envdplan.modules.git import Git
from envdplan.resources.builders.container.command_engine import CommandEngine
from envdplan.resources.contexts.runners import Runners
from tests.unit.dockerengine.fake_engine import accept, read_request, reply
from tests.unit.logged import Logged
from tests.unit.registry.fake_registry import FakeRegistry, client, serving

SECRET = "swordfish-secret"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Logged]:
    found = Logged(tmp_path / "log")
    found.start()
    yield found
    assert SECRET not in found.path.read_text()
    found.end()


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[str]:
    """The URL of an engine that upgrades what wants it and knows one container."""
    path = tmp_path / "e.sock"
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()

    def serve(connection: socket.socket) -> None:
        while request := read_request(connection):
            if request.startswith(b"GET /version"):
                body = json.dumps({"ApiVersion": "1.41", "MinAPIVersion": "1.24"}).encode()
                connection.sendall(reply("200 OK", body))
            elif b"Upgrade: h2c" in request:
                connection.sendall(b"HTTP/1.1 101 UPGRADED\r\n\r\n")
            elif request.startswith(b"HEAD"):
                connection.sendall(reply("200 OK"))
            else:
                connection.sendall(reply("404 Not Found", b'{"message": "none"}'))

    threading.Thread(target=accept, args=(listener, serve), daemon=True).start()
    yield f"unix://{path}"
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def script(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_a_registry_and_its_token_server(log: Logged) -> None:
    fake = FakeRegistry()
    fake.auth, fake.password = "bearer", SECRET
    with serving(fake) as registry:
        registry.put_image("app", "1")
        login = FixedCredentials({registry.host: Login(registry.username, SECRET)})
        client(registry, login).head(registry.reference("app:1"))
        head = f"clients.registry HEAD http://{registry.host}/v2/app/manifests/1"
        calls = log.calls()
    query = "service=test-service&scope=repository:app:pull&..."
    token = f"clients.registry GET http://{registry.host}/token?{query} 200"
    assert calls == [f"{head} 401", token, f"{head} 200"]


def test_a_registry_that_does_not_answer(log: Logged) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{closed.getsockname()[1]}"
        with pytest.raises(Unreachable):
            probe(host, 5)
    assert log.calls() == [f"clients.registry CONNECT {host} ConnectionRefusedError"]


def test_an_engine(log: Logged, engine: str) -> None:
    endpoint = Endpoint(engine, None, "the test")
    asked = Engine(endpoint)
    assert asked.containers.inspect("c") is None
    asked.close()
    hijack(endpoint, "/grpc").close()
    calls = log.calls()
    assert f"clients.docker GET {engine} /version 200" in calls
    assert calls[-2:] == [
        f"clients.docker GET {engine} /v1.41/containers/c/json 404",
        f"clients.docker POST {engine} /grpc 101",
    ]


def test_an_engine_behind_ssh(log: Logged, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script(tmp_path, "ssh", "echo denied >&2; exit 255")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    endpoint = Endpoint("ssh://me@build.example", None, "the test")
    with pytest.raises(Unreachable):
        hijack(endpoint, "/grpc")
    ssh = "ssh -T -o ConnectTimeout=... -l me -- build.example docker system dial-stdio"
    assert [one.partition("(")[0] for one in log.calls()] == [
        f"clients.docker run {ssh} ConnectionError ",
        "clients.docker POST ssh://build.example /grpc Unreachable ",
    ]


def test_the_runner_of_contexts(log: Logged, engine: str) -> None:
    assert Runners({"DOCKER_HOST": engine}).problem("docker", None) is None
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        server = f"http://127.0.0.1:{closed.getsockname()[1]}"
        assert Runners({}).problem("envd-server", server) is not None
    assert log.calls() == [
        f"resources CONNECT {engine} OK",
        f"resources HEAD {engine} /_ping 200",
        f"resources GET {server}/api/v1/ ConnectionRefusedError",
    ]


class Pool:
    """The part of urllib3's pool that is used."""

    def request(self, method: str, url: str, **_: object) -> Any:
        class Answer:
            status = 200
            data = json.dumps({"items": []}).encode()

        return Answer()


class Settings:
    host = "https://cluster.test"

    def auth_settings(self) -> dict[str, dict[str, str]]:
        return {"a": {"in": "header", "key": "authorization", "value": f"Bearer {SECRET}"}}


def test_a_cluster(log: Logged) -> None:
    api = Api(Access(Settings(), Pool(), "default"), None)  # type: ignore[arg-type]
    api.list(POD, labels="app=x")
    pods = "https://cluster.test/api/v1/namespaces/default/pods?labelSelector=app=x"
    assert log.calls() == [f"clients.kubernetes GET {pods} 200"]


def test_the_control_api_of_buildkit(log: Logged, tmp_path: Path) -> None:
    from concurrent.futures import ThreadPoolExecutor

    def workers(_: bytes, __: grpc.ServicerContext) -> bytes:
        return control_pb2.ListWorkersResponse().SerializeToString()

    def prune(_: bytes, __: grpc.ServicerContext) -> Iterator[bytes]:
        yield control_pb2.UsageRecord(ID=SECRET).SerializeToString()

    handlers = {
        "ListWorkers": grpc.unary_unary_rpc_method_handler(workers),
        "Prune": grpc.unary_stream_rpc_method_handler(prune),
    }
    with ThreadPoolExecutor() as pool:
        server = grpc.server(pool)
        service = "moby.buildkit.v1.Control"
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(service, handlers),))
        server.add_insecure_port(f"unix:{tmp_path / 'b'}")
        server.start()
        with grpc.insecure_channel(f"unix:{tmp_path / 'b'}") as channel:
            control = Control(channel, "unix:///b")
            control.list_workers(30)
            assert len(list(control.prune(control_pb2.PruneRequest()))) == 1
            with pytest.raises(grpc.RpcError):
                control.info(30)
            answer = control.solve(control_pb2.SolveRequest(Ref=SECRET))
            with pytest.raises(grpc.RpcError):
                answer.result()
        server.stop(None).wait()
    deadline = time.monotonic() + 60  # grpc tells of ends in threads of its own
    while len(log.calls()) < 4 and time.monotonic() < deadline:
        time.sleep(0.01)
    assert sorted(log.calls()) == [
        "clients.buildkit Info unix:///b UNIMPLEMENTED",
        "clients.buildkit ListWorkers unix:///b OK",
        "clients.buildkit Prune unix:///b OK",
        "clients.buildkit Solve unix:///b UNIMPLEMENTED",
    ]


def test_what_a_builder_asks_within_a_session(log: Logged, tmp_path: Path) -> None:
    def refuses(stream: Stream) -> None:
        del stream
        raise Abort(5, SECRET)

    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "s"))
    listener.listen()
    sessions: list[Session] = []

    def serve() -> None:
        connection, _ = listener.accept()
        sessions.append(Session(SocketTransport(connection), {"/x.Secrets/Get": refuses}))
        sessions[0].start()

    serving = threading.Thread(target=serve)
    serving.start()
    with grpc.insecure_channel(f"unix:{tmp_path / 's'}") as channel:
        for path in ("/grpc.health.v1.Health/Check", "/x.Secrets/Get", "/x.Unknown/Get"):
            try:
                channel.unary_unary(path, bytes, bytes)(b"", timeout=60)
            except grpc.RpcError:
                continue
    serving.join()
    sessions[0].close()
    listener.close()
    assert log.calls() == [
        "clients.buildkit serve /x.Secrets/Get code 5",
        "clients.buildkit serve /x.Unknown/Get code 12",
    ]


def test_a_command_that_carries_a_connection(log: Logged) -> None:
    stream = CommandSocket(["sh", "-c", f"TOKEN={SECRET}; exit 0"], {"PATH": os.environ["PATH"]})
    assert stream.recv_into(bytearray(1)) == 0
    stream._listener.join()
    stream.close()
    with pytest.raises(Unreachable):
        CommandSocket(["/none/nerdctl", "exec"], {})
    assert log.calls() == [
        "clients.buildkit run sh -c TOKEN=... started",
        "clients.buildkit run sh -c TOKEN=... code 0",
        "clients.buildkit run /none/nerdctl exec FileNotFoundError",
    ]


def test_a_container_command(log: Logged, tmp_path: Path) -> None:
    nerdctl = str(script(tmp_path, "nerdctl", "exit 1"))
    with pytest.raises(Refused):
        CommandEngine(nerdctl, {}).run("create", "--label", f"a={SECRET}", "image:1")
    assert log.calls() == [f"resources run {nerdctl} create --label a=... image:1 code 1"]


def test_the_envd_command(log: Logged, tmp_path: Path) -> None:
    envd = str(script(tmp_path, "envd", "echo envd: v1.2.3"))
    environment = {"PATH": os.environ["PATH"]}
    assert program.version(envd, environment, tmp_path) == "1.2.3"
    argv = [envd, "build", f"--env=TOKEN={SECRET}", "--tag", "x:1"]
    program.run(argv, environment, tmp_path, lambda _: None, threading.Event())
    assert log.calls() == [
        f"clients.envd run {envd} version code 0",
        f"clients.envd run {envd} build --env=... --tag x:1 code 0",
    ]


def test_git(log: Logged, tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
    subprocess.run(["git", "init", "-q", tmp_path / "r"], check=True, env=environment)
    with pytest.raises(NoAnswer, match="no commit"):
        Repositories(environment).about(str(tmp_path / "r"))
    url = f"file://me:{SECRET}@/{tmp_path}/r"
    Git(tmp_path / "r", environment).run("remote", "add", "o", url)
    assert log.calls() == [
        "clients.git run git rev-parse --show-toplevel code 0",
        "clients.git run git rev-parse --verify --quiet HEAD code 1",
        f"modules run git remote add o file:///{tmp_path}/r code 0",
    ]


def test_a_credential_helper(log: Logged, tmp_path: Path) -> None:
    answer = json.dumps({"Username": "me", "Secret": SECRET})
    script(tmp_path, "docker-credential-x", f"echo '{answer}'")
    assert ask_helper("x", "https://h/v1/", {"PATH": str(tmp_path)}) == Login("me", SECRET)
    assert log.calls() == ["clients.registry run docker-credential-x get for https://h/v1/ code 0"]


def test_a_download(log: Logged, tmp_path: Path) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever).start()
        where = f"http://127.0.0.1:{server.server_port}/a.zip"
        download(f"{where}?sig={SECRET}", tmp_path / "a.zip", {})
        server.shutdown()
    assert log.calls() == [f"modules GET {where}?... 200"]
