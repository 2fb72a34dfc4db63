"""What a target of a bake file becomes here: a build with our names and absolute paths."""

import pytest

from envdplan.ground.diagnostics import Diagnostic
from envdplan.ground.values import Value
from envdplan.language.syntax.document import GetAttribute, Literal, ObjectOf
from tests.unit.bake.reading import attributes, complaints, desired, document


def target(body: str, **more: Value) -> Value:
    return attributes(f'target "default" {{\n{body}\n}}', **more)


def raw(body: str, **more: Value) -> dict[str, Value]:
    """Values of the Document itself, for attributes that need no schema."""
    made = document(f'target "default" {{\n{body}\n}}', **more).body.blocks[0].body
    return {name: _plain(one.expression) for name, one in made.attributes.items()}


def _plain(expression: Value) -> Value:
    if isinstance(expression, Literal):
        return expression.value
    if isinstance(expression, ObjectOf):
        return {key.value: _plain(one) for key, one in expression.items if type(key) is Literal}
    if isinstance(expression, GetAttribute):
        return f"-> {expression.name}"
    return [_plain(one) for one in expression.items]


def test_names_are_ours() -> None:
    found = target(
        'dockerfile = "D"\nno-cache = true\nno-cache-filter = ["a"]\nshm-size = "64m"\n'
        'extra-hosts = { h = "1.2.3.4" }\ncache-from = ["a/b:c"]\ncache-to = ["type=inline"]\n'
        'target = "t"\nulimits = ["nofile=1"]\npull = true\nlabels = { a = "b" }'
    )
    wanted = {
        "dockerfile": "D",
        "no_cache": True,
        "no_cache_filter": ("a",),
        "shm_size": "64m",
        "extra_hosts": {"h": "1.2.3.4"},
        "import_cache": ({"type": "registry", "ref": "a/b:c"},),
        "export_cache": ({"type": "inline"},),
        "target": "t",
        "ulimits": ("nofile=1",),
        "pull": True,
        "labels": {"a": "b"},
    }
    assert {name: found[name] for name in wanted} == wanted


@pytest.mark.parametrize(
    ("context", "path"),
    [
        (".", "/src"),
        ("./a/../b", "/src/b"),
        ("/abs", "/abs"),
        ("cwd://x", "/src/x"),
        ("cwd://", "/src"),
        ("", "/src"),
        ("~", "/src/~"),
    ],
)
def test_contexts_are_directories_seen_from_the_project(context: str, path: str) -> None:
    assert target(f'context = "{context}"')["path"] == path


def test_an_inline_dockerfile_is_stronger_than_a_file() -> None:
    found = raw('dockerfile = "D"\ndockerfile-inline = "FROM scratch"')
    assert found == {"path": "/src", "dockerfile_inline": "FROM scratch"}


def test_empty_strings_say_nothing() -> None:
    body = 'dockerfile-inline = ""\ndockerfile = "D"\nnetwork = ""\ntarget = ""\nshm-size = ""'
    assert raw(body) == {"path": "/src", "dockerfile": "D"}


def test_outputs_are_ours() -> None:
    found = raw('output = ["type=image,push=true,compression=zstd,compression-level=3", "./o"]')
    assert found["output"] == [
        {"type": "image", "push": True, "compression": "zstd", "compression_level": 3},
        {"type": "local", "dest": "/src/o"},
    ]


def test_names_in_an_output_are_tags_unless_there_are_tags() -> None:
    named = 'output = ["type=image,\\"name=a:1,b:2\\""]'
    assert raw(named)["tags"] == ["a:1", "b:2"]
    assert raw(f'{named}\ntags = ["c:3"]')["tags"] == ["c:3"]


