"""Docker's config.json, credential helpers and DOCKER_AUTH_CONFIG."""

import json
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdplan.clients.registry.credentials import (
    Credential,
    DockerCredentials,
    FixedCredentials,
    IdentityToken,
    Login,
    RegistryToken,
    docker_directory,
)
from envdplan.clients.registry.credentials.dockerconfig import decode
from envdplan.ground.diagnostics import CorruptFile, Unreachable
from envdplan.ground.imagenames import canonical_host

HUB = "https://index.docker.io/v1/"


def encoded(text: str) -> str:
    return b64encode(text.encode()).decode()


class Docker:
    """A Docker configuration directory and a PATH with credential helpers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {"DOCKER_CONFIG": str(folder), "PATH": str(folder)}

    def config(self, **document: object) -> None:
        (self.folder / "config.json").write_text(json.dumps(document))

    def helper(self, name: str, script: str) -> None:
        """A helper that keeps what it was asked for in the file `asked`."""
        path = self.folder / f"docker-credential-{name}"
        note = f'read -r server; printf "%s %s\\n" "$1" "$server" >> {self.folder}/asked'
        path.write_text(f"#!/bin/sh\n{note}\n{script}\n")
        path.chmod(0o755)

    def asked(self) -> list[str]:
        return (self.folder / "asked").read_text().splitlines()

    def for_host(self, host: str, *, timeout: float = 10) -> Credential | None:
        return DockerCredentials(self.environment, helper_timeout=timeout).for_host(host)


@pytest.fixture
def docker(tmp_path: Path) -> Docker:
    return Docker(tmp_path)


def test_without_a_file_everything_is_anonymous(docker: Docker) -> None:
    assert docker.for_host("r.io") is None


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"auth": encoded("ann:pass:word")}, Login("ann", "pass:word")),
        ({"auth": encoded("ann:pass\0\0")}, Login("ann", "pass")),
        ({"username": "ann", "password": "pass"}, Login("ann", "pass")),
        ({"auth": encoded("ann:"), "identitytoken": "t"}, IdentityToken("t")),
        ({"registrytoken": "t"}, RegistryToken("t")),
        ({}, None),
    ],
)
def test_an_entry_holds_a_login_or_a_token(
    docker: Docker, entry: dict[str, str], expected: Credential | None
) -> None:
    docker.config(auths={"r.io": entry})
    assert docker.for_host("r.io") == expected


@pytest.mark.parametrize("key", ["r.io:5000", "https://r.io:5000", "http://r.io:5000/v1/"])
def test_keys_may_be_urls(docker: Docker, key: str) -> None:
    docker.config(auths={key: {"auth": encoded("ann:pass")}})
    assert docker.for_host("r.io:5000") == Login("ann", "pass")
    assert docker.for_host("r.io") is None


@pytest.mark.parametrize("key", [HUB, "docker.io", "index.docker.io", "registry-1.docker.io"])
@pytest.mark.parametrize("host", ["docker.io", "registry-1.docker.io", "index.docker.io"])
def test_docker_hub_has_many_names(docker: Docker, key: str, host: str) -> None:
    docker.config(auths={key: {"auth": encoded("ann:pass")}})
    assert docker.for_host(host) == Login("ann", "pass")


def test_the_file_is_read_anew_each_time(docker: Docker) -> None:
    credentials = DockerCredentials(docker.environment)
    assert credentials.for_host("r.io") is None
    docker.config(auths={"r.io": {"auth": encoded("ann:pass")}})
    assert credentials.for_host("r.io") == Login("ann", "pass")


def test_the_hosts_helper_wins_over_the_common_one(docker: Docker) -> None:
    docker.config(credHelpers={"r.io": "own"}, credsStore="common")
    docker.helper("own", """echo '{"Username":"ann","Secret":"own"}'""")
    docker.helper("common", """echo '{"Username":"ann","Secret":"common"}'""")
    assert docker.for_host("r.io") == Login("ann", "own")
    assert docker.for_host("other.io") == Login("ann", "common")
    assert docker.asked() == ["get r.io", "get other.io"]


def test_a_helper_is_asked_for_docker_hub_by_its_old_name(docker: Docker) -> None:
    docker.config(credsStore="common")
    docker.helper("common", """echo '{"Username":"ann","Secret":"x"}'""")
    docker.for_host("docker.io")
    assert docker.asked() == [f"get {HUB}"]


def test_a_helper_may_keep_an_identity_token(docker: Docker) -> None:
    docker.config(credsStore="common")
    docker.helper("common", """echo '{"Username":"<token>","Secret":"x"}'""")
    assert docker.for_host("r.io") == IdentityToken("x")


def test_a_helper_that_knows_nothing_means_the_file_or_anonymous(docker: Docker) -> None:
    docker.config(credsStore="common", auths={"r.io": {"auth": encoded("ann:pass")}})
    docker.helper("common", "echo 'credentials not found in native keychain'; exit 1")
    assert docker.for_host("r.io") == Login("ann", "pass")
    assert docker.for_host("other.io") is None


def test_a_missing_helper_is_named(docker: Docker) -> None:
    docker.config(credsStore="desktop")
    with pytest.raises(Unreachable, match="no program docker-credential-desktop in PATH"):
        docker.for_host("r.io")


@pytest.mark.parametrize("name", ["../evil", "a/b", "", ".hidden", "x y"])
def test_a_helper_is_never_a_path(docker: Docker, name: str) -> None:
    docker.config(credHelpers={"r.io": name})
    if name:
        with pytest.raises(Unreachable, match="not installed"):
            docker.for_host("r.io")
    else:
        assert docker.for_host("r.io") is None


def test_a_failing_helper_says_why(docker: Docker) -> None:
    docker.config(credsStore="common")
    docker.helper("common", "echo 'the key ring is locked' >&2; exit 3")
    with pytest.raises(Unreachable, match="the key ring is locked"):
        docker.for_host("r.io")


def test_a_helper_that_hangs_is_given_up(docker: Docker) -> None:
    docker.config(credsStore="common")
    docker.helper("common", "exec /bin/sleep 20")
    with pytest.raises(Unreachable, match="no answer within"):
        docker.for_host("r.io", timeout=0.2)


@pytest.mark.parametrize("answer", ["nonsense", "[]", '{"Secret": "hidden-value"'])
def test_a_helper_that_answers_nonsense_does_not_leak_it(docker: Docker, answer: str) -> None:
    docker.config(credsStore="common")
    docker.helper("common", f"echo '{answer}'")
    with pytest.raises(Unreachable, match="not a JSON object") as caught:
        docker.for_host("r.io")
    assert "hidden-value" not in str(caught.value)


def test_a_failing_helper_does_not_leak_its_json(docker: Docker) -> None:
    docker.config(credsStore="common")
    docker.helper("common", """echo '{"Secret":"hidden-value"}'; exit 1""")
    with pytest.raises(Unreachable) as caught:
        docker.for_host("r.io")
    assert "hidden-value" not in str(caught.value)


def test_the_environment_variable_wins_over_the_file(docker: Docker) -> None:
    docker.config(auths={"r.io": {"auth": encoded("file:x")}, "s.io": {"auth": encoded("f:x")}})
    auths = {"auths": {"r.io": {"auth": encoded("variable:x")}}}
    docker.environment["DOCKER_AUTH_CONFIG"] = json.dumps(auths)
    assert docker.for_host("r.io") == Login("variable", "x")
    assert docker.for_host("s.io") == Login("f", "x")


@pytest.mark.parametrize(
    "text",
    [
        '{"auths": {"r.io": {"auth": "hidden-value!"}}',
        "hidden-value",
        '["hidden-value"]',
        '{"auths": "hidden-value"}',
    ],
)
def test_a_broken_file_is_named_without_its_content(docker: Docker, text: str) -> None:
    (docker.folder / "config.json").write_text(text)
    with pytest.raises(CorruptFile, match=r"config\.json") as caught:
        docker.for_host("r.io")
    assert "hidden-value" not in str(caught.value)


@pytest.mark.parametrize("auth", ["hidden-value!", encoded("hidden-value"), "/w=="])
def test_a_broken_auth_is_named_by_its_host(docker: Docker, auth: str) -> None:
    docker.config(auths={"r.io": {"auth": auth}})
    with pytest.raises(CorruptFile, match=r"'r\.io'") as caught:
        docker.for_host("r.io")
    assert auth not in str(caught.value)
    assert docker.for_host("other.io") is None


def test_a_file_in_another_encoding_is_named(docker: Docker) -> None:
    (docker.folder / "config.json").write_bytes(b"\xff\xfe{}")
    with pytest.raises(CorruptFile, match="UTF-8"):
        docker.for_host("r.io")


def test_a_directory_in_place_of_the_file_is_named(docker: Docker) -> None:
    (docker.folder / "config.json").mkdir()
    with pytest.raises(CorruptFile, match="directory"):
        docker.for_host("r.io")


@pytest.mark.parametrize(
    "credential", [Login("ann", "hidden"), IdentityToken("hidden"), RegistryToken("hidden")]
)
def test_secrets_are_never_shown(credential: Credential) -> None:
    assert "hidden" not in repr(credential)
    assert "hidden" not in repr(decode('{"auths": {"r.io": {"password": "hidden"}}}', "x"))
    assert "hidden" not in str(FixedCredentials({"r.io": credential}))


def test_the_directory_is_that_of_the_variable_or_the_home() -> None:
    assert docker_directory({"DOCKER_CONFIG": "/x"}) == Path("/x")
    assert docker_directory({"HOME": "/home/ann"}) == Path("/home/ann/.docker")


def test_fixed_credentials_know_all_names_of_docker_hub() -> None:
    fixed = FixedCredentials({"docker.io": Login("a", "b")})
    assert fixed.for_host("registry-1.docker.io") == Login("a", "b")
    assert fixed.for_host("ghcr.io") is None


@given(st.text(max_size=40))
def test_a_canonical_host_stays_the_same(text: str) -> None:
    once = canonical_host(text)
    assert canonical_host(once) == once
