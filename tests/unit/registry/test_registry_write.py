"""Moving tags, copying between repositories, assembling indexes."""

import json
from collections.abc import Iterator

import pytest

from envdplan.clients.registry import HostSettings
from envdplan.clients.registry.credentials import FixedCredentials, Login
from envdplan.clients.registry.messages import Limits
from envdplan.clients.registry.transport import Transport
from envdplan.clients.registry.writer import RegistryWriter
from envdplan.ground.diagnostics import Refused
from tests.unit.registry.fake_registry import FakeRegistry, Reply, Seen, client, serving, sha256


@pytest.fixture
def second() -> Iterator[FakeRegistry]:
    with serving(FakeRegistry()) as running:
        yield running


def test_a_tag_moves_without_changing_the_digest(registry: FakeRegistry) -> None:
    digest = registry.put_index("app", "1", "amd64", "arm64")
    source, target = registry.reference(f"app@{digest}"), registry.reference("app:stable")
    assert client(registry).put_tag(source, target) == digest
    assert registry.manifests["app", "stable"] == registry.manifests["app", digest]
    assert registry.lines() == [f"GET /v2/app/manifests/{digest}", "PUT /v2/app/manifests/stable"]


def test_a_registry_that_stores_other_bytes_is_found_out(registry: FakeRegistry) -> None:
    digest = registry.put_image("app", "1")

    def rewrite(seen: Seen) -> Reply | None:
        headers = {"Docker-Content-Digest": "sha256:" + "2" * 64}
        return Reply(201, b"", headers) if seen.method == "PUT" else None

    registry.faults.append(rewrite)
    with pytest.raises(Refused, match="has another one"):
        client(registry).put_tag(registry.reference(f"app@{digest}"), registry.reference("app:2"))


def test_a_registry_that_does_not_say_is_asked(registry: FakeRegistry) -> None:
    digest = registry.put_image("app", "1")

    def silent(seen: Seen) -> Reply | None:
        return Reply(201) if seen.method == "PUT" else None

    registry.faults.append(silent)
    with pytest.raises(Refused, match="has another one"):
        client(registry).put_tag(registry.reference(f"app@{digest}"), registry.reference("app:2"))
    assert registry.lines()[-1] == "GET /v2/app/manifests/2"


def test_a_missing_source_is_refused_before_anything_is_written(registry: FakeRegistry) -> None:
    with pytest.raises(Refused):
        client(registry).put_tag(registry.reference("app:1"), registry.reference("app:2"))
    assert not any(line.startswith("PUT") for line in registry.lines())


def test_an_index_moves_to_another_repository_by_mounts(registry: FakeRegistry) -> None:
    digest = registry.put_index("app", "1", "amd64", "arm64")
    before = set(registry.blobs)
    target = registry.reference("released/app:1")
    assert client(registry).put_tag(registry.reference(f"app@{digest}"), target) == digest
    assert {("released/app", blob) for _, blob in before} <= set(registry.blobs)
    assert client(registry).platforms(target) == client(registry).platforms(
        registry.reference("app:1")
    )
    assert not any("/blobs/sha256" in line for line in registry.lines())


def test_blobs_are_carried_over_where_they_cannot_be_mounted(registry: FakeRegistry) -> None:
    registry.mounts = False
    digest = registry.put_image("app", "1", labels={"a": "1"})
    target = registry.reference("released/app:1")
    assert client(registry).put_tag(registry.reference("app:1"), target) == digest
    assert client(registry).config_labels(target) == {"a": "1"}


def test_mounting_asks_for_the_right_to_read_the_source(registry: FakeRegistry) -> None:
    registry.auth = "bearer"
    registry.put_image("app", "1")
    login = FixedCredentials({registry.host: Login(registry.username, registry.password)})
    client(registry, login).put_tag(
        registry.reference("app:1"), registry.reference("released/app:1")
    )
    queries = [one.query for one in registry.seen if one.path == "/token"]
    both = [
        one for one in queries if "app%3Apull&" in one and "released%2Fapp%3Apull%2Cpush" in one
    ]
    assert both