def test_outputs_with_different_names_keep_their_own() -> None:
    image, docker = 'type=image,push=true,\\"name=a:1,b:2\\"', "type=docker,name=c:3"
    body = f'output = ["{image}", "{docker}", "./o"]'
    assert raw(body)["output"] == [
        {"type": "image", "push": True, "names": ["a:1", "b:2"]},
        {"type": "docker", "names": ["c:3"]},
        {"type": "local", "dest": "/src/o"},
    ]
    assert "tags" not in raw(body)
    with_tags = raw(f'{body}\ntags = ["d:4"]')
    assert with_tags["tags"] == ["d:4"]
    assert all("names" not in one for one in with_tags["output"])


def test_one_name_of_several_outputs_is_a_tag() -> None:
    body = 'output = ["type=image,push=true,name=a:1", "type=docker,name=a:1"]'
    assert raw(body)["tags"] == ["a:1"]
    assert all("names" not in one for one in raw(body)["output"])


def test_secrets_have_one_source() -> None:
    body = 'secret = ["id=A", "id=B", "id=c,src=x", "type=env,id=d,src=E"]'
    assert raw(body, environment={"A": "1"})["secret"] == [
        {"id": "A", "env": "A"},
        {"id": "B", "file": "/src/B"},
        {"id": "c", "file": "/src/x"},
        {"id": "d", "env": "E"},
    ]


def test_agents_and_attestations() -> None:
    body = 'ssh = ["default", "k=a,/b"]\nattest = ["type=provenance,mode=max", '
    found = raw(f'{body}"type=sbom,disabled=true"]')
    assert found["ssh"] == [{"id": "default"}, {"id": "k", "paths": ["/src/a", "/b"]}]
    assert found["attest"] == [{"type": "provenance", "mode": "max"}]


def test_contexts_of_all_kinds() -> None:
    text = """
target "default" {
  contexts = {
    a = "target:base"
    b = "./b"
    c = "docker-image://x"
    d = "https://x.org/y.git"
    e = "oci-layout://layout:tag"
  }
}
target "base" { output = ["type=docker"] }
"""
    blocks = {one.labels[0]: one.body for one in document(text).body.of_type("build")}
    assert _plain(blocks["default"].attributes["contexts"].expression) == {
        "a": "-> base",
        "b": "/src/b",
        "c": "docker-image://x",
        "d": "https://x.org/y.git",
        "e": "oci-layout:///src/layout:tag",
    }
    assert _plain(blocks["base"].attributes["output"].expression) == [{"type": "docker"}]


def test_what_is_only_linked_to_has_no_other_output() -> None:
    text = """
target "default" { contexts = { a = "target:base" } }
target "base" { output = ["type=docker"] }
target "other" {}
"""
    blocks = {one.labels[0]: one.body for one in document(text, targets=("default",)).body.blocks}
    assert list(blocks) == ["default", "base"]
    assert _plain(blocks["base"].attributes["output"].expression) == [{"type": "cacheonly"}]


def test_annotations_become_a_map() -> None:
    found = target('annotations = ["a=b=c", "index,manifest:d=e"]')["annotations"]
    assert found == {"a": "b=c", "index:d": "e", "manifest:d": "e"}


@pytest.mark.parametrize(
    ("given", "normal"),
    [
        ("local", "linux/amd64"),
        ("arm64", "linux/arm64"),
        ("linux/x86_64", "linux/amd64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm/v7", "linux/arm/v7"),
    ],
)
def test_platforms_are_normal(given: str, normal: str) -> None:
    assert target(f'platforms = ["{given}"]')["platforms"] == (normal,)


def test_commas_part_platforms_and_stages_as_they_do_when_buildx_builds() -> None:
    found = target('platforms = ["linux/s390x"]\nno-cache-filter = ["a,b", "c"]')
    assert found["platforms"] == ("linux/s390x",)
    assert found["no_cache_filter"] == ("a", "b", "c")
    given = target('platforms = ["x86_64,linux/arm64/v8", "386"]')["platforms"]
    assert given == ("linux/amd64", "linux/arm64", "linux/386")
    overridden = target("", overrides=("*.platform=linux/amd64,linux/arm64",))
    assert overridden["platforms"] == ("linux/amd64", "linux/arm64")


