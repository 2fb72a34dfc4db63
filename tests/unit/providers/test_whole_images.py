"""An index is an image only as long as its registry has what the index names."""

from collections.abc import Iterator

import pytest

from envdplan.core.state.observed import ImageFound, ImageMissing, ImageUnclear
from envdplan.resources.builds.registries import Registries
from tests.unit.registry.fake_registry import FakeRegistry, Reply, Seen, serving


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    with serving(FakeRegistry()) as running:
        yield running


def drop(registry: FakeRegistry, number: int) -> str:
    """Let the registry collect one manifest of the index; its digest."""
    lost = [name for _, name in registry.manifests if name.startswith("sha256:")][number]
    del registry.manifests["app", lost]
    return lost


def test_a_whole_index_is_asked_for_once(registry: FakeRegistry) -> None:
    digest = registry.put_index("app", "1", "amd64", "arm64")
    registries = Registries({})
    for _ in range(2):
        assert registries.fact(f"{registry.host}/app:1") == ImageFound(digest)
    assert len([one for one in registry.lines() if one.startswith("HEAD")]) == 1 + 3 + 1


@pytest.mark.parametrize(
    ("number", "name"), [(0, "an attestation"), (1, "linux/amd64"), (2, "linux/arm64")]
)
def test_an_index_that_lost_a_manifest_is_no_image(
    registry: FakeRegistry, number: int, name: str
) -> None:
    registry.put_index("app", "1", "amd64", "arm64")
    lost = drop(registry, number)
    registries = Registries({})
    fact = registries.fact(f"{registry.host}/app:1")
    assert fact == ImageMissing((f"{name} ({lost})",))
    whole = registry.put_index("app", "1", "amd64", "arm64")
    assert registries.fact(f"{registry.host}/app:1") == ImageFound(whole)


def test_a_manifest_that_nobody_tells_of_is_no_missing_one(registry: FakeRegistry) -> None:
    registry.put_index("app", "1", "amd64")
    child = [name for _, name in registry.manifests if name.startswith("sha256:")][1]

    def refuse(seen: Seen) -> Reply | None:
        return Reply(403) if seen.path.endswith(child) else None

    registry.faults.append(refuse)
    assert isinstance(Registries({}).fact(f"{registry.host}/app:1"), ImageUnclear)


def test_an_image_without_an_index_needs_one_question(registry: FakeRegistry) -> None:
    digest = registry.put_image("app", "1")
    assert Registries({}).fact(f"{registry.host}/app:1") == ImageFound(digest)
    assert registry.lines() == ["HEAD /v2/app/manifests/1"]
