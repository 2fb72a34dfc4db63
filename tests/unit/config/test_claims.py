"""What two resources would both write is an error with both places, however it is written."""

import re

import pytest

from envdplan.ground.diagnostics import Diagnostic, Rejected
from envdplan.ground.imagenames import image_identity
from tests.unit.config.test_for_each import desired


def told(text: str, name: str = "envdplan.hcl") -> list[Diagnostic]:
    try:
        desired(text, name)
    except Rejected as error:
        return list(error.diagnostics)
    return []


def test_two_tags_that_are_the_same_are_told_with_both_places() -> None:
    (one,) = told(
        'build "a" {\n  tags = ["x"]\n}\n'
        'build "b" {\n  tags = ["y", "docker.io/library/x:latest"]\n}'
    )
    assert (str(one.range), one.address) == ("envdplan.hcl:5:16", "build.b")
    assert one.detail == (
        "build.b has the tag docker.io/library/x:latest, and build.a (at envdplan.hcl:2:11) "
        "has x, which is the same. At every apply one would overwrite the other: change one of "
        "them."
    )


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("x", "docker.io/library/x:latest"),
        ("x:1", "docker.io/library/x:1"),
        ("team/x", "docker.io/team/x:latest"),
        ("index.docker.io/x", "docker.io/library/x:latest"),
        ("localhost/x", "localhost/x:latest"),
        ("localhost:5000/x", "localhost:5000/x:latest"),
        ("ghcr.io/a/b:c", "ghcr.io/a/b:c"),
    ],
)
def test_a_name_of_an_image_in_full(text: str, whole: str) -> None:
    assert image_identity(text) == whole


def test_instances_of_one_block_are_told_to_use_their_key() -> None:
    text = 'build "a" {\n  for_each = toset(["u", "v"])\n  tags = ["x:1"]\n}'
    (one,) = told(text)
    assert one.detail.startswith('build.a["v"] and build.a["u"] (at envdplan.hcl:3:11) both have')
    assert "write each.key or each.value into it" in one.detail


@pytest.mark.parametrize(
    ("first", "second", "clash"),
    [
        ('"r.io/x:1"', '"type=registry,ref=r.io/x:1"', True),
        ('"x"', '{ type = "registry", ref = "docker.io/library/x:latest" }', True),
        ('{ type = "local", dest = "./c/" }', '"type=local,dest=c"', True),
        ('{ type = "inline" }', '{ type = "inline" }', False),
        ('"r.io/x:1"', '"r.io/x:2"', False),
    ],
)
def test_two_caches_are_the_same_however_they_are_written(
    first: str, second: str, *, clash: bool
) -> None:
    pairs = {"a": first, "b": second}.items()
    blocks = (f'build "{name}" {{\n  export_cache = [{one}]\n}}\n' for name, one in pairs)
    found = told("".join(blocks))
    assert [one.summary for one in found] == ["Claimed twice"] * clash
    assert all("envdplan.hcl:2:" in one.detail and "cache target" in one.detail for one in found)


def test_a_sensitive_cache_is_compared_but_not_shown() -> None:
    text = """
variable "t" {
  default   = "hidden:1"
  sensitive = true
}
build "a" { export_cache = [var.t] }
build "b" { export_cache = [var.t] }
"""
    (one,) = told(text)
    assert "hidden" not in one.detail
    assert "both have the cache target (sensitive)" in one.detail


PUSHED = """
build "a" {
  tags         = ["r.io/x:1"]
  push         = PUSH
  export_cache = [{ type = "registry", ref = "r.io/REF:1", mode = "max" }]
}
"""


def test_a_cache_that_would_take_the_place_of_a_pushed_tag() -> None:
    (one,) = told(PUSHED.replace("PUSH", "true").replace("REF", "x"))
    assert one.summary == "Claimed twice"
    assert one.detail == (
        "build.a has the cache target r.io/x:1, and at envdplan.hcl:3:19 the tag r.io/x:1, "
        "which is the same. At every apply one would overwrite the other: change one of them."
    )
    assert told(PUSHED.replace("PUSH", "false").replace("REF", "x")) == []
    assert told(PUSHED.replace("PUSH", "true").replace("REF", "cache")) == []


def test_a_cache_that_would_take_the_place_of_another_builds_tag() -> None:
    other = 'build "b" {\n  tags = ["r.io/x:1"]\n  push = true\n}\n'
    (one,) = told(
        other + PUSHED.replace("PUSH", "false").replace("tags ", "# ").replace("REF", "x")
    )
    assert "and build.b (at envdplan.hcl:2:11) has the tag r.io/x:1" in one.detail


@pytest.mark.parametrize(
    ("first", "second", "how"),
    [
        (
            'output { type = "tar", dest = "o" }',
            'output { type = "oci", dest = "./o" }',
            "same|both",
        ),
        ('output { type = "local", dest = "o" }', 'output { type = "oci", dest = "o/i" }', "holds"),
        ('output { type = "oci", dest = "o/i" }', 'output { type = "local", dest = "o" }', "is in"),
        ('output { type = "local", dest = "o" }', 'export_cache = ["type=local,dest=o"]', "same"),
        ('output { type = "local", dest = "o" }', 'export_cache = ["type=local,dest=o/c"]', "it"),
        ('output { type = "local", dest = "o" }', 'output { type = "oci", dest = "oo" }', ""),
        ('output { type = "tar", dest = "o/t" }', 'output { type = "oci", dest = "o/i" }', ""),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_two_results_in_one_place(first: str, second: str, how: str, *, apart: bool) -> None:
    between = '}\nbuild "b" {\n' if apart else ""
    lines = f'build "a" {{\n  {first}\n{between}  {second}\n}}\n'.replace(", ", "\n ")
    found = told(lines.replace("{ type", "{\ntype").replace('" }', '"\n}'))
    assert [one.summary for one in found] == ["Claimed twice"] * bool(how)
    assert all(re.search(how, one.detail) for one in found)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ('type = "docker-container"', 'type = "docker-container"', True),
        ('type = "docker-container"', 'type = "podman-container"', False),
        ('type = "kube-pod"', 'type = "kube-pod"', True),
        ('type = "kube-pod"\nnamespace = "a"', 'type = "kube-pod"\nnamespace = "b"', False),
        ('type = "kube-pod"\nkube_context = "a"', 'type = "kube-pod"\nkube_context = "b"', False),
    ],
)
def test_a_name_is_taken_on_one_engine_or_in_one_namespace(
    one: str, other: str, same: bool
) -> None:
    found = told(
        f'builder "a" {{\n{one}\nname = "xy"\n}}\nbuilder "b" {{\n{other}\nname = "xy"\n}}'
    )
    assert [each.summary for each in found] == (["Claimed twice"] if same else [])
