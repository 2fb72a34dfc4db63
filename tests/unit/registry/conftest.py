from collections.abc import Iterator

import pytest

from tests.unit.registry.fake_registry import FakeRegistry, serving


@pytest.fixture
def registry() -> Iterator[FakeRegistry]:
    """A running registry that asks for no login."""
    with serving(FakeRegistry()) as running:
        yield running
