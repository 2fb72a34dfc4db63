"""Logins: basic, bearer tokens, identity tokens; kept until they expire, renewed once."""

import threading

import pytest

from envdplan.clients.registry import Found, Unclear
from envdplan.clients.registry.authorization import Authorizer
from envdplan.clients.registry.credentials import (
    Credential,
    FixedCredentials,
    IdentityToken,
    Login,
    RegistryToken,
)
from envdplan.clients.registry.tokens import TokenQuery
from envdplan.clients.registry.transport import Transport
from envdplan.ground.diagnostics import Refused, Unreachable
from tests.unit.registry.fake_registry import FakeRegistry, Reply, Seen, client, once


def login(registry: FakeRegistry) -> FixedCredentials:
    return FixedCredentials({registry.host: Login(registry.username, registry.password)})


def test_basic_is_answered_with_the_login_and_then_sent_at_once(registry: FakeRegistry) -> None:
    registry.auth = "basic"
    registry.put_image("app", "1")
    asking = client(registry, login(registry))
    assert isinstance(asking.head(registry.reference("app:1")), Found)
    assert isinstance(asking.head(registry.reference("app:1")), Found)
    given = [one.headers.get("authorization") for one in registry.seen]
    assert given == [None, registry.basic, registry.basic]


def test_a_token_is_fetched_with_the_login_and_used_until_it_expires(
    registry: FakeRegistry,
) -> None:
    registry.auth = "bearer"
    registry.put_image("app", "1")
    asking = client(registry, login(registry))
    assert isinstance(asking.head(registry.reference("app:1")), Found)
    assert isinstance(asking.head(registry.reference("app:1")), Found)
    head = "HEAD /v2/app/manifests/1"
    assert registry.lines() == [head, "GET /token", head, head]
    assert "service=test-service" in registry.seen[1].query
    assert "scope=repository%3Aapp%3Apull" in registry.seen[1].query


def test_the_password_goes_to_the_token_server_only(registry: FakeRegistry) -> None:
    registry.auth = "bearer"
    registry.put_image("app", "1")
    client(registry, login(registry)).head(registry.reference("app:1"))
    with_password = [
        one.line for one in registry.seen if one.headers.get("authorization") == registry.basic
    ]
    assert with_password == ["GET /token"]


def test_public_images_need_no_login(registry: FakeRegistry) -> None:
    registry.auth = "bearer"
    registry.put_image("public/app", "1")
    assert isinstance(client(registry).head(registry.reference("public/app:1")), Found)
    assert registry.seen[1].headers.get("authorization") is None


def test_private_images_are_unclear_without_a_login(registry: FakeRegistry) -> None:
    registry.auth = "bearer"
    registry.put_image("app", "1")
    assert isinstance(client(registry).head(registry.reference("app:1")), Unclear)


def test_an_identity_token_is_exchanged_by_post(registry: FakeRegistry) -> None:
    registry.auth = "bearer"
    registry.put_image("app", "1")
    credentials = FixedCredentials({registry.host: IdentityToken(registry.identity)})
    assert isinstance(client(registry, credentials).head(registry.reference("app:1")), Found)
    assert registry.lines()[1] == "POST /token"
    assert b"grant_type=refresh_token" in registry.seen[1].body


def test_a_registry_token_goes_to_the_registry_as_it_is(registry: FakeRegistry) -> None:
    registry.auth = "bearer"
    registry.put_image("app", "1")
    registry.tokens["given"] = {"repository:app:pull"}
    credentials = FixedCredentials({registry.host: RegistryToken("given")})
    assert isinstance(client(registry, credentials).head(registry.reference("app:1")), Found)
    assert "GET /token" not in registry.lines()


def test_a_server_that_wants_the_login_by_post_gets_it_so(registry: FakeRegistry) -> None:
    registry.auth = "bearer"
    registry.put_image("app", "1")

    def no_get(seen: Seen) -> Reply | None:
        return Reply(405) if seen.line == "GET /token" else None

    registry.faults.append(no_get)
    asking = client(registry, login(registry))
    assert isinstance(asking.head(registry.reference("app:1")), Unclear)
    assert b"grant_type=password" in registry.seen[2].body


def test_a_token_that_is_refused_is_renewed_once(registry: FakeRegistry) -> None:
    registry.auth = "bearer"
    registry.put_image("app", "1")
    asking = client(registry, login(registry))
    asking.head(registry.reference("app:1"))
    registry.tokens.clear()
    registry.seen.clear()
    assert isinstance(asking.head(registry.reference("app:1")), Found)
    head = "HEAD /v2/app/manifests/1"
    assert registry.lines() == [head, "GET /token", head]


