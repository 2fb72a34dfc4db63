"""What BuildKit is asked for when a build has contexts, agents, attestations or a frontend."""

import json
from pathlib import Path

import pytest

from envdplan.buildkit.request import CacheEntry, SolveRequest, SshAgent
from envdplan.diagnostics import EnvdplanError
from envdplan.frontends.base import Extras
from envdplan.frontends.contexts import lookup_name
from envdplan.frontends.dockerfile import TYPE, request, source
from envdplan.values import Sensitive, Value

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
    with pytest.raises(EnvdplanError, match="There is no OCI layout"):
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
