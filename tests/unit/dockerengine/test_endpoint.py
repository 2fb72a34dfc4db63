import json
from hashlib import sha256
from pathlib import Path

import pytest

from envdplan.clients.docker.contexts import UnknownContext
from envdplan.clients.docker.endpoint import TLS, BadEndpoint, Endpoint, resolve
from envdplan.ground.diagnostics import CorruptFile


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    add_context(tmp_path, "colima", "unix:///home/me/.colima/docker.sock")
    add_context(tmp_path, "far", "tcp://192.0.2.7:2376")
    add_context(tmp_path, "lax", "tcp://192.0.2.8", skip=True)
    tls = tmp_path / "contexts" / "tls" / digest("far") / "docker"
    tls.mkdir(parents=True)
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (tls / name).touch()
    return tmp_path


def digest(name: str) -> str:
    return sha256(name.encode()).hexdigest()


def add_context(directory: Path, name: str, host: str, *, skip: bool = False) -> None:
    meta = directory / "contexts" / "meta" / digest(name)
    meta.mkdir(parents=True)
    endpoint = {"Host": host, "SkipTLSVerify": skip}
    document = {"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}
    (meta / "meta.json").write_text(json.dumps(document))


def use(directory: Path, name: str) -> None:
    (directory / "config.json").write_text(json.dumps({"currentContext": name}))


def environment(directory: Path, **more: str) -> dict[str, str]:
    return {"DOCKER_CONFIG": str(directory), **more}


@pytest.mark.parametrize(
    ("more", "host", "current", "url", "source"),
    [
        ({}, None, None, "unix:///var/run/docker.sock", "the default"),
        ({}, None, "colima", "unix:///home/me/.colima/docker.sock", "the current one of"),
        ({"DOCKER_CONTEXT": "lax"}, None, "colima", "tcp://192.0.2.8:2376", "DOCKER_CONTEXT"),
        ({"DOCKER_CONTEXT": "default"}, None, "colima", "unix:///var/run/docker.sock", '"default"'),
        (
            {"DOCKER_HOST": "tcp://192.0.2.1", "DOCKER_CONTEXT": "lax"},
            None,
            "colima",
            "tcp://192.0.2.1:2375",
            "DOCKER_HOST",
        ),
        ({"DOCKER_HOST": ""}, None, "colima", "unix:///home/me/.colima/docker.sock", "current"),
        ({"DOCKER_HOST": "tcp://192.0.2.1"}, "colima", None, "unix:///home/me/", "from host"),
        ({"DOCKER_HOST": "tcp://192.0.2.1"}, "unix:///run/x", None, "unix:///run/x", "from host"),
        ({}, "tcp://[2001:db8::1]:99", None, "tcp://[2001:db8::1]:99", "from host"),
        ({}, "tcp://192.0.2.1:99/", None, "tcp://192.0.2.1:99", "from host"),
        ({}, "ssh://me@build.example:22", None, "ssh://me@build.example:22", "from host"),
        ({"DOCKER_HOST": "unix:///x"}, "default", None, "unix:///x", '"default", from host'),
    ],
)
def test_the_engine_is_found_in_the_order_of_the_docker_command(
    directory: Path,
    more: dict[str, str],
    host: str | None,
    current: str | None,
    url: str,
    source: str,
) -> None:
    if current:
        use(directory, current)
    found = resolve(environment(directory, **more), host)
    assert found.url.startswith(url)
    assert source in found.source


def test_a_context_brings_its_tls_files(directory: Path) -> None:
    tls = directory / "contexts" / "tls" / digest("far") / "docker"
    found = resolve(environment(directory), "far")
    assert found.tls == TLS(tls / "ca.pem", tls / "cert.pem", tls / "key.pem")


def test_a_context_may_skip_the_verification(directory: Path) -> None:
    assert resolve(environment(directory), "lax").tls == TLS(verify=False)


def test_a_context_without_tls_files_is_plain(directory: Path) -> None:
    add_context(directory, "plain", "tcp://192.0.2.9:2375")
    assert resolve(environment(directory), "plain").tls is None


@pytest.mark.parametrize(
    ("more", "expected"),
    [({"DOCKER_TLS_VERIFY": "1"}, True), ({"DOCKER_TLS": "1"}, False)],
)
def test_tls_of_the_environment_applies_to_tcp(
    tmp_path: Path, more: dict[str, str], expected: bool
) -> None:
    (tmp_path / "ca.pem").touch()
    more = {"DOCKER_HOST": "tcp://h", "DOCKER_CERT_PATH": str(tmp_path), **more}
    found = resolve(environment(tmp_path / "none", **more))
    assert found.url == "tcp://h:2376"
    assert found.tls == TLS(ca=tmp_path / "ca.pem", verify=expected)


def test_tls_of_the_environment_does_not_apply_to_a_unix_socket(tmp_path: Path) -> None:
    more = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path / "none")}
    assert resolve(environment(tmp_path, **more)).tls is None