def test_a_token_is_fetched_anew_shortly_before_it_expires(registry: FakeRegistry) -> None:
    registry.auth = "bearer"
    registry.token_life = 100
    now = [0.0]
    authorizer = Authorizer(Transport({}, {}), login(registry), lambda: now[0])
    scopes = frozenset({"repository:app:pull"})
    wanted = f'Bearer realm="http://{registry.host}/token",service="s"'
    first = authorizer.renewed(registry.host, scopes, wanted, None)
    now[0] = 89.0
    assert authorizer.header(registry.host, scopes) == first
    now[0] = 91.0
    assert authorizer.header(registry.host, scopes) != first


def test_threads_that_start_together_share_one_token(registry: FakeRegistry) -> None:
    registry.auth = "bearer"
    registry.put_image("app", "1")
    asking = client(registry, login(registry))
    found: list[object] = []
    threads = [
        threading.Thread(target=lambda: found.append(asking.head(registry.reference("app:1"))))
        for _ in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [type(one) for one in found] == [Found] * 12
    assert registry.lines().count("GET /token") == 1


def test_a_helper_is_asked_again_when_its_login_is_refused(registry: FakeRegistry) -> None:
    class Rotating:
        def __init__(self) -> None:
            self.asked = 0

        def for_host(self, host: str) -> Credential | None:
            self.asked += 1
            return Login(registry.username, "old" if self.asked == 1 else registry.password)

    registry.auth = "basic"
    registry.password = "old"
    registry.put_image("app", "1")
    asking = client(registry, Rotating())
    assert isinstance(asking.head(registry.reference("app:1")), Found)
    registry.password = "new"
    assert isinstance(asking.head(registry.reference("app:1")), Found)


@pytest.mark.parametrize("realm", ["http://tokens.example/token", "http://[x", "file:///x", ""])
def test_a_login_never_goes_to_a_token_server_in_the_clear(realm: str) -> None:
    transport = Transport({}, {})
    asking = Authorizer(transport, FixedCredentials({"far.example": Login("a", "b")}))
    wanted = f'Bearer realm="{realm}",service="s"'
    with pytest.raises(Refused, match="not an https:// URL"):
        asking.renewed("far.example", frozenset(), wanted, None)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"token": 3}', b'{"token": "a\\r\\nb"}'])
def test_a_token_server_that_answers_nonsense_is_told_so(
    registry: FakeRegistry, body: bytes
) -> None:
    registry.auth = "bearer"
    registry.faults.append(lambda seen: Reply(200, body) if seen.path == "/token" else None)
    with pytest.raises(Unreachable, match="without a token"):
        client(registry).manifest(registry.reference("app:1"))


def test_others_get_tokens_from_the_registrys_own_token_server(registry: FakeRegistry) -> None:
    registry.auth = "bearer"
    scopes = ("repository:app:pull",)
    query = TokenQuery(registry.host, f"http://{registry.host}/token", "s", scopes)
    token = client(registry, login(registry)).token(query)
    assert registry.tokens[token.value] == {"repository:app:pull"}
    assert token.expires_in == 300


def test_nobody_gets_the_login_sent_to_a_server_of_his_choice(registry: FakeRegistry) -> None:
    registry.auth = "bearer"
    other = f"http://localhost:{registry.host.partition(':')[2]}/token"
    query = TokenQuery(registry.host, other, "s", ("repository:app:pull",))
    with pytest.raises(Refused, match="not the token server that the registry names"):
        client(registry, login(registry)).token(query)
    assert registry.basic not in [one.headers.get("authorization") for one in registry.seen]


def test_a_token_server_elsewhere_is_used_when_the_registry_names_it(
    registry: FakeRegistry,
) -> None:
    registry.auth = "bearer"
    registry.realm = f"http://localhost:{registry.host.partition(':')[2]}/token"
    registry.faults.append(
        lambda seen: (
            Reply(401, b"", {"WWW-Authenticate": f'Bearer realm="{registry.realm}"'})
            if seen.path == "/v2/"
            else None
        )
    )
    query = TokenQuery(registry.host, registry.realm, "s", ("repository:app:pull",))
    assert client(registry, login(registry)).token(query).value in registry.tokens


def test_a_failing_request_is_not_answered_with_the_login_unasked(registry: FakeRegistry) -> None:
    registry.faults.append(once(Reply(403)))
    client(registry, login(registry)).head(registry.reference("app:1"))
    assert [one.headers.get("authorization") for one in registry.seen] == [None]


@pytest.mark.parametrize("auth", ["basic", "bearer"])
def test_a_wrong_login_is_told_from_none(registry: FakeRegistry, auth: str) -> None:
    registry.auth = auth
    wrong = FixedCredentials({registry.host: Login(registry.username, "no")})
    for credentials, words in (
        (FixedCredentials(), "wants a login for app, and there is none for it here: docker login"),
        (wrong, "does not accept the login it was given, for app. Log in again: docker login"),
    ):
        found = client(registry, credentials).head(registry.reference("app:1"))
        assert isinstance(found, Unclear)
        assert words in found.reason
