"""What BuildKit is asked for when a build has contexts, agents, attestations or a frontend."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from envdplan.clients.buildkit.request import CacheEntry, SolveRequest, SshAgent
from envdplan.clients.buildkit.tree.ignore import read_ignore
from envdplan.core.plan.inputs import attribute_inputs
from envdplan.core.plan.names import all_names, loaded_names, pushed_names
from envdplan.ground.diagnostics import EnvdplanError
from envdplan.ground.values import Sensitive, Value
from envdplan.resources.builds.frontends.base import Extras
from envdplan.resources.builds.frontends.contexts import lookup_name
from envdplan.resources.builds.frontends.dockerfile import TYPE, request, source
from envdplan.resources.builds.images import with_findable

DIGEST = "sha256:" + "1" * 64
NOTHING = Extras(labels={}, names=(), push=False)


def asked(**attributes: Value) -> SolveRequest:
    given = {"path": "/src", "dockerfile_inline": "FROM scratch\n", **attributes}
    return request(TYPE.derive(given), NOTHING)


def test_contexts_are_attributes_and_folders_are_shared_by_their_names() -> None:
    found = asked(
        contexts={
            "docker.io/library/alpine:latest": "/a",
            "b": f"docker-image://r:5000/b@{DIGEST}",
            "c": "https://example.org/c.git",
        }
    )
    assert {k: v for k, v in found.attributes.items() if k.startswith("context:")} == {
        "context:alpine": "local:alpine",
        "context:b": f"docker-image://r:5000/b@{DIGEST}",
        "context:c": "https://example.org/c.git",
    }
    assert found.attributes["frontend.caps"] == "moby.buildkit.frontend.contexts+forward"
    assert [(one.name, one.path) for one in found.directories] == [
        ("context", "/src"),
        ("dockerfile", None),
        ("alpine", "/a"),
    ]


def test_an_oci_layout_is_a_store_with_the_digest_of_now(tmp_path: Path) -> None:
    named = {"org.opencontainers.image.ref.name": "1"}
    manifests = [{"digest": DIGEST, "annotations": named}]
    (tmp_path / "index.json").write_text(json.dumps({"manifests": manifests}))
    found = asked(contexts={"a": f"oci-layout://{tmp_path}:1"})
    assert found.attributes["context:a"] == f"oci-layout://layout-0:1@{DIGEST}"
    assert found.layouts == {"layout-0": str(tmp_path)}
    assert len(found.directories) == 2


def test_an_oci_layout_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EnvdplanError, match="OCI layout not found"):
        asked(contexts={"a": f"oci-layout://{tmp_path}:1"})


@pytest.mark.parametrize(
    ("name", "looked_up"),
    [
        ("base", "base"),
        ("alpine:3", "alpine:3"),
        ("library/alpine", "alpine"),
        ("team/app:latest", "team/app"),
        ("localhost:5000/app", "localhost:5000/app"),
        ("ghcr.io/a/b:1", "ghcr.io/a/b:1"),
    ],
)
def test_names_are_looked_up_as_docker_writes_them(name: str, looked_up: str) -> None:
    assert lookup_name(name) == looked_up


def test_without_contexts_nothing_is_said_about_them() -> None:
    assert not {"frontend.caps", "context:a"} & {*asked().attributes}


def test_what_a_build_writes_into_its_source_is_left_out_of_it(tmp_path: Path) -> None:
    own, other = str(tmp_path / "own"), str(tmp_path / "other")
    outputs: tuple[Value, ...] = (
        {"type": "local", "dest": f"{own}/out/"},
        {"type": "tar", "dest": f"{own}/a/[x]*.tar"},
        {"type": "tar", "dest": f"{other}/b.tar"},
        {"type": "local", "dest": own},
        {"type": "local", "dest": str(tmp_path)},
    )
    given: dict[str, Value] = {
        "path": own,
        "dockerfile_inline": "FROM scratch\n",
        "contexts": {"more": other},
        "output": outputs,
        "export_cache": (f"type=local,dest={own}/cache", "type=inline"),
    }
    found = source(TYPE.derive(given))
    assert found.results == ("out", "a/[x]*.tar", "cache")
    assert found.contexts[0].results == ("b.tar",)
    shared = {one.name: one.results for one in request(TYPE.derive(given), NOTHING).directories}
    assert shared == {"context": found.results, "dockerfile": (), "more": ("b.tar",)}
    patterns = read_ignore((), found.results)
    for name in ("out", "out/x", "a/[x]*.tar", "cache/index.json"):
        assert patterns.matches(name)
    for name in ("a/[x]y.tar", "a/x.tar", "b.tar", "outside", "a"):
        assert not patterns.matches(name)


PUSHED = {"type": "image", "push": True, "names": ("r:5000/a:1",)}
LOADED = {"type": "docker", "names": ("b",)}


def exported(extras: Extras, *outputs: Value, **attributes: Value) -> list[tuple[str, Value]]:
    """Type and options of each export; the builder's names are those of what is pushed."""
    given = {"path": "/src", "dockerfile_inline": "FROM scratch\n", "output": outputs}
    derived = TYPE.derive({**given, **attributes})
    extras = replace(extras, names=with_findable(pushed_names(derived), "0" * 64))
    return [(one.type, dict(one.attributes)) for one in request(derived, extras).exports]


