"""Fixtures for all tests that need real parts: `make test` starts them."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests import children


def pytest_configure() -> None:
    """Tests interrupt themselves and their children, also where the tests run in background."""
    children.hear_signals()


@pytest.fixture(autouse=True)
def no_child_is_left() -> Iterator[None]:
    """No process outlives the test that started it."""
    yield
    children.end_all()


@pytest.fixture(scope="session")
def services() -> Mapping[str, Any]:
    """The description that scripts/services.py wrote. Without it such a test fails."""
    path = os.environ.get("ENVDPLAN_TEST_SERVICES")
    if not path:
        pytest.fail("needs real parts: run `make test`, or `make fast` for the tests without")
    description: dict[str, Any] = json.loads(Path(path).read_text())
    return description


@pytest.fixture(scope="session")
def envd_program(services: Mapping[str, Any]) -> Path:
    """The real envd command."""
    return Path(services["programs"]["envd"])


@pytest.fixture(scope="session")
def envd_keys(services: Mapping[str, Any]) -> Path:
    """A folder with the key pair that envd would otherwise take 2 s to make."""
    return Path(services["envd_keys"])
