"""The stored answers about compose files are those of the real docker buildx bake."""

from collections.abc import Mapping
from typing import Any

import pytest

from scripts.provision.binaries import buildx_plugin
from tests.unit.bake.composecases import Case, cases, real

pytestmark = pytest.mark.buildx


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.path.name)
def test_the_real_bake_says_what_is_stored(case: Case, services: Mapping[str, Any]) -> None:
    assert real(case, buildx_plugin()) == case.stored
