"""A real builder asks us for logins, tokens and secrets while it pushes."""

import threading
from collections.abc import Mapping
from pathlib import Path

import pytest

from envdplan.clients.buildkit.client import BuildKit
from envdplan.clients.buildkit.errors import BuildFailed
from envdplan.clients.buildkit.request import Export, SecretSource, SolveRequest
from envdplan.clients.buildkit.session.auth import registry_auth
from envdplan.clients.buildkit.session.secrets import secrets
from envdplan.clients.buildkit.session.services import Handler, Services, Stream
from envdplan.clients.buildkit.wire.dial import Dialer
from envdplan.clients.registry import HostSettings
from envdplan.clients.registry.credentials import Credentials, FixedCredentials, Login, TokenSeeds
from envdplan.clients.registry.transport import Transport
from envdplan.clients.registry.writer import RegistryWriter
from tests.integration.test_buildkit_client import buildkitd, files
from tests.integration.test_registry import Real, real
from tests.unit.registry.fake_registry import FakeRegistry, Reply, Seen, serving

pytestmark = [pytest.mark.buildkit, pytest.mark.registry]

SCRATCH = b"FROM scratch\nCOPY a.txt /\n"


@pytest.fixture
def dialer(services: Mapping[str, object]) -> Dialer:
    return buildkitd(services, "tcp")


@pytest.fixture(scope="session")
def secured(services: Mapping[str, object]) -> Real:
    return real(services, "tls")


def noted(calls: list[str], services: Services) -> Services:
    """The services, with the names of the methods that were called."""

    def note(method: str, handler: Handler) -> Handler:
        def serve(stream: Stream) -> None:
            calls.append(method.rpartition("/")[2])
            handler(stream)

        return serve

    return {method: note(method, handler) for method, handler in services.items()}


def push(
    dialer: Dialer,
    name: str,
    registry: RegistryWriter,
    credentials: Credentials,
    folder: Path,
    calls: list[str],
) -> str:
    """Build an image of one file, push it as `name`; its digest."""
    export = Export("image", {"name": name, "push": "true"})
    auth = noted(calls, registry_auth(credentials, registry, TokenSeeds(folder)))
    services = {**files({"Dockerfile": SCRATCH, "a.txt": b"hello\n"}), **auth}
    request = SolveRequest("dockerfile.v0", {}, exports=(export,))
    with BuildKit(dialer) as buildkit:
        result = buildkit.solve(request, services, lambda _: None, threading.Event())
    return result.response["containerimage.digest"]


def test_a_builder_pushes_with_the_login_where_the_registry_wants_it(
    dialer: Dialer, secured: Real, tmp_path: Path
) -> None:
    credentials = secured.login()
    registry = RegistryWriter(Transport({secured.address: secured.settings()}, {}), credentials)
    target, calls = secured.somewhere(), list[str]()
    digest = push(dialer, str(target), registry, credentials, tmp_path, calls)
    assert registry.manifest(target).digest == digest
    assert set(calls) == {"Credentials"}


def test_a_builder_without_a_login_fails(dialer: Dialer, secured: Real, tmp_path: Path) -> None:
    anonymous = FixedCredentials()
    registry = RegistryWriter(Transport({secured.address: secured.settings()}, {}), anonymous)
    with pytest.raises(BuildFailed):
        push(dialer, str(secured.somewhere()), registry, anonymous, tmp_path, [])


@pytest.fixture
def bearer() -> FakeRegistry:
    """A registry that hands out tokens; its API's root asks for one as well."""
    registry = FakeRegistry(auth="bearer")

    def root(seen: Seen) -> Reply | None:
        realm = f'Bearer realm="http://{registry.host}/token",service="test-service"'
        return Reply(401, b"", {"WWW-Authenticate": realm}) if seen.path == "/v2/" else None

    registry.faults.append(root)
    return registry


def test_a_builder_pushes_with_tokens_and_never_sees_the_password(
    dialer: Dialer, bearer: FakeRegistry, tmp_path: Path
) -> None:
    with serving(bearer):
        credentials = FixedCredentials({bearer.host: Login(bearer.username, bearer.password)})
        settings = {bearer.host: HostSettings(http=True)}
        registry = RegistryWriter(Transport(settings, {}), credentials)
        calls: list[str] = []
        target = bearer.reference("team/app:1")
        digest = push(dialer, str(target), registry, credentials, tmp_path, calls)
        assert registry.manifest(target).digest == digest
    assert {"GetTokenAuthority", "FetchToken"} <= set(calls)
    assert "Credentials" not in calls
    ours = {one.headers.get("user-agent", "") for one in bearer.seen if one.path == "/token"}
    assert len(ours) == 1
    assert ours.pop().startswith("envdplan/")


def test_a_second_session_proves_that_it_is_the_same_user(
    dialer: Dialer, bearer: FakeRegistry, tmp_path: Path
) -> None:
    with serving(bearer):
        bearer.put_image("team/base", "1")
        credentials = FixedCredentials({bearer.host: Login(bearer.username, bearer.password)})
        settings = {bearer.host: HostSettings(http=True)}
        registry = RegistryWriter(Transport(settings, {}), credentials)
        auth = registry_auth(credentials, registry, TokenSeeds(tmp_path))
        base = bearer.reference("team/base:1")
        calls: list[list[str]] = [[], []]
        for one in calls:
            tree = {"Dockerfile": f"FROM {base}\nLABEL a=1\n".encode(), "a.txt": b""}
            services = {**files(tree), **noted(one, auth)}
            request = SolveRequest("dockerfile.v0", {"image-resolve-mode": "pull"})
            with BuildKit(dialer) as buildkit:
                buildkit.solve(request, services, lambda _: None, threading.Event())
    assert calls == [["GetTokenAuthority", "FetchToken"], ["VerifyTokenAuthority"]]


def test_a_builder_reads_declared_secrets_only(
    dialer: Dialer, services: Mapping[str, object]
) -> None:
    images = services["images"]
    assert isinstance(images, dict)
    base = images["pushed"]["plain"]
    steps = (
        "RUN --mount=type=secret,id=token,required=true "
        '[ "$(cat /run/secrets/token)" = täst-s3cret ]\n'
        "RUN --mount=type=secret,id=other [ ! -e /run/secrets/other ]\n"
    )
    refused: list[str] = []
    sources = [SecretSource("token", env="TOKEN")]
    serving_secrets = secrets(sources, {"TOKEN": "täst-s3cret"}, refused=refused.append)
    tree = {"Dockerfile": f"FROM {base}\n{steps}".encode(), "a.txt": b""}
    request = SolveRequest("dockerfile.v0", {"no-cache": ""})
    with BuildKit(dialer) as buildkit:
        buildkit.solve(
            request, {**files(tree), **serving_secrets}, lambda _: None, threading.Event()
        )
    assert refused == ["other"]
