"""Real parts for the tests of this folder: `scripts/services.py run -- pytest` starts them."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def services() -> Mapping[str, object]:
    """The description that scripts/services.py wrote; the test is skipped when there is none."""
    path = os.environ.get("ENVDPLAN_TEST_SERVICES")
    if not path:
        pytest.skip("needs real parts: python scripts/services.py run --state DIR -- pytest")
    description: dict[str, object] = json.loads(Path(path).read_text())
    return description


@pytest.fixture(scope="session")
def envd_program(services: Mapping[str, object]) -> Path:
    """The real envd command."""
    programs = services["programs"]
    assert isinstance(programs, dict)
    return Path(str(programs["envd"]))


@pytest.fixture(scope="session")
def envd_keys(services: Mapping[str, object]) -> Path:
    """A folder with the key pair that envd would otherwise take 2 s to make."""
    return Path(str(services["envd_keys"]))
