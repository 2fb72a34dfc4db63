"""head: what counts as found, missing, and unclear."""

import socket

import pytest

from envdplan.clients.registry import Found, HostSettings, Missing, Unclear, parse_reference
from envdplan.clients.registry.credentials import Credential, FixedCredentials, Login
from envdplan.clients.registry.messages import Limits
from envdplan.clients.registry.reader import RegistryReader
from envdplan.clients.registry.transport import Transport
from envdplan.ground.diagnostics import Refused, Unreachable
from tests.silent import silent
from tests.unit.registry.fake_registry import (
    MANIFEST,
    FakeRegistry,
    Reply,
    always,
    client,
    not_found,
    once,
    slow,
)


def test_an_image_is_found_with_digest_type_and_size(registry: FakeRegistry) -> None:
    digest = registry.put_image("app", "1")
    size = len(registry.manifests["app", "1"][1])
    assert client(registry).head(registry.reference("app:1")) == Found(digest, MANIFEST, size)
    assert registry.lines() == ["HEAD /v2/app/manifests/1"]


def test_all_four_manifest_types_are_accepted(registry: FakeRegistry) -> None:
    client(registry).head(registry.reference("app:1"))
    accept = registry.seen[0].headers["accept"]
    assert {part.strip() for part in accept.split(",")} == {
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    }


def test_the_digest_wins_over_the_tag(registry: FakeRegistry) -> None:
    digest = registry.put_image("app", "1")
    registry.put_image("app", "2", architecture="arm64")
    found = client(registry).head(registry.reference(f"app:2@{digest}"))
    assert isinstance(found, Found)
    assert found.digest == digest


@pytest.mark.parametrize("code", ["MANIFEST_UNKNOWN", "NAME_UNKNOWN", "NOT_FOUND"])
def test_a_definite_404_is_missing(registry: FakeRegistry, code: str) -> None:
    registry.faults.append(always(not_found(code)))
    assert client(registry).head(registry.reference("app:1")) == Missing()


def test_a_plain_404_is_missing(registry: FakeRegistry) -> None:
    registry.faults.append(always(Reply(404)))
    assert client(registry).head(registry.reference("app:1")) == Missing()


def test_a_404_for_another_reason_is_unclear(registry: FakeRegistry) -> None:
    registry.faults.append(always(not_found("UNSUPPORTED")))
    assert isinstance(client(registry).head(registry.reference("app:1")), Unclear)


def test_a_web_page_saying_404_is_unclear(registry: FakeRegistry) -> None:
    page = Reply(404, b"<html>no such page", {"Content-Type": "text/html"})
    registry.faults.append(always(page))
    assert isinstance(client(registry).head(registry.reference("app:1")), Unclear)


@pytest.mark.parametrize("status", [400, 401, 403, 418, 429, 500, 502, 503, 504])
def test_other_statuses_are_unclear(registry: FakeRegistry, status: int) -> None:
    registry.faults.append(always(Reply(status)))
    found = client(registry).head(registry.reference("app:1"))
    assert isinstance(found, Unclear)
    assert registry.host in found.reason


def test_a_401_says_how_to_log_in(registry: FakeRegistry) -> None:
    registry.auth = "basic"
    found = client(registry).head(registry.reference("app:1"))
    assert isinstance(found, Unclear)
    assert f"docker login {registry.host}" in found.reason


def test_the_registrys_words_are_cleaned_for_the_terminal(registry: FakeRegistry) -> None:
    body = b'{"errors":[{"code":"DENIED","message":"no\\u001b[31m way"}]}'
    registry.faults.append(always(Reply(403, body)))
    with pytest.raises(Refused, match=r"no \[31m way\.") as caught:
        client(registry).manifest(registry.reference("app:1"))
    assert "\x1b" not in caught.value.detail


def test_a_registry_that_is_too_slow_is_unclear(registry: FakeRegistry) -> None:
    registry.faults.append(slow(0.4))
    quick = client(registry, limits=Limits(connect=1, read=0.1))
    found = quick.head(registry.reference("app:1"))
    assert isinstance(found, Unclear)
    assert "did not answer in time" in found.reason


def test_nobody_listening_is_unclear() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{reserved.getsockname()[1]}"
        found = client(FakeRegistry(host=host)).head(parse_reference(f"{host}/app:1"))
    assert isinstance(found, Unclear)
    assert "nothing listens there" in found.reason


def test_an_unknown_host_is_unclear() -> None:
    found = client(FakeRegistry(host="x")).head(parse_reference("nowhere.invalid/app:1"))
    assert isinstance(found, Unclear)
    assert "nowhere.invalid" in found.reason


def test_a_failing_credential_helper_is_unclear(registry: FakeRegistry) -> None:
    class Failing:
        def for_host(self, host: str) -> Credential | None:
            raise Unreachable("Credential helper failed", f"nothing for {host}")

    registry.auth = "basic"
    found = client(registry, Failing()).head(registry.reference("app:1"))
    assert found == Unclear(f"nothing for {registry.host}", "Credential helper failed")


