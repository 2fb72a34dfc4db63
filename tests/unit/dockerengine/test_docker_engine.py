import base64
import io
import json
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from envdplan.clients.docker.client import common_version
from envdplan.clients.docker.container import ContainerSpec
from envdplan.clients.docker.endpoint import Endpoint
from envdplan.clients.docker.engine import Engine
from envdplan.clients.docker.image import ImageProgress
from envdplan.clients.docker.missing import Missing
from envdplan.clients.registry.credentials import FixedCredentials, IdentityToken, Login
from envdplan.ground.diagnostics import Conflict, EnvdplanError, Refused, Unreachable
from tests.unit.dockerengine.fake_engine import Listen, read_request, reply

VERSION = {"Version": "26.1.5", "ApiVersion": "1.45", "MinAPIVersion": "1.24"}
SECRET = "hunter2"

Start = Callable[..., Engine]


class Requests(list[bytes]):
    """The requests an engine got, without those for its version."""

    def lines(self) -> list[str]:
        return [one.partition(b" HTTP/")[0].decode() for one in self]


@pytest.fixture
def requests() -> Requests:
    return Requests()


@pytest.fixture
def start(listen: Listen, requests: Requests) -> Start:
    """An engine that answers everything but its version with the same bytes."""

    def make(answer: bytes, version: dict[str, str] = VERSION) -> Engine:
        def serve(connection: socket.socket) -> None:
            while request := read_request(connection):
                if request.startswith(b"GET /version"):
                    connection.sendall(reply("200 OK", json.dumps(version).encode()))
                    continue
                requests.append(request)
                connection.sendall(answer)

        return Engine(Endpoint(listen(serve), None, "the test"))

    return make


def error(status: str, message: str) -> bytes:
    return reply(
        status, json.dumps({"message": message}).encode(), "Content-Type: application/json"
    )


def stream(*messages: object) -> bytes:
    body = b""
    for message in messages:
        line = json.dumps(message).encode() + b"\r\n"
        body += f"{len(line):x}\r\n".encode() + line + b"\r\n"
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n"


def test_a_definite_no_is_none_for_questions(start: Start) -> None:
    with start(error("404 Not Found", "No such container: x")) as engine:
        assert engine.containers.inspect("x") is None
        assert engine.containers.read_file("x", "/etc/y") is None
        assert engine.images.inspect("x") is None
        assert engine.volumes.inspect("x") is None


def test_removing_what_is_gone_says_so(start: Start) -> None:
    with start(error("404 Not Found", "No such container: x")) as engine:
        assert engine.containers.remove("x") is False
        assert engine.volumes.remove("x") is False
        assert engine.images.remove("x") is False


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("404 Not Found", Missing),
        ("409 Conflict", Conflict),
        ("500 Internal Server Error", Refused),
        ("400 Bad Request", Refused),
        ("403 Forbidden", Refused),
    ],
)
def test_each_refusal_is_of_its_kind_and_says_what_was_not_done(
    start: Start, status: str, kind: type[EnvdplanError]
) -> None:
    with start(error(status, "because.")) as engine, pytest.raises(kind) as caught:
        engine.containers.create("ci", ContainerSpec("x"))
    detail = caught.value.detail
    assert '(the test) did not create the container "ci": because.' in detail
    assert not detail.endswith("..")


def test_a_server_error_is_not_taken_for_absence(start: Start) -> None:
    answer = error("500 Internal Server Error", "no such container")
    with start(answer) as engine, pytest.raises(Refused):
        engine.containers.inspect("ci")


def test_an_engine_that_is_off_is_unreachable_and_not_absence(tmp_path: Path) -> None:
    engine = Engine(Endpoint(f"unix://{tmp_path}/none", None, "from DOCKER_HOST"))
    with pytest.raises(Unreachable) as caught:
        engine.containers.inspect("ci")
    assert "from DOCKER_HOST): there is no such socket" in caught.value.detail


@pytest.mark.parametrize("body", [b"{}", b"[]", b"{", b""])
def test_a_refusal_that_makes_no_sense_is_no_absence_and_no_traceback(
    start: Start, body: bytes
) -> None:
    with start(reply("500 Oops", body)) as engine, pytest.raises(Refused):
        engine.containers.inspect("ci")


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"])
def test_a_connection_that_breaks_is_unreachable(
    start: Start, listen: Listen, answer: bytes
) -> None:
    def serve(connection: socket.socket) -> None:
        read_request(connection)
        connection.sendall(answer)

    engine = Engine(Endpoint(listen(serve), None, "the test"))
    with engine, pytest.raises(Unreachable, match="the test"):
        engine.containers.inspect("ci")


@pytest.mark.parametrize(
    ("newest", "oldest", "chosen"),
    [
        ("1.41", "1.12", "1.41"),
        ("1.45", "1.24", "1.45"),
        ("1.52", "1.44", "1.45"),
        ("1.60", "1.50", "1.50"),
        ("1.9", "1.9", "1.9"),
    ],
)
def test_the_newest_api_that_both_know_is_spoken(newest: str, oldest: str, chosen: str) -> None:
    assert common_version({"ApiVersion": newest, "MinAPIVersion": oldest}, "1.45") == chosen


def test_an_old_engine_is_asked_in_its_own_version(start: Start, requests: Requests) -> None:
    old = {**VERSION, "ApiVersion": "1.41"}
    with start(error("404 Not Found", ""), old) as engine:
        engine.containers.inspect("ci")
    assert requests.lines() == ["GET /v1.41/containers/ci/json"]


