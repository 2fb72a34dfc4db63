"""Every attribute of a build: whether it is an input, as it is declared, and that inputs reach the
builder.

A new attribute has to get two values here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from envdplan.clients.buildkit.request import SolveRequest
from envdplan.core.plan.inputs import attribute_inputs, inputs_digest
from envdplan.ground.attributes import Attribute, NotInput
from envdplan.ground.values import Attributes, Sensitive, Value
from envdplan.resources.builders.common import capabilities, graphdriver_capabilities
from envdplan.resources.builds.capabilities import left_out
from envdplan.resources.builds.frontends import dockerfile, envd
from envdplan.resources.builds.frontends.base import Extras
from envdplan.resources.builds.sources import Sources

NAMES: Final = Extras(labels={}, names=("r.io/x:1",), push=True)


@dataclass(frozen=True)
class Row:
    """Two values of an attribute beside `given`."""

    one: Value
    other: Value
    is_input: bool
    is_sent: bool
    given: Mapping[str, Value] | None = None


PUSHED: Final[Mapping[str, Value]] = {"tags": ("r.io/x:1",), "push": True}
SECRET: Final = {"id": "s", "env": "A"}
CACHED: Final = ({"type": "registry", "ref": "r.io/c"},)

ROWS: Final[dict[str, Row]] = {
    "args": Row({"A": "1"}, {"A": "2"}, True, True),
    "labels": Row({"A": "1"}, {"A": "2"}, True, True),
    "annotations": Row({"A": "1"}, {"A": "2"}, True, True, given=PUSHED),
    "target": Row("a", "b", True, True),
    "platforms": Row(("linux/amd64",), ("linux/arm64",), True, True),
    "network": Row("none", "host", True, True),
    "extra_hosts": Row({"a": "10.0.0.1"}, {"a": "10.0.0.2"}, True, True),
    "shm_size": Row("1m", "2m", True, True),
    "ulimits": Row(("nofile=1:2",), ("nofile=1:3",), True, True),
    "entitlements": Row((), ("security.insecure",), True, True),
    "attest": Row((), ("type=sbom",), True, True),
    "frontend": Row(None, "f.io/x", True, True),
    "syntax": Row(None, "f.io/x", True, True),
    "contexts": Row({"a": "docker-image://r.io/a"}, {"a": "docker-image://r.io/b"}, True, True),
    "dockerfile_inline": Row("FROM a", "FROM b", True, True),
    "dockerfile": Row("Dockerfile", "Other", True, True),
    "ignore_file": Row(None, "{}/ignored", True, True),
    "secret": Row((), (SECRET,), True, True),
    "ssh": Row((), ("default",), True, True),
    "output": Row((), ({"type": "image", "compression": "zstd"},), True, True, given=PUSHED),
    "path": Row("{}/a", "{}/same", False, True),
    "triggers": Row({"A": "1"}, {"A": "2"}, True, False),
    "tags": Row(("r.io/x:1",), ("r.io/x:2",), False, True),
    "push": Row(False, True, False, True, given={"tags": ("r.io/x:1",)}),
    "load": Row(False, True, False, True, given={"tags": ("r.io/x:1",)}),
    "no_cache": Row(False, True, False, True),
    "no_cache_filter": Row((), ("a",), False, True),
    "pull": Row(False, True, False, True),
    "import_cache": Row((), CACHED, False, True),
    "export_cache": Row((), CACHED, False, True),
    "context": Row("a", "b", False, False),
    "registries": Row((), ("r.io",), False, False),
    "timeout": Row(1, 2, False, False),
    "retries": Row(1, 2, False, False),
}

PARTS: Final[dict[str, Row]] = {
    "secret.id": Row("s", "t", True, True),
    "secret.env": Row("A", "B", False, True),
    "secret.file": Row("/a", "/b", False, True),
    "secret.value": Row(Sensitive("a"), Sensitive("b"), False, True),
    "ssh.id": Row("s", "t", True, True),
    "ssh.paths": Row(("/a",), ("/b",), False, True),
    "attest.type": Row("sbom", "provenance", True, True),
    "attest.mode": Row("min", "max", True, True),
    "attest.version": Row("v0.2", "v1", True, True),
    "attest.builder_id": Row("a", "b", True, True),
    "attest.reproducible": Row(False, True, True, True),
    "attest.inline_only": Row(False, True, True, True),
    "attest.generator": Row("a.io/b", "a.io/c", True, True, given={"type": "sbom"}),
    "attest.disabled": Row(False, True, True, True),
    "output.type": Row("oci", "docker", False, True),
    "output.push": Row(False, True, False, True),
    "output.names": Row(("r.io/x:1",), ("r.io/x:2",), False, True),
    "output.dest": Row("/a", "/b", False, True, given={"type": "tar"}),
    "output.compression": Row("gzip", "zstd", True, True),
    "output.compression_level": Row(1, 2, True, True),
    "output.force_compression": Row(False, True, True, True),
    "output.oci_mediatypes": Row(False, True, True, True),
    "output.rewrite_timestamp": Row(False, True, True, True),
    "output.tar": Row(False, True, True, True, given={"type": "oci", "dest": "/a"}),
}
ALIKE: Final = frozenset({"path", "output.type"})
"""Inputs whose two values here make the same image: the same files, and no option of an image."""

FIRST: Final[Mapping[str, Attributes]] = {
    "secret": {"id": "s"},
    "ssh": {"id": "s"},
    "attest": {"type": "provenance"},
    "output": {"type": "image"},
}
"""What an object of a list needs besides."""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Folders of which two are the same."""
    for name in ("a", "same"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "f").write_text("f")
        (tmp_path / name / "Dockerfile").write_text("FROM scratch\nCOPY f /\n")
        (tmp_path / name / "Other").write_text("FROM scratch\nCOPY f /g\n")
    (tmp_path / "ignored").write_text("Other\n")
    return tmp_path