def test_a_certificate_path_without_an_authority_is_refused(tmp_path: Path) -> None:
    more = {"DOCKER_HOST": "tcp://h", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    with pytest.raises(BadEndpoint, match=r"no ca\.pem"):
        resolve(environment(tmp_path, **more))


def test_the_directory_follows_home_where_docker_config_is_unset(tmp_path: Path) -> None:
    docker = tmp_path / ".docker"
    docker.mkdir()
    add_context(docker, "mine", "unix:///mine")
    use(docker, "mine")
    assert resolve({"HOME": str(tmp_path)}).url == "unix:///mine"


def test_an_unknown_context_names_those_there_are(directory: Path) -> None:
    with pytest.raises(UnknownContext) as caught:
        resolve(environment(directory), "colmia")
    assert '"colmia"' in caught.value.detail
    assert "There are: default, colima, far, lax." in caught.value.detail


def test_a_context_store_with_an_unreadable_entry_still_names_the_others(directory: Path) -> None:
    (directory / "contexts" / "meta" / "x").mkdir()
    (directory / "contexts" / "meta" / "x" / "meta.json").write_text("{")
    with pytest.raises(UnknownContext, match="colima, far, lax"):
        resolve(environment(directory), "other")


def test_a_broken_config_is_named(directory: Path) -> None:
    (directory / "config.json").write_text("{")
    with pytest.raises(CorruptFile, match=r"config\.json"):
        resolve(environment(directory))


@pytest.mark.parametrize(
    ("host", "why"),
    [
        ("npipe:////./pipe/docker_engine", "should begin with"),
        ("http://192.0.2.1", "should begin with"),
        ("/var/run/docker.sock", "should begin with"),
        ("unix://var/run/docker.sock", "should be absolute"),
        ("tcp://", "HOST:PORT"),
        ("tcp://h:99999", "Port out of range"),
        ("tcp://h/path", "HOST:PORT"),
        ("ssh://", "USER@HOST"),
        ("tcp://h:1?a=b", "is not allowed here"),
    ],
)
def test_an_address_that_cannot_be_used_says_why(tmp_path: Path, host: str, why: str) -> None:
    with pytest.raises(BadEndpoint) as caught:
        resolve(environment(tmp_path), host)
    assert why in caught.value.detail
    assert "(from host)" in caught.value.detail


def test_a_password_in_an_address_is_refused_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(BadEndpoint) as caught:
        resolve(environment(tmp_path), "ssh://me:hunter2@h")
    assert "hunter2" not in str(caught.value)


def test_the_parts_of_an_endpoint() -> None:
    far = Endpoint("ssh://me@[2001:db8::1]:2222/run/d.sock", None, "a test")
    assert (far.scheme, far.user, far.host) == ("ssh", "me", "2001:db8::1")
    assert (far.port, far.path) == (2222, "/run/d.sock")
    assert str(far) == "ssh://me@[2001:db8::1]:2222/run/d.sock (a test)"
