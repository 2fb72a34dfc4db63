"""Sizes as Docker reads them, in one place for builds, containers and caches."""

import pytest

from envdplan.core.state.outputs import is_pushed
from envdplan.ground.sizes import size_in_bytes
from envdplan.ground.values import UNKNOWN, Value


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("512", 512),
        ("512b", 512),
        ("64k", 65536),
        ("64 KiB", 65536),
        ("256m", 268435456),
        ("1.5GB", 1610612736),
        ("4g", 4294967296),
    ],
)
def test_units_are_powers_of_1024(text: str, size: int) -> None:
    assert size_in_bytes(text) == size


@pytest.mark.parametrize("text", ["", "m", "-1", "1t", "1 2", "1.m"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size such as 256m"):
        size_in_bytes(text)


@pytest.mark.parametrize(
    ("output", "pushed"),
    [
        ({"type": "image", "push": True}, True),
        ({"type": "image", "push": False}, False),
        ({"type": "image", "push": None}, False),
        ({"type": "image"}, False),
        ({"type": "image", "push": UNKNOWN}, True),
        (UNKNOWN, True),
    ],
)
def test_an_output_that_may_be_pushed_counts_as_pushed(output: Value, *, pushed: bool) -> None:
    assert is_pushed(output) is pushed
