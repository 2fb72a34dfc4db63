"""The Auth service: tokens for the builder, keys that only the same user has."""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from google.protobuf.message import Message
from nacl.signing import SigningKey, VerifyKey

from envdplan.clients.buildkit.proto import auth_pb2
from envdplan.clients.buildkit.session.auth import registry_auth
from envdplan.clients.buildkit.session.services import Abort, Services
from envdplan.clients.registry.credentials import (
    Credential,
    Credentials,
    FixedCredentials,
    IdentityToken,
    Login,
    NamedCredentials,
    RegistryToken,
    TokenSeeds,
)
from envdplan.ground.diagnostics import Unreachable
from tests.unit.registry.fake_registry import FakeRegistry, Reply, client, serving

SERVICE = "/moby.filesync.v1.Auth"
PERMISSION_DENIED, UNAVAILABLE, INVALID_ARGUMENT = 7, 14, 3


@dataclass
class OneCall:
    """A call with one message in; what we send is kept."""

    message: bytes | None
    sent: list[bytes] = field(default_factory=list)
    metadata: Mapping[str, str] = field(default_factory=dict)

    def values(self, key: str) -> tuple[str, ...]:
        return ()

    def receive(self) -> bytes | None:
        return self.message

    def send(self, messages: Iterable[bytes]) -> None:
        self.sent.extend(messages)


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with serving(FakeRegistry()) as running:
        running.faults.append(lambda seen: root(running) if seen.path == "/v2/" else None)
        yield running


def root(registry: FakeRegistry) -> Reply:
    challenge = {
        "basic": 'Basic realm="x"',
        "bearer": f'Bearer realm="http://{registry.host}/token",service="s"',
    }.get(registry.auth)
    return Reply(401, b"", {"WWW-Authenticate": challenge}) if challenge else Reply(200)


def login(registry: FakeRegistry) -> FixedCredentials:
    return FixedCredentials({registry.host: Login(registry.username, registry.password)})


def auth(registry: FakeRegistry, credentials: Credentials, folder: Path) -> Services:
    return registry_auth(credentials, client(registry, credentials), TokenSeeds(folder))


def call(services: Services, method: str, request: Message) -> bytes:
    stream = OneCall(request.SerializeToString())
    services[f"{SERVICE}/{method}"](stream)
    (reply,) = stream.sent
    return reply


def credentials_for(services: Services, host: str) -> auth_pb2.CredentialsResponse:
    reply = call(services, "Credentials", auth_pb2.CredentialsRequest(Host=host))
    return auth_pb2.CredentialsResponse.FromString(reply)


def public_key(services: Services, host: str, salt: bytes = b"salt") -> bytes:
    request = auth_pb2.GetTokenAuthorityRequest(Host=host, Salt=salt)
    reply = call(services, "GetTokenAuthority", request)
    return auth_pb2.GetTokenAuthorityResponse.FromString(reply).PublicKey


def fetch(services: Services, host: str, realm: str) -> auth_pb2.FetchTokenResponse:
    request = auth_pb2.FetchTokenRequest(
        ClientID="buildkit-client",
        Host=host,
        Realm=realm,
        Service="s",
        Scopes=["repository:app:pull,push"],
    )
    return auth_pb2.FetchTokenResponse.FromString(call(services, "FetchToken", request))