@pytest.mark.parametrize("body", ['tags = ["a:1,b:2"]', 'ulimits = ["nofile=1,nproc=2"]'])
def test_commas_part_nothing_else(body: str) -> None:
    assert desired([document(f'target "default" {{\n{body}\n}}')])[2]


def test_a_group_and_a_target_may_share_a_name() -> None:
    text = """
group "app" { targets = ["app", "more"] }
group "more" { targets = ["db"] }
target "app" {}
target "db" {}
"""
    builds, groups, wrong = desired([document(text)])
    assert wrong == []
    assert list(builds) == ["build.app", "build.db"]
    assert groups == {"app": ["build.app", "build.db"], "more": ["build.db"]}


def test_names_may_begin_with_digits_and_hyphens() -> None:
    text = 'group "0" { targets = ["1", "-"] }\ntarget "1" {}\ntarget "-" {}'
    assert desired([document(text)])[1:] == ({"0": ["build.1", "build.-"]}, [])


def _only(found: list[Diagnostic]) -> tuple[str, str, str]:
    (one,) = found
    assert one.range is not None
    line = one.range.file.line(one.range.start.line)
    text = line[one.range.start.column - 1 : one.range.end.column - 1]
    return one.severity.value, one.summary, text


@pytest.mark.parametrize(
    ("body", "summary", "text"),
    [
        ('call = "check"', "Not supported by envdplan", '"check"'),
        ('policy = [{ filename = "x" }]', "Not supported by envdplan", '[{ filename = "x" }]'),
        ('resources = { memory = "1g" }', "Not supported by envdplan", '{ memory = "1g" }'),
        ('context = "https://x.org/y.git"', "Context is not a directory", '"https://x.org/y.git"'),
        ('context = "git@x.org:y"', "Context is not a directory", '"git@x.org:y"'),
        ('dockerfile = "https://x.org/D"', "Dockerfile is not a file", '"https://x.org/D"'),
        ('output = ["-"]', "Not supported by envdplan", '"-"'),
        (
            'output = ["type=image,store=true"]',
            "Not supported by envdplan",
            '"type=image,store=true"',
        ),
        ('output = ["type=image,push=x"]', "Invalid entry", '"type=image,push=x"'),
        ('annotations = ["a"]', "Invalid annotation", '"a"'),
    ],
)
def test_what_cannot_be_said_here_is_a_mistake_at_its_place(
    body: str, summary: str, text: str
) -> None:
    found = complaints(f'target "default" {{\n  {body}\n}}')
    assert _only(found) == ("error", summary, text)


def test_a_cache_of_another_kind_is_left_out_with_a_warning() -> None:
    text = 'target "default" { cache-from = ["type=gha,scope=x", "a"] }'
    assert _only(complaints(text)) == ("warning", "Cache left out", '"type=gha,scope=x"')
    assert attributes(text)["import_cache"] == ({"type": "registry", "ref": "a"},)


MIXED = """
group "default" { targets = ["app"] }
group "all" { targets = ["app", "lint", "after"] }
target "app" {}
target "lint" { call = "check" }
target "after" { contexts = { lint = "target:lint" } }
"""


def test_what_is_not_asked_for_is_not_looked_at() -> None:
    assert complaints(MIXED, targets=("default",)) == []


def test_what_bake_does_not_build_by_itself_may_be_impossible() -> None:
    found = complaints(MIXED)
    assert [(one.severity.value, one.summary) for one in found] == [
        ("warning", "Not supported by envdplan"),
        ("warning", "Context left out"),
    ]
    assert found[0].detail.startswith('The target "lint" is left out. A target with call')
    builds, groups, wrong = desired([document(MIXED)])
    assert (list(builds), wrong) == (["build.app"], [])
    assert groups == {"default": ["build.app"], "all": ["build.app"]}


