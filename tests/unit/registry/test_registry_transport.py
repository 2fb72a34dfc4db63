"""TLS, plain http on loopback, redirects, proxies, certificates."""

import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdplan.clients.registry import Found, HostSettings
from envdplan.clients.registry.challenges import parse_challenges, preferred
from envdplan.clients.registry.credentials import FixedCredentials, Login
from envdplan.clients.registry.hosts import api_host
from envdplan.clients.registry.messages import Limits, Request
from envdplan.clients.registry.proxies import proxy_for
from envdplan.clients.registry.reader import _NEXT_PAGE
from envdplan.clients.registry.transport import Transport
from envdplan.clients.registry.writer import RegistryWriter
from envdplan.ground.diagnostics import CorruptFile, EnvdplanError, Refused, Unreachable
from envdplan.ground.imagenames import is_loopback
from tests.unit.registry.fake_registry import FakeRegistry, Reply, client, serving


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key in the same file."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=test"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")),
        ],
        check=True,
        capture_output=True,
    )
    both = folder / "both.pem"
    both.write_text((folder / "cert.pem").read_text() + (folder / "key.pem").read_text())
    return both


@pytest.fixture
def secured(certificate: Path) -> Iterator[FakeRegistry]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with serving(FakeRegistry(), context) as running:
        running.put_image("app", "1")
        yield running


def asking(settings: dict[str, HostSettings], certificates: Path = Path("/none")) -> RegistryWriter:
    limits = Limits(connect=2, read=2)
    transport = Transport(settings, {}, certificates=certificates, limits=limits)
    return RegistryWriter(transport, FixedCredentials())


def test_a_host_of_this_machine_may_speak_plain_http(registry: FakeRegistry) -> None:
    registry.put_image("app", "1")
    assert isinstance(asking({}).head(registry.reference("app:1")), Found)


def test_a_host_of_this_machine_may_have_any_certificate(secured: FakeRegistry) -> None:
    assert isinstance(asking({}).head(secured.reference("app:1")), Found)


def test_a_certificate_of_an_unknown_authority_is_refused_when_tls_is_asked_for(
    secured: FakeRegistry,
) -> None:
    strict = asking({secured.host: HostSettings(http=False)})
    with pytest.raises(Unreachable, match="certificate that cannot be trusted") as caught:
        strict.manifest(secured.reference("app:1"))
    assert f"/etc/docker/certs.d/{secured.host}/ca.crt" in caught.value.detail


def test_the_authority_of_the_settings_is_trusted(secured: FakeRegistry, certificate: Path) -> None:
    strict = asking({secured.host: HostSettings(http=False, ca=str(certificate))})
    assert isinstance(strict.head(secured.reference("app:1")), Found)


def test_the_authorities_in_dockers_directory_are_trusted(
    secured: FakeRegistry, certificate: Path, tmp_path: Path
) -> None:
    folder = tmp_path / secured.host
    folder.mkdir()
    (folder / "ca.crt").write_text(certificate.read_text())
    strict = asking({secured.host: HostSettings(http=False)}, tmp_path)
    assert isinstance(strict.head(secured.reference("app:1")), Found)


def test_an_authority_that_does_not_fit_is_not_passed_over(
    registry: FakeRegistry, certificate: Path
) -> None:
    strict = asking({registry.host: HostSettings(http=False, ca=str(certificate))})
    with pytest.raises(Unreachable, match="does not speak TLS"):
        strict.manifest(registry.reference("app:1"))


