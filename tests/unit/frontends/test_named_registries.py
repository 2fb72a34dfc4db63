"""Which registries a build names: by tags, bases, caches, contexts, frontends, and by itself."""

from pathlib import Path

import pytest

from envdplan.ground.values import Sensitive, Value
from envdplan.resources.builds.frontends.dockerfile import TYPE, registries
from envdplan.resources.builds.frontends.dockerfilebases import image_names


def named(dockerfile: str = "FROM scratch\n", **attributes: Value) -> set[str]:
    given = {"path": "/src", "dockerfile_inline": dockerfile, **attributes}
    return set(registries(TYPE.derive(given)))


@pytest.mark.parametrize(
    ("text", "args", "names"),
    [
        ("FROM a.io/x", {}, {"a.io/x"}),
        ("from --platform=$BUILDPLATFORM a.io/x as b\nFROM B\nFROM scratch", {}, {"a.io/x"}),
        ("ARG B=a.io/x\nFROM $B", {}, {"a.io/x"}),
        ("ARG B=a.io/x\nFROM $B", {"B": "b.io/y"}, {"b.io/y"}),
        ("ARG B\nFROM ${B:-c.io/z}", {}, {"c.io/z"}),
        ("ARG B\nFROM ${B:-c.io/z}", {"B": "b.io/y"}, {"b.io/y", "c.io/z"}),
        ("ARG B=1\nFROM a.io/x${B:+.more}", {}, {"a.io/x.more", "a.io/x1"}),
        ('ARG R=a.io\nARG B="${R}/x"\nFROM ${B}:${V:-1}', {}, {"a.io/x:1"}),
        ("ARG R\nFROM ${R:-${S:-d.io}}/x", {}, {"d.io/x"}),
        ("FROM \\\n  a.io/x \\\n# between\n  AS b\nCOPY --from=b a b", {}, {"a.io/x"}),
        ("FROM scratch\nCOPY --from=c.io/y:1 a b", {}, {"c.io/y:1"}),
        ("# escape=`\nFROM `\na.io/x", {}, {"a.io/x"}),
        ("FROM scratch\nRUN --mount=type=bind,from=a.io/x,target=/y x", {}, {"a.io/x"}),
        ("FROM scratch\nRUN --mount=target=/y --mount=from=a.io/x x", {}, {"a.io/x"}),
        ("FROM scratch\nONBUILD COPY --chown=1 --from=a.io/x / /", {}, {"a.io/x"}),
        ("# syntax=a.io/f:1\nFROM scratch", {}, {"a.io/f:1"}),
        ("FROM scratch AS a\nCOPY --from=a / /\nCOPY --from=0 / /", {}, set()),
        ("FROM ${", {}, set()),
        ("", {}, set()),
    ],
)  # fmt: skip
def test_images_that_a_dockerfile_names(text: str, args: dict[str, str], names: set[str]) -> None:
    assert image_names(text, args) == names


def test_many_values_of_one_name_are_bounded() -> None:
    text = "".join(f"ARG A={number}\n" for number in range(100)) + f"FROM x{'$A' * 20}\n"
    assert len(image_names(text, {})) == 64


@pytest.mark.parametrize(
    "text",
    [
        "ARG A=xx\n" + "ARG A=$A$A\n" * 200 + "FROM $A",
        "FROM " + "${A:-" * 5000,
        "ONBUILD " * 5000 + "FROM x",
        "FROM \\\n" * 5000,
    ],
)
def test_a_dockerfile_that_wants_to_keep_us_busy_does_not(text: str) -> None:
    assert len(image_names(text, {})) <= 64


@pytest.mark.parametrize(
    ("attributes", "hosts"),
    [
        ({"tags": ("app:1", "b.io:5000/x")}, {"docker.io", "b.io:5000"}),
        ({"tags": ("registry-1.docker.io/a/b",)}, {"docker.io"}),
        ({"contexts": {"a": "docker-image://c.io/x@sha256:" + "1" * 64}}, {"c.io"}),
        ({"contexts": {"a": Sensitive("docker-image://c.io/x")}}, {"c.io"}),
        ({"contexts": {"a": "https://g.io/x.git", "b": "/folder"}}, set()),
        ({"syntax": "d.io/f:1 debug"}, {"d.io"}),
        ({"frontend": "d.io/f", "args": {"B": "e.io/x", "U": "https://f.io"}}, {"d.io", "e.io"}),
        ({"args": {"BASE": "e.io/x"}}, set()),
        ({"args": {"BUILDKIT_SYNTAX": "g.io/f:1"}}, {"g.io"}),
        ({"import_cache": ("h.io/c",)}, {"h.io"}),
        ({"export_cache": ("type=registry,ref=i.io/c", "type=inline")}, {"i.io"}),
        ({"attest": ("type=sbom",)}, {"docker.io"}),
        ({"attest": ("type=sbom,generator=j.io/s", "type=provenance")}, {"j.io"}),
        ({"output": ({"type": "image", "names": ("l.io/a",)},)}, {"l.io"}),
        ({"registries": ("K.io", "*")}, {"k.io", "*"}),
        ({}, set()),
    ],
)  # fmt: skip
def test_registries_that_a_build_names(attributes: dict[str, Value], hosts: set[str]) -> None:
    assert named(**attributes) == hosts


def test_a_short_base_is_on_docker_hub_unless_it_is_a_context() -> None:
    assert named("FROM alpine\n") == {"docker.io"}
    assert named("FROM base\n", contexts={"base": "/folder"}) == set()


def test_a_dockerfile_in_a_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"FROM a.io/x\n\xff\n")
    assert registries({"path": str(tmp_path)}) == {"a.io"}
    assert registries({"path": str(tmp_path / "none")}) == set()
