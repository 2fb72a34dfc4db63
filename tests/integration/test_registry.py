"""The real docker-registry: plain http, and TLS with a CA of its own and a password."""

import json
import uuid
from base64 import b64encode
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from envdplan.clients.registry import (
    Found,
    HostSettings,
    ImageReference,
    Missing,
    Unclear,
    parse_reference,
)
from envdplan.clients.registry.credentials import (
    Credentials,
    DockerCredentials,
    FixedCredentials,
    Login,
)
from envdplan.clients.registry.transport import Transport
from envdplan.clients.registry.writer import RegistryWriter

pytestmark = pytest.mark.registry


@dataclass(frozen=True)
class Real:
    """A running registry that holds the image `base`."""

    address: str
    base: str
    ca: str | None
    username: str
    password: str

    def reference(self, text: str) -> ImageReference:
        return parse_reference(f"{self.address}/{text}")

    def somewhere(self) -> ImageReference:
        """A tag in a repository that no other test uses."""
        return self.reference(f"scratch/{uuid.uuid4().hex}:1")

    def settings(self) -> HostSettings:
        return HostSettings(http=False, ca=self.ca) if self.ca else HostSettings()

    def login(self) -> FixedCredentials:
        return FixedCredentials({self.address: Login(self.username, self.password)})


def real(services: Mapping[str, object], name: str) -> Real:
    registries, images = services["registries"], services["images"]
    assert isinstance(registries, dict)
    assert isinstance(images, dict)
    one = registries[name]
    secret = (one["username"] or "", one["password"] or "")
    return Real(one["address"], images["base"], one["ca"], *secret)


@pytest.fixture(scope="session")
def plain(services: Mapping[str, object]) -> Real:
    return real(services, "plain")


@pytest.fixture(scope="session")
def secured(services: Mapping[str, object]) -> Real:
    return real(services, "tls")


def client(*registries: Real, credentials: Credentials | None = None) -> RegistryWriter:
    transport = Transport({one.address: one.settings() for one in registries}, {})
    return RegistryWriter(transport, credentials or FixedCredentials())


def test_an_image_is_found_and_read(plain: Real) -> None:
    registry, base = client(plain), plain.reference(plain.base)
    found = registry.head(base)
    assert isinstance(found, Found)
    manifest = registry.manifest(base)
    assert (found.digest, found.media_type) == (manifest.digest, manifest.media_type)
    assert found.size == len(manifest.content)
    assert registry.platforms(base) == {"linux/amd64": manifest.digest}
    assert isinstance(registry.config_labels(base), dict)
    assert base.tag in registry.tags(base)


def test_a_missing_tag_digest_or_repository_is_missing(plain: Real) -> None:
    registry, base = client(plain), plain.reference(plain.base)
    assert registry.head(base.at_tag("none")) == Missing()
    assert registry.head(base.at_digest("sha256:" + "0" * 64)) == Missing()
    assert registry.head(plain.somewhere()) == Missing()


def test_a_tag_moves_in_its_repository(plain: Real) -> None:
    registry, base = client(plain), plain.reference(plain.base)
    digest = registry.manifest(base).digest
    target = base.at_tag(f"moved-{uuid.uuid4().hex}")
    assert registry.put_tag(base.at_digest(digest), target) == digest
    assert registry.head(target) == registry.head(base)


def test_an_image_is_mounted_into_another_repository(plain: Real) -> None:
    registry, base = client(plain), plain.reference(plain.base)
    target = plain.somewhere()
    digest = registry.put_tag(base, target)
    assert registry.head(target) == registry.head(base)
    assert registry.platforms(target) == {"linux/amd64": digest}


def test_an_index_is_assembled_and_moves_with_all_its_platforms(plain: Real) -> None:
    registry, base = client(plain), plain.reference(plain.base)
    first, second = plain.somewhere(), plain.somewhere()
    digest = registry.put_index(first, [base], {"dev.envdplan.test": "1"})
    assert registry.put_tag(first.at_digest(digest), second) == digest
    assert registry.platforms(second) == registry.platforms(base)
    assert registry.manifest(second).annotations == {"dev.envdplan.test": "1"}
    assert registry.config_labels(second) == registry.config_labels(base)


def test_an_image_is_copied_to_a_registry_with_a_password(plain: Real, secured: Real) -> None:
    registry = client(plain, secured, credentials=secured.login())
    target = secured.somewhere()
    digest = registry.put_tag(plain.reference(plain.base), target)
    assert registry.platforms(target) == {"linux/amd64": digest}


def test_the_login_of_dockers_configuration_file_is_used(secured: Real, tmp_path: Path) -> None:
    auth = b64encode(f"{secured.username}:{secured.password}".encode()).decode()
    config = {"auths": {secured.address: {"auth": auth}}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    credentials = DockerCredentials({}, directory=tmp_path)
    found = client(secured, credentials=credentials).head(secured.reference(secured.base))
    assert isinstance(found, Found)


@pytest.mark.parametrize("password", [None, "wrong-pa55word"])
def test_without_the_right_login_it_is_unclear(secured: Real, password: str | None) -> None:
    login = Login(secured.username, password) if password else None
    credentials = FixedCredentials({secured.address: login} if login else {})
    found = client(secured, credentials=credentials).head(secured.reference(secured.base))
    assert isinstance(found, Unclear)
    assert f"docker login {secured.address}" in found.reason
    assert "wrong-pa55word" not in found.reason


def test_an_unknown_authority_is_unclear(secured: Real) -> None:
    transport = Transport({secured.address: HostSettings(http=False)}, {})
    found = RegistryWriter(transport, secured.login()).head(secured.reference(secured.base))
    assert isinstance(found, Unclear)
    assert "cannot be trusted" in found.reason


def test_on_this_machine_any_certificate_will_do_as_for_dockerd(secured: Real) -> None:
    registry = RegistryWriter(Transport({}, {}), secured.login())
    assert isinstance(registry.head(secured.reference(secured.base)), Found)


def test_many_threads_look_at_once(plain: Real) -> None:
    registry, base = client(plain), plain.reference(plain.base)
    with ThreadPoolExecutor(32) as pool:
        found = list(pool.map(registry.head, [base] * 200))
    assert len(set(found)) == 1
    assert isinstance(found[0], Found)
