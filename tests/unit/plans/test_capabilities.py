"""What a builder cannot do is an error of the plan; what it may not be able to run is a warning."""

import pytest

from envdplan.ground.values import UNKNOWN, Attributes
from envdplan.resources.builders.common import capabilities, graphdriver_capabilities
from envdplan.resources.builds.capabilities import check_capabilities, foreign_platforms
from envdplan.resources.builds.platforms import assigned, lacking

OFFERED = ("linux/amd64", "linux/amd64/v2", "linux/386")


def build(*platforms: str) -> Attributes:
    return {"platforms": platforms, "output": ({"type": "image", "push": True},)}


def test_a_platform_that_is_not_listed_is_a_warning_with_the_remedies() -> None:
    builder = {"capabilities": capabilities(OFFERED)}
    wanted = build("linux/amd64", "linux/arm64")
    assert not list(check_capabilities(wanted, builder))
    told = foreign_platforms(wanted, builder)
    assert told is not None
    assert "but not linux/arm64." in told
    for remedy in ("$BUILDPLATFORM", "binfmt", "node"):
        assert remedy in told


@pytest.mark.parametrize(
    "builder",
    [
        {},
        {"capabilities": UNKNOWN},
        {"capabilities": capabilities(())},
        {"capabilities": capabilities(OFFERED)},
    ],
)
def test_nothing_is_said_where_all_is_listed_or_nothing_is_known(builder: Attributes) -> None:
    assert foreign_platforms(build("linux/amd64", "linux/386"), builder) is None
    assert foreign_platforms({"platforms": UNKNOWN}, builder) is None


def test_an_engine_without_image_store_makes_one_platform_only() -> None:
    builder = {"capabilities": graphdriver_capabilities(OFFERED)}
    (problem,) = check_capabilities(build("linux/amd64", "linux/386"), builder)
    assert "one platform only" in problem


@pytest.mark.parametrize(
    ("wanted", "offered"),
    [
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64", "linux/arm64/v8"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/amd64/v1", "linux/amd64"),
    ],
)
def test_one_platform_has_several_names(wanted: str, offered: str) -> None:
    assert not lacking((wanted,), (offered,))
    assert lacking((wanted,), ("linux/s390x",)) == (wanted,)


def test_each_platform_goes_to_the_first_node_that_offers_it_else_to_the_first_node() -> None:
    nodes = {"x": ("linux/amd64", "linux/386"), "arm": ("linux/arm64", "linux/386")}
    wanted = ("linux/arm64/v8", "linux/386", "linux/amd64", "linux/s390x")
    assert assigned(wanted, nodes) == {
        "arm": ("linux/arm64/v8",),
        "x": ("linux/386", "linux/amd64", "linux/s390x"),
    }


def test_platforms_of_several_nodes_come_together_in_a_registry_only() -> None:
    nodes = {"x": ("linux/amd64",), "arm": ("linux/arm64",)}
    builder = {"capabilities": {**capabilities(OFFERED), "nodes": nodes}}
    kept = {"type": "oci", "dest": "o"}
    here = {**build("linux/amd64", "linux/s390x"), "output": (kept,)}
    assert not list(check_capabilities(here, builder))
    assert "first node, x." in str(foreign_platforms(here, builder))
    (problem,) = check_capabilities({**here, "platforms": ("linux/amd64", "linux/arm64")}, builder)
    assert "in a registry only" in problem
