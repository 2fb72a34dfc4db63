"""Reading manifests, labels, platforms and tags."""

import json

import pytest

from envdplan.clients.registry.manifests import decode_manifest
from envdplan.ground.diagnostics import Refused, Unreachable
from tests.unit.registry.fake_registry import (
    INDEX,
    MANIFEST,
    FakeRegistry,
    Reply,
    always,
    client,
    sha256,
)


def test_a_manifest_comes_with_its_exact_bytes(registry: FakeRegistry) -> None:
    digest = registry.put_image("app", "1")
    manifest = client(registry).manifest(registry.reference("app:1"))
    assert (manifest.digest, manifest.media_type) == (digest, MANIFEST)
    assert manifest.content == registry.manifests["app", "1"][1]


def test_a_manifest_with_other_content_than_its_digest_is_refused(registry: FakeRegistry) -> None:
    digest = registry.put_image("app", "1")
    registry.manifests["app", digest] = (MANIFEST, b'{"schemaVersion": 2}')
    with pytest.raises(Refused, match="does not have the digest"):
        client(registry).manifest(registry.reference(f"app@{digest}"))


def test_a_header_that_contradicts_the_content_is_refused(registry: FakeRegistry) -> None:
    registry.put_image("app", "1")
    headers = {"Content-Type": MANIFEST, "Docker-Content-Digest": "sha256:" + "1" * 64}
    registry.faults.append(always(Reply(200, registry.manifests["app", "1"][1], headers)))
    with pytest.raises(Refused, match="does not have the digest"):
        client(registry).manifest(registry.reference("app:1"))


def test_a_missing_manifest_is_refused(registry: FakeRegistry) -> None:
    with pytest.raises(Refused, match="does not have"):
        client(registry).manifest(registry.reference("app:1"))


def test_trouble_of_the_registry_is_unreachable(registry: FakeRegistry) -> None:
    registry.faults.append(always(Reply(502)))
    with pytest.raises(Unreachable, match="status 502"):
        client(registry).manifest(registry.reference("app:1"))


def test_labels_are_those_of_the_configuration(registry: FakeRegistry) -> None:
    registry.put_image("app", "1", labels={"a": "1"})
    assert client(registry).config_labels(registry.reference("app:1")) == {"a": "1"}


def test_labels_of_an_index_are_those_of_its_first_image(registry: FakeRegistry) -> None:
    registry.put_index("app", "1", "amd64", "arm64", labels={"a": "1"})
    assert client(registry).config_labels(registry.reference("app:1")) == {"a": "1"}


def test_an_image_without_labels_has_none(registry: FakeRegistry) -> None:
    registry.put_image("app", "1")
    assert client(registry).config_labels(registry.reference("app:1")) == {}


def test_a_changed_configuration_is_refused(registry: FakeRegistry) -> None:
    registry.put_image("app", "1")
    for key in registry.blobs:
        registry.blobs[key] = b'{"config": {"Labels": {"forged": "yes"}}}'
    with pytest.raises(Refused, match="does not have the digest"):
        client(registry).config_labels(registry.reference("app:1"))


def test_platforms_of_an_index_leave_out_attestations(registry: FakeRegistry) -> None:
    registry.put_index("app", "1", "amd64", "arm64")
    platforms = client(registry).platforms(registry.reference("app:1"))
    assert list(platforms) == ["linux/amd64", "linux/arm64"]
    assert all(("app", digest) in registry.manifests for digest in platforms.values())


def test_the_platform_of_a_single_image_is_in_its_configuration(registry: FakeRegistry) -> None:
    digest = registry.put_image("app", "1", architecture="arm64")
    assert client(registry).platforms(registry.reference("app:1")) == {"linux/arm64": digest}


def test_an_index_of_attestations_only_is_refused(registry: FakeRegistry) -> None:
    registry.put_index("app", "1")
    with pytest.raises(Refused, match="no image for any platform"):
        client(registry).config_labels(registry.reference("app:1"))


def test_tags_are_read_page_by_page(registry: FakeRegistry) -> None:
    for tag in ("a", "b", "c", "d", "e"):
        registry.put_image("app", tag)
    assert client(registry).tags(registry.reference("app")) == ("a", "b", "c", "d", "e")


def test_a_digest_that_is_none_never_becomes_part_of_a_request(registry: FakeRegistry) -> None:
    config = {"mediaType": "x", "digest": "../../secrets", "size": 1}
    content = json.dumps({"schemaVersion": 2, "config": config}).encode()
    registry.put_manifest("app", MANIFEST, content, "1")
    with pytest.raises(Refused, match="without a proper digest"):
        client(registry).config_labels(registry.reference("app:1"))
    assert len(registry.seen) == 1


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"<html>", "text/html"),
        (b"[]", MANIFEST),
        (b'{"schemaVersion": 1}', "application/vnd.docker.distribution.manifest.v1+prettyjws"),
        (b'{"mediaType": "application/x"}', MANIFEST),
    ],
)
def test_what_is_no_manifest_is_refused(content: bytes, content_type: str) -> None:
    with pytest.raises(Refused, match="manifest cannot be used"):
        decode_manifest(content, content_type, "app:1")


def test_the_type_is_guessed_where_nobody_says_it() -> None:
    index = decode_manifest(b'{"schemaVersion": 2, "manifests": []}', "application/json", "app")
    assert (index.media_type, index.is_index) == (INDEX, True)


def test_an_endless_answer_is_refused(registry: FakeRegistry) -> None:
    huge = b"x" * (9 * 1024 * 1024)
    registry.faults.append(always(Reply(200, huge)))
    with pytest.raises(Refused, match="more than"):
        client(registry).manifest(registry.reference("app:1"))


def test_a_sha512_digest_is_checked_as_such(registry: FakeRegistry) -> None:
    registry.put_image("app", "1")
    with pytest.raises(Refused):
        client(registry).manifest(registry.reference("app@sha512:" + "0" * 128))
    assert sha256(b"") != ""
