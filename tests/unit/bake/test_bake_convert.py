"""What is written for a bake file loads to the same builds and groups."""

import pytest

from envdplan.dialects.bake import read
from envdplan.dialects.bake.convert import written
from envdplan.dialects.bake.literals import block
from envdplan.ground.diagnostics import Severity
from envdplan.ground.source import Position, SourceFile, SourceRange
from envdplan.ground.values import Attributes
from envdplan.language.evaluation.context import Context, Names
from envdplan.language.evaluation.expressions import evaluate
from envdplan.language.syntax.document import Body, Document
from envdplan.language.syntax.formatting import formatted
from envdplan.resources.builds.frontends.buildschema import ATTRIBUTES
from scripts.bake_cases import Case, cases
from tests.unit.bake.reading import Desired, desired, document, hcl_document


def _is_good(case: Case) -> bool:
    made, problems = read(case.request())
    names = {name for one in made.body.blocks for name in one.body.attributes}
    wrong = any(one.severity is Severity.ERROR for one in problems)
    return not wrong and names <= {*ATTRIBUTES, "members", "description"}


CASES = [one for one in cases() if _is_good(one)]


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.name)
def test_a_converted_file_means_the_same(case: Case) -> None:
    made, _ = read(case.request())
    again = hcl_document(written(made), str(case.folder))
    assert _meaning(again) == _meaning(made)


def _meaning(document: Document) -> Desired:
    """Outputs say what is pushed; whether `push` was their short form makes no difference."""
    builds, named, problems = desired([document])
    kept: dict[str, Attributes] = {
        name: {k: v for k, v in one.items() if k != "push"} for name, one in builds.items()
    }
    return kept, named, problems


@pytest.mark.parametrize("case", CASES, ids=lambda one: one.name)
def test_a_converted_file_is_formatted(case: Case) -> None:
    text = written(read(case.request())[0])
    assert formatted(SourceFile("envdplan.hcl", text)) == text


@pytest.mark.parametrize(
    ("outputs", "lines"),
    [
        ('["type=registry"]', ["push = true"]),
        ('["type=image,push=true"]', ["push = true"]),
        ('["type=docker", "type=registry"]', ["push = true", "output {", 'type = "docker"', "}"]),
        ('["type=registry", "type=docker"]', ["output {", 'type = "registry"', "}"]),
        ('["type=image,push=false"]', ["output {", 'type = "image"', "push = false", "}"]),
        ('["type=registry,compression=zstd"]', ["output {", 'type        = "registry"']),
        ('["type=image,push=true,compression=zstd", "type=registry"]', ["output {"]),
    ],
)
def test_an_output_that_only_pushes_is_written_in_short(outputs: str, lines: list[str]) -> None:
    made = document(f'target "a" {{\n  tags   = ["r/a:1"]\n  output = {outputs}\n}}')
    found = [one.strip() for one in written(made).splitlines()]
    assert found[5 : 5 + len(lines)] == lines
    assert _meaning(hcl_document(written(made), "/src")) == _meaning(made)


def test_a_push_without_tags_stays_an_output() -> None:
    assert "push = true" not in written(document('target "a" { output = ["type=registry"] }'))


def test_it_says_from_what_it_was_written() -> None:
    override = document('target "a" {}', overrides=("a.target=x",))
    assert written(override).startswith(
        "# Written by `envdplan convert` from docker-bake.hcl, --set.\n\nbuild"
    )


def test_most_cases_can_be_converted() -> None:
    assert len(CASES) > 120


def test_it_reads_as_if_written_by_hand() -> None:
    text = """
group "default" {
  description = "all of it"
  targets     = ["app", "3-11"]
}
target "app" {
  context    = "./app"
  dockerfile = "Dockerfile.app"
  args       = { VERSION = "1", "x.y" = "$${z}" }
  tags       = ["registry.example.com/team/app:one", "registry.example.com/team/app:two-and-more"]
  output     = ["type=image,push=true", "type=local,dest=out"]
  secret     = ["id=token,env=TOKEN", "id=key,src=/etc/key"]
}
target "3-11" {
  dockerfile-inline = <<EOT
FROM scratch
ENV A="$${B}"
EOT
}
"""
    assert (
        written(document(text))
        == """\
# Written by `envdplan convert` from docker-bake.hcl.

build "app" {
  path       = "./app"
  dockerfile = "Dockerfile.app"
  args       = { VERSION = "1", "x.y" = "$${z}" }
  tags = [
    "registry.example.com/team/app:one",
    "registry.example.com/team/app:two-and-more",
  ]
  secret {
    id  = "token"
    env = "TOKEN"
  }
  secret {
    id   = "key"
    file = "/etc/key"
  }
  output {
    type = "image"
    push = true
  }
  output {
    type = "local"
    dest = "./out"
  }
}

build "3-11" {
  path              = "."
  dockerfile_inline = <<EOT
FROM scratch
ENV A="$${B}"
EOT
}

group "default" {
  members     = [build.app, build["3-11"]]
  description = "all of it"
}
"""
    )


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        'a "quoted" \\ word',
        "tab\tand\r\nlines\n",
        "${x} and %{if y} and $${z}",
        "EOT\nEOT_\n",
        "  indented\n\n    more\n",
        "\x00\x1b\x7f\u2028\U0001f600",
        "no end\nof line",
        "",
        "$",
        "%%",
    ],
)
def test_any_string_comes_back(text: str) -> None:
    file = SourceFile("docker-bake.hcl", "", "/src")
    place = SourceRange(file, Position(1, 1), Position(1, 1))
    made = Document(
        file, Body({}, (block("build", "x", {"value": text, "list": [text]}, lambda _: place),))
    )
    again = hcl_document(written(made), "/src").body.blocks[0].body.attributes
    context = Context(Names(), {})
    assert evaluate(again["value"].expression, context) == text
    assert evaluate(again["list"].expression, context) == (text,)


def test_an_exact_text_says_outputs_as_they_are() -> None:
    made = document('target "default" {\n  tags = ["x:1"]\n  output = ["type=registry"]\n}')
    assert "push = true" in written(made)
    again = hcl_document(written(made, exact=True), "/src")
    assert desired([again])[0] == desired([made])[0]
    assert desired([again])[0]["build.default"]["push"] is False