def test_a_wrong_digest_in_the_answer_is_unclear(registry: FakeRegistry) -> None:
    digest = registry.put_image("app", "1")
    other = "sha256:" + "0" * 64
    registry.faults.append(always(Reply(200, b"", {"Docker-Content-Digest": other})))
    found = client(registry).head(registry.reference(f"app@{digest}"))
    assert isinstance(found, Unclear)


def test_a_registry_without_digest_headers_is_read_in_full(registry: FakeRegistry) -> None:
    digest = registry.put_image("app", "1")
    media_type, content = registry.manifests["app", "1"]
    registry.faults.append(always(Reply(200, content, {"Content-Type": media_type})))
    found = client(registry).head(registry.reference("app:1"))
    assert found == Found(digest, media_type, len(content))
    assert registry.lines() == ["HEAD /v2/app/manifests/1", "GET /v2/app/manifests/1"]


def test_a_refused_login_is_unclear_and_stays_secret(registry: FakeRegistry) -> None:
    registry.auth = "basic"
    wrong = FixedCredentials({registry.host: Login(registry.username, "wrong-pa55word")})
    found = client(registry, wrong).head(registry.reference("app:1"))
    assert isinstance(found, Unclear)
    assert "wrong-pa55word" not in repr(found)
    assert len(registry.seen) == 2


def test_a_passing_failure_is_tried_again(registry: FakeRegistry) -> None:
    registry.put_image("app", "1")
    registry.faults.append(once(Reply(503), times=2))
    pauses: list[float] = []
    found = client(registry, pauses=pauses).head(registry.reference("app:1"))
    assert isinstance(found, Found)
    assert pauses == [0.5, 1.0]


def test_the_attempts_are_bounded(registry: FakeRegistry) -> None:
    registry.faults.append(always(Reply(503)))
    client(registry).head(registry.reference("app:1"))
    assert len(registry.seen) == 3


def test_a_broken_connection_is_tried_again(registry: FakeRegistry) -> None:
    registry.put_image("app", "1")
    registry.faults.append(once(Reply(0)))
    assert isinstance(client(registry).head(registry.reference("app:1")), Found)


def test_retry_after_is_waited_for(registry: FakeRegistry) -> None:
    registry.put_image("app", "1")
    registry.faults.append(once(Reply(429, b"", {"Retry-After": "7"})))
    pauses: list[float] = []
    client(registry, pauses=pauses).head(registry.reference("app:1"))
    assert pauses == [7.0]


def test_a_long_retry_after_is_not_waited_for(registry: FakeRegistry) -> None:
    registry.faults.append(always(Reply(429, b"", {"Retry-After": "3600"})))
    pauses: list[float] = []
    found = client(registry, pauses=pauses).head(registry.reference("app:1"))
    assert isinstance(found, Unclear)
    assert (pauses, len(registry.seen)) == ([], 1)


def test_missing_and_forbidden_are_not_tried_again(registry: FakeRegistry) -> None:
    registry.faults.append(always(Reply(403)))
    client(registry).head(registry.reference("app:1"))
    assert len(registry.seen) == 1


@pytest.mark.parametrize("host", ["127.0.0.1:1", "[::1]:1", "localhost:1", "a-b.invalid:65535"])
def test_any_host_has_an_answer(host: str) -> None:
    found = client(FakeRegistry(host="x")).head(parse_reference(f"{host}/app:1"))
    assert isinstance(found, Unclear)


def test_who_may_push_is_told_that_a_new_repository_is_not_there(registry: FakeRegistry) -> None:
    """As Docker Hub does, which answers 401 to anybody who may only pull."""
    registry.auth, registry.hides = "bearer", True
    login = FixedCredentials({registry.host: Login(registry.username, registry.password)})
    known = client(registry, login)
    assert known.head(registry.reference("team/new:1")) == Missing()
    registry.put_image("team/new", "1")
    assert isinstance(known.head(registry.reference("team/new:1")), Found)
    assert {one.partition(" ")[0] for one in registry.lines()} <= {"GET", "HEAD"}


def test_a_stranger_is_told_nothing_of_a_new_repository(registry: FakeRegistry) -> None:
    registry.auth, registry.hides = "bearer", True
    assert isinstance(client(registry).head(registry.reference("team/new:1")), Unclear)


def asking(address: str, limits: Limits) -> RegistryReader:
    transport = Transport({address: HostSettings(http=True)}, {}, limits=limits)
    return RegistryReader(transport, FixedCredentials())


def test_a_host_that_does_not_answer_is_waited_for_once() -> None:
    with silent() as server:
        reader = asking(server.address, Limits(read=0.2))
        found = [reader.head(parse_reference(f"{server.address}/app:{n}")) for n in range(20)]
        assert server.connections == 1
    assert {type(one) for one in found} == {Unclear}
    assert all("did not answer in time" in getattr(one, "reason", "") for one in found)


@pytest.mark.parametrize("drip", [b"H", b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 3])
def test_a_host_that_answers_for_ever_is_given_up(drip: bytes) -> None:
    """Each piece comes in time, and the answer never ends."""
    with silent(drip) as server:
        reader = asking(server.address, Limits(read=60, total=0.5))
        found = reader.head(parse_reference(f"{server.address}/app:1"))
    assert isinstance(found, Unclear)
    assert "did not answer in time" in found.reason