def test_a_pull_reports_its_progress(start: Start, requests: Requests) -> None:
    detail = {"current": 5, "total": 10}
    seen: list[ImageProgress] = []
    message = {"id": "a1", "status": "Downloading", "progressDetail": detail}
    with start(stream({"status": "Pulling"}, message)) as engine:
        engine.images.pull("busybox", on_progress=seen.append, platform="linux/arm64")
    assert seen == [ImageProgress("", "Pulling", 0, 0), ImageProgress("a1", "Downloading", 5, 10)]
    assert "fromImage=busybox" in requests.lines()[0]
    assert "platform=linux%2Farm64" in requests.lines()[0]


def sent_authentication(request: bytes) -> object:
    header = request.partition(b"X-Registry-Auth: ")[2].partition(b"\r\n")[0]
    return json.loads(base64.urlsafe_b64decode(header))


def test_a_push_shows_the_registry_s_credentials_and_gives_the_digest(
    start: Start, requests: Requests
) -> None:
    known = FixedCredentials({"r.example:5000": Login("me", SECRET)})
    aux = {"aux": {"Tag": "1", "Digest": "sha256:12", "Size": 3}}
    with start(stream({"status": "Pushing"}, aux)) as engine:
        assert engine.images.push("r.example:5000/a/b:1", known) == "sha256:12"
    assert requests.lines() == ["POST /v1.45/images/r.example:5000/a/b/push?tag=1"]
    assert sent_authentication(requests[0]) == {
        "username": "me",
        "password": SECRET,
        "serveraddress": "r.example:5000",
    }


def test_containerd_s_store_states_the_digest_in_words(start: Start) -> None:
    digest = "sha256:" + "1f" * 32
    with start(stream({"status": f"1: digest: {digest} size: 405"})) as engine:
        assert engine.images.push("r.example/a:1") == digest


def test_docker_hub_is_asked_for_by_its_name(start: Start, requests: Requests) -> None:
    known = FixedCredentials({"docker.io": IdentityToken("token")})
    with start(stream()) as engine:
        engine.images.pull("library/busybox:1", known)
    assert sent_authentication(requests[0]) == {
        "identitytoken": "token",
        "serveraddress": "docker.io",
    }


def test_without_credentials_the_request_is_anonymous(
    start: Start, requests: Requests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = base64.b64encode(b"me:hunter2").decode()
    config = {"auths": {"r.example": {"auth": secret}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    with start(stream()) as engine:
        engine.images.pull("r.example/a:1")
    assert sent_authentication(requests[0]) == {}


def test_an_error_within_a_stream_is_a_refusal_without_secrets(start: Start) -> None:
    said = "denied: requested access to the resource is denied"
    answer = stream({"errorDetail": {"message": said}, "error": said})
    known = FixedCredentials({"r.example": Login("me", SECRET)})
    with start(answer) as engine, pytest.raises(Refused) as caught:
        engine.images.push("r.example/a:1", known)
    assert f'did not push the image "r.example/a:1": {said}.' in caught.value.detail
    assert SECRET not in str(caught.value)


def test_a_registry_that_the_engine_cannot_reach_is_unreachable(start: Start) -> None:
    said = "dial tcp 127.0.0.1:9: connect: connection refused"
    with (
        start(stream({"error": said})) as engine,
        pytest.raises(Unreachable, match="engine's host"),
    ):
        engine.images.push("127.0.0.1:9/a:1")


def test_a_push_without_a_digest_is_not_taken_for_done(start: Start) -> None:
    with start(stream({"status": "done"})) as engine, pytest.raises(Refused, match="no digest"):
        engine.images.push("r.example/a:1")


def test_loading_names_the_images(start: Start, requests: Requests) -> None:
    answer = stream({"stream": "Loaded image: a:1\n"}, {"stream": "Loaded image ID: sha256:5\n"})
    with start(answer) as engine:
        assert engine.images.load(io.BytesIO(b"tar")) == ("a:1", "sha256:5")
    assert requests[0].endswith(b"\r\n\r\ntar")


def test_an_archive_that_cannot_be_loaded_is_refused(start: Start) -> None:
    answer = error("500 Internal Server Error", "unexpected EOF")
    with start(answer) as engine, pytest.raises(Refused, match="load an archive"):
        engine.images.load(io.BytesIO(b"no tar"))


def test_an_image_s_name_that_makes_no_sense_is_refused(start: Start) -> None:
    with start(b"") as engine, pytest.raises(Refused, match="https://"):
        engine.images.pull("https://r.example/a")


def test_waiting_for_a_state_ends(start: Start) -> None:
    body = json.dumps({"Name": "/ci", "State": {"Status": "created"}}).encode()
    answer = reply("200 OK", body, "Content-Type: application/json")
    with start(answer) as engine, pytest.raises(Unreachable) as caught:
        engine.containers.wait_for("ci", {"running", "exited"}, timeout=0.1)
    assert '"ci" is created and did not become exited or running within 0.1 s' in str(caught.value)


def test_waiting_ends_when_the_container_is_gone(start: Start) -> None:
    with start(error("404 Not Found", "")) as engine:
        assert engine.containers.wait_for("ci", {"running"}, timeout=5) is None


def test_proxies_and_netrc_of_the_environment_do_not_concern_the_engine(
    start: Start, requests: Requests, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine docker login me password hunter2\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with start(error("404 Not Found", "")) as engine:
        engine.containers.inspect("ci")
    assert b"Authorization" not in requests[0]