VARIANTS = """
group "default" { targets = ["image-local"] }
target "docker-metadata-action" { tags = ["app:local"] }
target "image" { inherits = ["docker-metadata-action"] }
target "image-local" {
  inherits = ["image"]
  output   = ["type=docker", "./out"]
}
target "image-all" {
  inherits  = ["image"]
  platforms = ["linux/amd64", "linux/arm64"]
}
target "docs" { output = ["./out"] }
target "other" { tags = ["other"] }
"""


def test_variants_with_one_tag_do_not_stand_in_the_way_of_the_default() -> None:
    assert complaints(VARIANTS) == []
    builds, groups, wrong = desired([document(VARIANTS)])
    assert {"build.image-local", "build.image-all", "build.docs"} <= set(builds)
    assert (groups["default"], wrong) == (["build.image-local"], [])


def test_where_nothing_is_called_default_variants_are_left_out() -> None:
    text = VARIANTS.replace("default", "some")
    (one,) = complaints(text)
    assert (one.severity.value, one.summary) == ("warning", "Targets left out")
    assert one.detail.startswith(
        "Each tag, written cache and output path belongs to one build, so these targets are "
        "left out: "
    )
    assert "image-all (the tag app:local, as image-local)" in one.detail
    builds, _, wrong = desired([document(text)])
    assert (list(builds), wrong) == (["build.image-local", "build.other"], [])


def test_a_target_called_default_is_what_is_built_by_default() -> None:
    text = 'target "default" { tags = ["a"] }\ntarget "other" { inherits = ["default"] }'
    builds, groups, wrong = desired([document(text)])
    assert sorted(builds) == ["build.default", "build.other"]
    assert (groups, wrong) == ({"default": ["build.default"]}, [])


def test_a_variant_can_be_asked_for() -> None:
    assert complaints(VARIANTS, targets=("image-all",)) == []


def test_heirs_come_before_their_parents() -> None:
    text = 'target "base" { tags = ["a"] }\ntarget "app" { inherits = ["base"] }'
    assert list(desired([document(text)])[0]) == ["build.app"]


def test_what_the_default_builds_together_must_be_apart() -> None:
    text = """
group "default" { targets = ["a", "b"] }
target "a" { tags = ["x"] }
target "b" { tags = ["x"] }
"""
    assert complaints(text) == []
    assert desired([document(text)])[2] == ["Claimed twice"]


@pytest.mark.parametrize("targets", [("lint",), ("after",), ("all",)])
def test_what_is_asked_for_must_be_possible(targets: tuple[str, ...]) -> None:
    assert [one.severity.value for one in complaints(MIXED, targets=targets)] == ["error"]


def test_what_the_default_needs_must_be_possible() -> None:
    text = """
group "default" { targets = ["app"] }
target "app" { contexts = { lint = "target:lint" } }
target "lint" { call = "check" }
"""
    assert [one.severity.value for one in complaints(text)] == ["error"]


def test_later_complaints_point_into_the_bake_file() -> None:
    made = document('target "default" {\n  tags = ["UPPER"]\n}').body.blocks[0]
    place = made.body.attributes["tags"].expression.range
    assert (made.range.start, place.start) == ((1, 1), (2, 11))
    assert place.file.name == "docker-bake.hcl"


def test_overrides_stand_at_their_flag() -> None:
    text = 'target "default" {}'
    made = document(text, overrides=("*.tags=x",)).body.blocks[0].body.attributes["tags"]
    assert made.expression.range.file.text == "*.tags=x"


@pytest.mark.parametrize(
    "body", [f'shm-size = "{"9" * 5000}g"', f'ulimits = ["nofile={"9" * 5000}"]']
)
def test_no_size_and_no_limit_has_thousands_of_digits(body: str) -> None:
    assert desired([document(f'target "default" {{\n{body}\n}}')])[2] == ["Value not allowed"]