def derived(folder: Path, name: str, value: Value, given: Attributes) -> Attributes:
    placed = value.replace("{}", str(folder)) if isinstance(value, str) else value
    usual = {} if name == "dockerfile_inline" else {"dockerfile": "Dockerfile"}
    found = {"path": str(folder / "a"), **usual, **given, name: placed}
    return dockerfile.TYPE.derive({k: v for k, v in found.items() if v is not None})


def key(attributes: Attributes) -> str:
    files = Sources({}, {}).inputs(dockerfile.source(attributes)).digest
    return inputs_digest(attribute_inputs(dockerfile.TYPE, attributes) or (), files)


def sent(attributes: Attributes) -> SolveRequest:
    return dockerfile.request(attributes, NAMES)


def check(folder: Path, name: str, row: Row, one: Value, other: Value, given: Attributes) -> None:
    first, second = (derived(folder, name, value, given) for value in (one, other))
    assert (key(first) != key(second), sent(first) != sent(second)) == (row.is_input, row.is_sent)


def is_declared(path: str, attributes: Mapping[str, Attribute]) -> bool:
    """Whether an attribute, or a part of one, is declared as an input."""
    name, _, part = path.partition(".")
    one = attributes[name].parts[part] if part else attributes[name]
    assert not isinstance(one.input, NotInput) or one.input.because
    return not isinstance(one.input, NotInput) and path not in ALIKE


@pytest.mark.parametrize("name", ROWS)
def test_an_attribute_is_an_input_that_is_sent_or_there_is_a_reason(
    folder: Path, name: str
) -> None:
    row = ROWS[name]
    assert row.is_input == is_declared(name, dockerfile.TYPE.attributes)
    check(folder, name, row, row.one, row.other, row.given or {})


@pytest.mark.parametrize("path", PARTS)
def test_a_part_of_an_attribute_is_an_input_that_is_sent_or_there_is_a_reason(
    folder: Path, path: str
) -> None:
    row, (name, _, part) = PARTS[path], path.partition(".")
    assert row.is_input == is_declared(path, dockerfile.TYPE.attributes)
    base = {**FIRST[name], **(row.given or {})}
    one, other = (({**base, part: value},) for value in (row.one, row.other))
    check(folder, name, row, one, other, {"tags": ("r.io/x:1",)})