def test_only_the_names_of_an_output_that_is_pushed_are_pushed() -> None:
    engine = replace(NOTHING, push=True, in_engine=True)
    findable = f"r:5000/a:envdplan-{'0' * 40}"
    pushed = ("image", {"name": f"r:5000/a:1,{findable}", "push": "true"})
    kept = {"name": "docker.io/library/b:latest"}
    assert exported(engine, PUSHED, LOADED) == [("image", kept), pushed]
    assert exported(replace(engine, in_engine=False), PUSHED, LOADED) == [("docker", kept), pushed]
    moby = replace(engine, push=False, exporter="moby")
    assert exported(moby, PUSHED, LOADED) == [
        ("moby", {"name": f"r:5000/a:1,{findable},docker.io/library/b:latest"})
    ]


def test_an_image_with_other_options_is_another_export() -> None:
    zstd = {"type": "image", "compression": "zstd", "names": ("c",)}
    gzip = {"type": "image", "compression": "gzip", "names": ("d",)}
    found = exported(replace(NOTHING, push=True), PUSHED, zstd, gzip)
    assert [dict(options) for _, options in found][:2] == [
        {"compression": "zstd", "name": "docker.io/library/c:latest"},
        {"compression": "gzip", "name": "docker.io/library/d:latest"},
    ]
    assert found[2][1] == exported(replace(NOTHING, push=True), PUSHED)[0][1]


def test_an_engine_keeps_what_it_pushes_under_the_same_name() -> None:
    engine = replace(NOTHING, push=True, in_engine=True)
    tags = ("r:5000/a:1",)
    (one,) = exported(engine, {"type": "image", "push": True}, {"type": "docker"}, tags=tags)
    assert one[1]["push"] == "true"


def test_each_place_has_its_own_names() -> None:
    both = TYPE.derive({"path": "/src", "tags": ("t:1",), "output": (PUSHED, LOADED)})
    assert pushed_names(both) == ("r:5000/a:1",)
    assert loaded_names(both, in_engine=True) == ("b",)
    assert all_names(both) == ("t:1", "r:5000/a:1", "b")
    assert attribute_inputs(TYPE, both) == attribute_inputs(TYPE, {**both, "output": ()})


@pytest.mark.parametrize(
    ("output", "complaint"),
    [
        (PUSHED, None),
        ({"type": "image", "push": True}, "Only an output of type image with tags or names"),
        ({"type": "local", "dest": "/o", "names": ("a",)}, "type local has no names"),
        ({"type": "oci", "dest": "/o", "names": ("a..b/c",)}, "not a registry host"),
    ],
)
def test_names_are_checked(output: Value, complaint: str | None) -> None:
    given = TYPE.derive({"path": "/src", "output": (output,)})
    told = [detail for _, _, detail in TYPE.problems(given)]
    assert [complaint in one for one in told if complaint] == [True] * bool(complaint)
    assert complaint is not None or told == []


def test_agents_by_their_ids() -> None:
    found = asked(ssh=("default", {"id": "git", "paths": ("/k",)}))
    assert found.ssh == (SshAgent("default"), SshAgent("git", ("/k",)))


def test_attestations_as_buildx_says_them() -> None:
    found = asked(
        attest=(
            "type=sbom,generator=1",
            {"type": "provenance", "mode": "max", "builder_id": "a,b", "inline_only": True},
        )
    )
    assert found.attributes["attest:sbom"] == "generator=1"
    wanted = '"builder-id=a,b",inline-only=true,mode=max'
    assert found.attributes["attest:provenance"] == wanted


def test_by_default_nothing_is_attested() -> None:
    assert not [name for name in asked().attributes if name.startswith("attest:")]


def test_the_builtin_frontend_is_used_without_another() -> None:
    assert asked().frontend == "dockerfile.v0"
    assert "source" not in asked().attributes


@pytest.mark.parametrize("attribute", ["frontend", "syntax"])
def test_other_frontends_are_run_by_the_gateway(attribute: str) -> None:
    found = asked(**{attribute: "docker/dockerfile:1"})
    assert found.frontend == "gateway.v0"
    assert found.attributes["source"] == found.attributes["cmdline"] == "docker/dockerfile:1"


def test_a_syntax_may_have_words_for_its_frontend() -> None:
    found = asked(syntax="a/b:1 debug=true")
    assert (found.attributes["source"], found.attributes["cmdline"]) == (
        "a/b:1",
        "a/b:1 debug=true",
    )


def test_only_a_frontend_that_may_read_anything_does_without_a_file() -> None:
    given = {"path": "/src"}
    assert source({**given, "frontend": "a/b"}).optional
    assert not source({**given, "frontend": "a/b", "dockerfile": "spec.yaml"}).optional
    assert not source({**given, "syntax": "a/b"}).optional


@pytest.mark.parametrize("name", ["import_cache", "export_cache"])
@pytest.mark.parametrize(
    "given", [Sensitive(("hidden",)), (Sensitive("type=registry,ref=hidden"),)]
)
def test_a_sensitive_cache_is_used_and_only_its_kind_is_shown(name: str, given: Value) -> None:
    derived = TYPE.derive({"path": "/src", name: given})[name]
    assert derived == ({"type": "registry", "ref": Sensitive("hidden")},)
    made = asked(**{name: given})
    entry = CacheEntry("registry", {"ref": "hidden"})
    assert (*made.cache_imports, *made.cache_exports) == (entry,)