def test_a_client_certificate_is_shown(certificate: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    context.load_verify_locations(certificate)
    context.verify_mode = ssl.CERT_REQUIRED
    with serving(FakeRegistry(), context) as running:
        running.put_image("app", "1")
        text = str(certificate)
        settings = HostSettings(http=False, ca=text, certificate=text, key=text)
        assert isinstance(asking({running.host: settings}).head(running.reference("app:1")), Found)
        without = asking({running.host: HostSettings(http=False, ca=text)})
        with pytest.raises(Unreachable):
            without.manifest(running.reference("app:1"))


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_an_unusable_authority_file_is_named(
    registry: FakeRegistry, tmp_path: Path, content: str | None
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(CorruptFile, match=r"ca\.pem"):
        asking({registry.host: HostSettings(http=False, ca=str(path))}).manifest(
            registry.reference("app:1")
        )


def test_connections_are_kept_alive(registry: FakeRegistry) -> None:
    registry.put_image("app", "1")
    reading = client(registry)
    for _ in range(5):
        reading.head(registry.reference("app:1"))
    assert registry.connections == 1


def test_a_redirect_to_another_host_loses_the_login(registry: FakeRegistry) -> None:
    registry.auth = "basic"
    registry.put_image("app", "1", labels={"a": "1"})
    with serving(FakeRegistry(blobs=registry.blobs)) as storage:
        registry.faults.append(
            lambda seen: (
                Reply(307, b"", {"Location": f"http://{storage.host}{seen.path}"})
                if "/blobs/" in seen.path
                else None
            )
        )
        login = Login(registry.username, registry.password)
        credentials = FixedCredentials({registry.host: login})
        labels = client(registry, credentials).config_labels(registry.reference("app:1"))
    assert labels == {"a": "1"}
    assert [one.headers.get("authorization") for one in storage.seen] == [None]


def test_endless_redirects_end(registry: FakeRegistry) -> None:
    registry.faults.append(lambda seen: Reply(302, b"", {"Location": seen.path}))
    with pytest.raises(Unreachable, match="Too many redirects"):
        client(registry).manifest(registry.reference("app:1"))
    assert len(registry.seen) == 6


@pytest.mark.parametrize(
    "location", ["ftp://x/y", "file:///etc/passwd", "https:///x", "http://[x", "http://u@x/"]
)
def test_a_redirect_to_no_web_server_is_refused(registry: FakeRegistry, location: str) -> None:
    registry.faults.append(lambda _: Reply(302, b"", {"Location": location}))
    with pytest.raises(Refused, match="unsafe address"):
        client(registry).manifest(registry.reference("app:1"))


def test_requests_to_other_machines_take_the_proxy(registry: FakeRegistry) -> None:
    proxy = f"http://user:pa%20ss@{registry.host}"
    transport = Transport(
        {"far.example": HostSettings(http=True)}, {"http_proxy": proxy}, limits=Limits(read=2)
    )
    answer = transport.send(Request("GET", "http://far.example/v2/"))
    assert answer.status == 200
    assert registry.seen[0].headers["host"] == "far.example"
    assert registry.seen[0].headers["proxy-authorization"] == "Basic dXNlcjpwYSBzcw=="


def test_a_proxy_that_does_not_listen_is_named() -> None:
    transport = Transport({}, {"https_proxy": "http://127.0.0.1:1"}, limits=Limits(connect=1))
    with pytest.raises(Unreachable, match="proxy"):
        transport.send(Request("GET", "https://far.example/v2/"))


def test_a_proxy_of_an_unknown_kind_is_refused_without_its_password() -> None:
    transport = Transport({}, {"https_proxy": "socks9://u:hidden@x"})
    with pytest.raises(EnvdplanError, match="https_proxy") as caught:
        transport.send(Request("GET", "https://far.example/v2/"))
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "no_proxy", "direct"),
    [
        ("r.io", "", False),
        ("r.io", "*", True),
        ("r.io", "x.io, r.io", True),
        ("r.io:5000", "r.io", True),
        ("r.io:5000", "r.io:5000", True),
        ("r.io:5000", "r.io:6000", False),
        ("a.r.io", "r.io", True),
        ("a.r.io", ".r.io", True),
        ("bar.io", "r.io", False),
        ("10.1.2.3:5000", "10.0.0.0/8", True),
        ("11.1.2.3:5000", "10.0.0.0/8", False),
        ("localhost:5000", "", True),
        ("127.3.2.1", "", True),
        ("[::1]:5000", "", True),
    ],
)
def test_no_proxy_is_honoured(host: str, no_proxy: str, *, direct: bool) -> None:
    environment = {"HTTPS_PROXY": "proxy:3128", "NO_PROXY": no_proxy}
    assert proxy_for("https", host, environment) == (None if direct else "http://proxy:3128")


def test_loopback_is_known_by_name_and_number() -> None:
    assert all(is_loopback(one) for one in ("localhost", "localhost:1", "127.9.9.9:1", "[::1]:1"))
    assert not any(is_loopback(one) for one in ("localhost.example", "128.0.0.1", "[::2]:1"))


def test_docker_hub_is_served_by_another_host() -> None:
    assert api_host("docker.io") == api_host("index.docker.io") == "registry-1.docker.io"
    assert api_host("ghcr.io") == "ghcr.io"


@pytest.mark.parametrize(
    ("header", "schemes"),
    [
        ('Bearer realm="https://a/t?x=1",service="b,c"', ["bearer"]),
        ('Basic realm="a \\"b\\"", Bearer realm=x', ["basic", "bearer"]),
        ("Negotiate, Basic realm=x", ["negotiate", "basic"]),
        ("", []),
        ("=,;", []),
    ],
)
def test_challenges_are_read(header: str, schemes: list[str]) -> None:
    assert [one.scheme for one in parse_challenges(header)] == schemes


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "header",
    [
        "Bearer" + " " * 500_000 + "=",
        'Bearer a="' + "\\" * 500_001,
        "Bearer a" + " " * 500_000 + "b",
    ],
)
def test_a_header_of_blanks_takes_no_time(header: str) -> None:
    assert len(parse_challenges(header)) <= 3
    for link in ("<" * 500_000, "<a>" + " " * 500_000):
        assert _NEXT_PAGE.search(link) is None


def test_bearer_is_preferred() -> None:
    chosen = preferred(parse_challenges('Basic realm="x", Bearer realm="https://t",scope="a b"'))
    assert chosen is not None
    assert (chosen.realm, sorted(chosen.scopes)) == ("https://t", ["a", "b"])


@given(st.text(max_size=80))
def test_any_challenge_header_is_read_or_passed_over(header: str) -> None:
    assert all(one.scheme == one.scheme.lower() for one in parse_challenges(header))