def test_every_attribute_has_a_row() -> None:
    attributes = dockerfile.TYPE.attributes
    assert {*ROWS} == {*attributes} - {*dockerfile.TYPE.computed}
    assert {*PARTS} == {f"{name}.{part}" for name in attributes for part in attributes[name].parts}
    assert all(
        {*attributes[name].parts} == {*attributes[name].schema["items"]["properties"]}
        for name in FIRST
    )


def test_two_images_of_one_name_have_the_same_options(folder: Path) -> None:
    pushed, other = {"type": "image", "push": True}, {"type": "image", "compression": "zstd"}

    def told(*outputs: Value) -> list[str]:
        attributes = derived(folder, "output", outputs, {"tags": ("r.io/x:1",)})
        return [summary for _, summary, _ in dockerfile.problems(attributes)]

    assert told(pushed, other) == ["Image outputs with different options"]
    assert told(pushed, {"type": "image"}) == []
    named = {**other, "names": ("r.io/y:1",)}
    assert told(pushed, named) == []
    assert told(pushed, {**named, "push": True}) == ["Image outputs with different options"]


def test_what_an_old_image_store_leaves_out_is_told(folder: Path) -> None:
    old, full = ({"capabilities": make(())} for make in (graphdriver_capabilities, capabilities))
    options = ({"type": "image", "compression": "zstd"},)
    given = {**PUSHED, "annotations": {"a": "b"}}
    build = derived(folder, "output", options, given)
    told = left_out(dockerfile.TYPE, build, old)
    assert told is not None
    assert told.startswith("The engine's old image store makes images without compression, annot")
    assert left_out(dockerfile.TYPE, build, full) is None
    assert left_out(dockerfile.TYPE, derived(folder, "target", "a", PUSHED), old) is None
    assert left_out(dockerfile.TYPE, build, {}) is None


ENVD: Final[dict[str, Row]] = {
    "from": Row("build.envd:build", "build.envd:other", True, True),
    "use_proxy": Row(False, True, True, True),
    "platforms": Row((), ("linux/arm64",), True, True),
    "triggers": ROWS["triggers"],
    "force": Row(False, True, False, True),
    "path": ROWS["path"],
    "tags": ROWS["tags"],
    "push": Row(False, True, False, True),
    "load": Row(False, True, False, True),
    "import_cache": ROWS["import_cache"],
    "export_cache": ROWS["export_cache"],
    "context": ROWS["context"],
    "timeout": ROWS["timeout"],
    "retries": ROWS["retries"],
}


@pytest.mark.parametrize("name", ENVD)
def test_an_attribute_of_an_envd_build_too(folder: Path, name: str) -> None:
    row = ENVD[name]
    assert row.is_input == is_declared(name, envd.TYPE.attributes)
    for one in ("a", "same"):
        (folder / one / "build.envd").write_text("def build(): pass\n")
    found = []
    for value in (row.one, row.other):
        placed = value.replace("{}", str(folder)) if isinstance(value, str) else value
        given = {"path": str(folder / "a"), "from": "build.envd", "tags": ("r.io/x:1",)}
        attributes = envd.TYPE.derive({**given, name: placed})
        files = Sources({}, {"envd": lambda: "1"}).inputs(envd.source(attributes)).digest
        platform = next(iter(attributes.get("platforms") or ()), None)
        names = tuple(attributes["tags"])
        command = envd.command(attributes, names, platform, engine=False, mark="m")
        found.append((inputs_digest(attribute_inputs(envd.TYPE, attributes) or (), files), command))
    (one_key, one_sent), (other_key, other_sent) = found
    assert (one_key != other_key, one_sent != other_sent) == (row.is_input, row.is_sent)


def test_every_attribute_of_an_envd_build_has_a_row() -> None:
    assert {*ENVD} == {*envd.TYPE.attributes} - {*envd.TYPE.computed}