def test_an_image_is_copied_between_registries(
    registry: FakeRegistry, second: FakeRegistry
) -> None:
    digest = registry.put_index("app", "1", "amd64", "arm64")
    hosts = {one.host: HostSettings(http=True) for one in (registry, second)}
    copying = RegistryWriter(Transport(hosts, {}, limits=Limits(read=2)), FixedCredentials())
    assert copying.put_tag(registry.reference("app:1"), second.reference("app:1")) == digest
    assert {blob for _, blob in second.blobs} == {blob for _, blob in registry.blobs}


def test_an_index_is_assembled_from_single_images(registry: FakeRegistry) -> None:
    amd64 = registry.put_image("app", architecture="amd64")
    arm64 = registry.put_image("app", architecture="arm64")
    target = registry.reference("app:1")
    parts = [registry.reference(f"app@{one}") for one in (amd64, arm64)]
    digest = client(registry).put_index(target, parts, {"note": "x"})
    assert client(registry).platforms(target) == {"linux/amd64": amd64, "linux/arm64": arm64}
    content = registry.manifests["app", "1"][1]
    assert digest == sha256(content)
    sizes = {one["digest"]: one["size"] for one in json.loads(content)["manifests"]}
    assert sizes[amd64] == len(registry.manifests["app", amd64][1])
    assert client(registry).manifest(target).annotations == {"note": "x"}


def test_the_entries_of_index_parts_are_kept_with_their_attestations(
    registry: FakeRegistry,
) -> None:
    one = registry.put_index("app", "one", "amd64")
    two = registry.put_index("app", "two", "arm64")
    target = registry.reference("app:both")
    parts = [registry.reference(f"app@{digest}") for digest in (one, two)]
    client(registry).put_index(target, parts)
    index = client(registry).manifest(target)
    assert [entry.platform for entry in index.images] == ["linux/amd64", "linux/arm64"]
    assert len(index.entries) == 3


def test_parts_come_from_other_repositories_too(registry: FakeRegistry) -> None:
    registry.put_image("cache/app", "x", architecture="arm64")
    target = registry.reference("app:1")
    client(registry).put_index(target, [registry.reference("cache/app:x")])
    assert client(registry).config_labels(target) == {}


def test_two_images_for_one_platform_are_refused(registry: FakeRegistry) -> None:
    one = registry.put_image("app", labels={"a": "1"})
    two = registry.put_image("app", labels={"a": "2"})
    parts = [registry.reference(f"app@{digest}") for digest in (one, two)]
    with pytest.raises(Refused, match="linux/amd64"):
        client(registry).put_index(registry.reference("app:1"), parts)


def test_an_index_without_a_tag_is_put_by_its_digest(registry: FakeRegistry) -> None:
    one = registry.put_image("app")
    at = registry.reference(f"app@{one}")
    digest = client(registry).put_index(at, [at])
    assert ("app", digest) in registry.manifests


def test_a_read_only_registry_is_named(registry: FakeRegistry) -> None:
    registry.put_image("app", "1")
    registry.faults.append(lambda seen: Reply(403) if seen.method == "PUT" else None)
    with pytest.raises(Refused, match="does not allow this on app"):
        client(registry).put_tag(registry.reference("app:1"), registry.reference("app:2"))


@pytest.mark.parametrize("auth", ["none", "basic", "bearer"])
def test_the_right_to_push_is_asked_for_and_nothing_stays(
    registry: FakeRegistry, auth: str
) -> None:
    registry.auth = auth
    login = FixedCredentials({registry.host: Login(registry.username, registry.password)})
    client(registry, login).check_push(registry.reference("team/app:1"))
    assert registry.lines()[-1] == "DELETE /v2/team/app/blobs/uploads/1"
    assert (registry.manifests, registry.blobs) == ({}, {})


def test_who_may_not_push_is_told_so(registry: FakeRegistry) -> None:
    registry.read_only = frozenset({"team/app"})
    with pytest.raises(Refused, match="does not allow this on team/app"):
        client(registry).check_push(registry.reference("team/app:1"))
    registry.auth = "bearer"
    with pytest.raises(Refused, match="wants a login for team/other"):
        client(registry).check_push(registry.reference("team/other:1"))
