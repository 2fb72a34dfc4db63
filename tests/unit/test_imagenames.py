"""Image references: Docker's defaults, what is refused, and round trips."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdplan.ground.imagenames import (
    ImageReference,
    InvalidReference,
    full_name,
    image_identity,
    is_digest,
    parse_reference,
    repository_of,
)

DIGEST = "sha256:" + "a1" * 32


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("busybox", "docker.io/library/busybox:latest"),
        ("busybox:1.36", "docker.io/library/busybox:1.36"),
        ("team/app", "docker.io/team/app:latest"),
        ("docker.io/busybox", "docker.io/library/busybox:latest"),
        ("index.docker.io/team/app:1", "docker.io/team/app:1"),
        ("registry-1.docker.io/busybox", "registry-1.docker.io/busybox:latest"),
        ("localhost/app", "localhost/app:latest"),
        ("localhost:5000/app", "localhost:5000/app:latest"),
        ("127.0.0.1:5000/team/app:1", "127.0.0.1:5000/team/app:1"),
        ("[::1]:5000/app", "[::1]:5000/app:latest"),
        ("ghcr.io/a/b/c:v1_2.3-x", "ghcr.io/a/b/c:v1_2.3-x"),
        ("GHCR.io/app", "GHCR.io/app:latest"),
        (f"app@{DIGEST}", f"docker.io/library/app@{DIGEST}"),
        (f"r.io/app:1@{DIGEST}", f"r.io/app:1@{DIGEST}"),
        ("r.io/a__b/c--d.e", "r.io/a__b/c--d.e:latest"),
    ],
)
def test_references_are_normalised_as_docker_does(text: str, normal: str) -> None:
    assert str(parse_reference(text)) == normal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("app", "docker.io/library/app:latest"),
        ("registry-1.docker.io/app", "docker.io/library/app:latest"),
        ("index.docker.io/acme/app:1", "acme/app:1"),
        ("GHCR.io/app", "ghcr.io/app:latest"),
        ("Not An Image", "Not An Image"),
    ],
)
def test_one_image_has_one_identity_however_it_is_written(one: str, other: str) -> None:
    assert image_identity(one) == image_identity(other) == other.replace("acme", "docker.io/acme")


@pytest.mark.parametrize(
    ("text", "repository"),
    [
        ("app", "app"),
        ("acme/app:1", "acme/app"),
        ("localhost:5000/app", "localhost:5000/app"),
        (f"docker.io/acme/app:1@{DIGEST}", "docker.io/acme/app"),
    ],
)
def test_a_repository_stays_as_it_is_written(text: str, repository: str) -> None:
    assert repository_of(text) == repository


def test_a_full_name_has_host_and_tag() -> None:
    assert full_name("app") == "docker.io/library/app:latest"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        ("r.io/", "empty"),
        ("App", "lower case: 'library/app'"),
        ("r.io:99999/app", "not a registry host"),
        ("r.io:0/app", "not a registry host"),
        ("[zz]:5000/app", "not a registry host"),
        ("[1:2]/app", "not a registry host"),
        ("r..io/app", "not a registry host"),
        (f"{'a' * 64}.io/app", "not a registry host"),
        ("r.io/App", "lower case: 'app'"),
        ("app:", "tag ''"),
        ("app:-x", "tag '-x'"),
        ("app:" + "x" * 129, "tag"),
        ("app@sha256:abc", "digest"),
        ("app@md5:" + "0" * 32, "digest"),
        ("a..b/c", "not a registry host"),
        ("r.io/a b", "may hold"),
        ("r.io/a/../b", "may hold"),
        ("r.io//a", "may hold"),
        ("user:pass@r.io/app", "digest"),
        ("https://r.io/app", "not a registry host"),
        ("a1" * 32, "image ID"),
        ("r.io/" + "a" * 256, "255"),
    ],
)
def test_what_is_no_reference_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(InvalidReference) as caught:
        parse_reference(text)
    assert why in str(caught.value)


def test_the_digest_selects_before_the_tag() -> None:
    assert parse_reference(f"app:1@{DIGEST}").selector == DIGEST
    assert parse_reference("app:1").selector == "1"


def test_tag_and_digest_are_exchanged_in_the_same_repository() -> None:
    reference = parse_reference("r.io/app:1")
    assert str(reference.at_digest(DIGEST)) == f"r.io/app@{DIGEST}"
    assert str(reference.at_digest(DIGEST).at_tag("2")) == "r.io/app:2"
    with pytest.raises(InvalidReference):
        reference.at_tag("no/tag")


def test_only_known_digests_are_digests() -> None:
    assert is_digest(DIGEST)
    assert is_digest("sha512:" + "0" * 128)
    assert not is_digest(DIGEST.upper())
    assert not is_digest(DIGEST + "\n")


_part = st.from_regex(r"[a-z0-9]{1,8}(?:[._-][a-z0-9]{1,8})?", fullmatch=True)
_references = st.builds(
    ImageReference,
    st.sampled_from(["docker.io", "ghcr.io", "localhost:5000", "127.0.0.1:1", "a.b-c.io:443"]),
    st.lists(_part, min_size=2, max_size=4).map("/".join),
    st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True),
    st.none() | st.binary(min_size=32, max_size=32).map(lambda raw: f"sha256:{raw.hex()}"),
)


@given(_references)
def test_a_printed_reference_is_read_back_the_same(reference: ImageReference) -> None:
    assert parse_reference(str(reference)) == reference


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        reference = parse_reference(text)
    except InvalidReference:
        return
    assert parse_reference(str(reference)) == reference