def test_a_basic_registry_needs_the_login(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.auth = "basic"
    reply = credentials_for(auth(registry, login(registry), tmp_path), registry.host)
    assert (reply.Username, reply.Secret) == (registry.username, registry.password)


def test_the_password_stays_here_for_a_registry_with_tokens(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    registry.auth = "bearer"
    reply = credentials_for(auth(registry, login(registry), tmp_path), registry.host)
    assert (reply.Username, reply.Secret) == ("", "")


def test_an_unknown_host_is_anonymous(registry: FakeRegistry, tmp_path: Path) -> None:
    reply = credentials_for(auth(registry, FixedCredentials(), tmp_path), registry.host)
    assert (reply.Username, reply.Secret) == ("", "")
    assert registry.seen == []


def test_a_registry_that_only_the_builder_reaches_gets_the_login(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    hidden = FixedCredentials({"127.0.0.1:1": Login("ann", "x")})
    reply = credentials_for(auth(registry, hidden, tmp_path), "127.0.0.1:1")
    assert (reply.Username, reply.Secret) == ("ann", "x")


def test_an_identity_token_has_no_user_name(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.auth = "basic"
    credentials = FixedCredentials({registry.host: IdentityToken("t")})
    reply = credentials_for(auth(registry, credentials, tmp_path), registry.host)
    assert (reply.Username, reply.Secret) == ("", "t")


def test_a_token_is_fetched_here(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.auth = "bearer"
    services = auth(registry, login(registry), tmp_path)
    reply = fetch(services, registry.host, f"http://{registry.host}/token")
    assert registry.tokens[reply.Token] == {"repository:app:pull", "repository:app:push"}
    assert reply.ExpiresIn == 300


def test_a_given_registry_token_is_handed_on(registry: FakeRegistry, tmp_path: Path) -> None:
    credentials = FixedCredentials({registry.host: RegistryToken("given")})
    services = auth(registry, credentials, tmp_path)
    assert fetch(services, registry.host, f"http://{registry.host}/token").Token == "given"
    assert credentials_for(services, registry.host).Secret == ""


def test_a_builder_cannot_send_the_login_elsewhere(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.auth = "bearer"
    with serving(FakeRegistry()) as thief:
        services = auth(registry, login(registry), tmp_path)
        with pytest.raises(Abort, match="not the token server") as caught:
            fetch(services, registry.host, f"http://{thief.host}/token")
    assert caught.value.code == PERMISSION_DENIED
    assert thief.seen == []


@pytest.mark.parametrize(
    "host", ["", "a b", "u:p@r.io", "r.io/x", "r.io?x", "[::1", "r.io\r\nX: y"]
)
def test_an_impossible_host_is_refused(registry: FakeRegistry, tmp_path: Path, host: str) -> None:
    services = auth(registry, FixedCredentials(), tmp_path)
    requests: dict[str, Message] = {
        "Credentials": auth_pb2.CredentialsRequest(Host=host),
        "FetchToken": auth_pb2.FetchTokenRequest(Host=host),
        "GetTokenAuthority": auth_pb2.GetTokenAuthorityRequest(Host=host),
        "VerifyTokenAuthority": auth_pb2.VerifyTokenAuthorityRequest(Host=host),
    }
    for method, request in requests.items():
        with pytest.raises(Abort, match="not a registry host"):
            call(services, method, request)


def test_a_denied_login_tells_how_to_log_in(registry: FakeRegistry, tmp_path: Path) -> None:
    registry.auth = "bearer"
    wrong = FixedCredentials({registry.host: Login("ann", "wrong-pa55word")})
    with pytest.raises(Abort, match=f"docker login {registry.host}") as caught:
        fetch(auth(registry, wrong, tmp_path), registry.host, f"http://{registry.host}/token")
    assert "wrong-pa55word" not in caught.value.message


def test_the_key_is_that_of_buildkits_own_client(registry: FakeRegistry, tmp_path: Path) -> None:
    seeds = TokenSeeds(tmp_path)
    services = auth(registry, login(registry), tmp_path)
    seed = hmac.new(b"salt", seeds.seed(registry.host), hashlib.sha256).digest()
    request = auth_pb2.VerifyTokenAuthorityRequest(
        Host=registry.host, Salt=b"salt", Payload=b"p" * 32
    )
    reply = call(services, "VerifyTokenAuthority", request)
    signed = auth_pb2.VerifyTokenAuthorityResponse.FromString(reply).Signed
    key = public_key(services, registry.host)
    assert len(key) == 32
    assert len(signed) == 64 + 32
    assert VerifyKey(key).verify(signed) == b"p" * 32
    from nacl.bindings import crypto_sign_seed_keypair

    assert crypto_sign_seed_keypair(seed)[0] == key


def test_another_salt_host_or_user_has_another_key(registry: FakeRegistry, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    both = FixedCredentials({registry.host: Login("a", "b"), "r.io": Login("a", "b")})
    services = auth(registry, both, tmp_path)
    other = auth(registry, both, tmp_path / "other")
    keys = {
        public_key(services, registry.host),
        public_key(services, registry.host, b"pepper"),
        public_key(services, "r.io"),
        public_key(other, "r.io"),
    }
    assert len(keys) == 4


def test_all_anonymous_users_have_the_same_key(registry: FakeRegistry, tmp_path: Path) -> None:
    first = auth(registry, FixedCredentials(), tmp_path / "a")
    second = auth(registry, FixedCredentials(), tmp_path / "b")
    assert public_key(first, "r.io") == public_key(second, "r.io")
    assert not (tmp_path / "a").exists()


def test_a_failing_helper_fails_the_build_with_its_reason(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    class Failing:
        def for_host(self, host: str) -> Credential | None:
            raise Unreachable("Credential helper failed", "install docker-credential-x")

    with pytest.raises(Abort, match="docker-credential-x") as caught:
        credentials_for(auth(registry, Failing(), tmp_path), "r.io")
    assert caught.value.code == UNAVAILABLE


@pytest.mark.parametrize(
    "method", ["Credentials", "FetchToken", "GetTokenAuthority", "VerifyTokenAuthority"]
)
def test_an_auth_message_that_cannot_be_read_is_refused(
    registry: FakeRegistry, tmp_path: Path, method: str
) -> None:
    services = auth(registry, FixedCredentials(), tmp_path)
    with pytest.raises(Abort) as caught:
        services[f"{SERVICE}/{method}"](OneCall(b"\xff\xff"))
    assert caught.value.code == INVALID_ARGUMENT


def test_a_host_that_is_not_named_gets_an_anonymous_token(
    registry: FakeRegistry, tmp_path: Path
) -> None:
    registry.auth = "bearer"
    full = login(registry)
    told: list[str] = []
    named = NamedCredentials(full, lambda _: False, told.append)
    services = registry_auth(named, client(registry, full), TokenSeeds(tmp_path))
    assert credentials_for(services, registry.host) == auth_pb2.CredentialsResponse()
    fetch(services, registry.host, f"http://{registry.host}/token")
    asked = [one for one in registry.seen if one.path.startswith("/token")]
    assert asked
    assert not [one for one in asked if "authorization" in one.headers]
    assert public_key(services, registry.host) == bytes(
        SigningKey(hmac.new(b"salt", b"", hashlib.sha256).digest()).verify_key
    )
    assert told == [registry.host]
