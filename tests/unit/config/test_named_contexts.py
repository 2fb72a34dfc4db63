"""Named contexts in a configuration: where paths start, and builds as contexts of builds."""

import pytest

from envdplan.ground.addresses import Address
from envdplan.ground.values import UNKNOWN, Attributes, Value
from tests.unit.config.test_for_each import complaints, desired

DIGEST = "sha256:" + "1" * 64
BASE = 'build "base" {\n tags = ["r:5000/base:1"]\n push = true\n}\n'


def build(text: str, name: str = "envdplan.hcl") -> Attributes:
    return desired(text, name).resources[Address.parse("build.x")].attributes


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("../shared", "/shared"),
        ("/abs/./x", "/abs/x"),
        ("a:b", "/p/a:b"),
        ("docker-image://alpine:3", "docker-image://alpine:3"),
        ("https://github.com/a/b.git#main:c", "https://github.com/a/b.git#main:c"),
        ("git@github.com:a/b.git", "git@github.com:a/b.git"),
        ("oci-layout://out:1", "oci-layout:///p/out:1"),
        (f"oci-layout://./out@{DIGEST}", f"oci-layout:///p/out@{DIGEST}"),
        (f"r:5000/a/b@{DIGEST}", f"docker-image://r:5000/a/b@{DIGEST}"),
        (f"r:5000/a/b:1@{DIGEST}", f"docker-image://r:5000/a/b:1@{DIGEST}"),
    ],
)
def test_paths_start_at_the_file_and_nothing_else_is_a_path(given: str, meant: str) -> None:
    found = build(f'build "x" {{ contexts = {{ a = "{given}" }} }}')
    assert found["contexts"] == {"a": meant}


def test_another_build_is_its_image_once_that_is_known() -> None:
    state = desired(BASE + 'build "x" { contexts = { a = build.base } }')
    base, x = (state.resources[Address.parse(name)] for name in ("build.base", "build.x"))
    assert x.attributes["contexts"] == {"a": UNKNOWN}
    assert x.depends_on == (base.address,)
    assert x.resolve is not None
    known = {base.address: {**base.attributes, "image": f"r:5000/base@{DIGEST}"}}
    meant = {"a": f"docker-image://r:5000/base@{DIGEST}"}
    assert x.resolve(known)["contexts"] == meant


def test_all_builds_of_a_for_each_are_contexts_by_their_keys() -> None:
    base = BASE.replace("{\n", '{\n for_each = toset(["a", "b"])\n', 1)
    text = base.replace("base:1", "base:${each.key}") + 'build "x" { contexts = build.base }'
    found = desired(text).resources[Address.parse("build.x")]
    assert found.attributes["contexts"] == {"a": UNKNOWN, "b": UNKNOWN}
    assert [str(one) for one in found.depends_on] == ['build.base["a"]', 'build.base["b"]']


def test_yaml_says_the_same() -> None:
    text = """
build:
  base: {tags: ["r:5000/base:1"], push: true}
  x:
    contexts: {a: "${build.base}", b: ../shared}
    ssh: [default, {id: git, paths: [agent.sock]}]
    attest: [{type: provenance, mode: max}]
"""
    found = build(text, "envdplan.yaml")
    assert found["contexts"] == {"a": UNKNOWN, "b": "/shared"}
    assert found["ssh"] == ({"id": "default"}, {"id": "git", "paths": ("/p/agent.sock",)})
    assert found["attest"] == ({"type": "provenance", "mode": "max"},)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("default", {"id": "default"}),
        ("git=key", {"id": "git", "paths": ("/p/key",)}),
        ("git=key,../other", {"id": "git", "paths": ("/p/key", "/other")}),
        ("git=/a=b", {"id": "git", "paths": ("/a=b",)}),
    ],
)
def test_ssh_may_be_said_as_in_buildx(given: str, meant: Value) -> None:
    assert build(f'build "x" {{ ssh = ["{given}"] }}')["ssh"] == (meant,)


def test_inherited_agents_and_attestations_are_replaced_by_their_ids_and_types() -> None:
    text = """
template "t" {
  ssh      = ["default", "git=/a"]
  attest   = ["type=sbom", "type=provenance,mode=min"]
  contexts = { a = "one", b = "two" }
}
build "x" {
  inherits = [template.t]
  ssh      = ["git=/b"]
  attest   = ["type=sbom,disabled=true", { type = "provenance", mode = "max" }]
  contexts = { b = "three" }
}
"""
    found = build(text)
    assert found["ssh"] == ({"id": "default"}, {"id": "git", "paths": ("/b",)})
    assert found["attest"] == ({"type": "provenance", "mode": "max"},)
    assert found["contexts"] == {"a": "/p/one", "b": "/p/three"}


def test_a_build_that_is_not_pushed_is_no_context() -> None:
    (said,) = complaints(BASE.replace("push", "load") + 'build "x" { contexts = {a = build.base} }')
    assert "Set tags and push = true in build.base." in said
