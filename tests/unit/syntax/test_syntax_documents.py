"""Documents of HCL and YAML: places, strictness, twins, and no end to what they can swallow."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envdplan.ground.diagnostics import Severity
from envdplan.ground.source import Position, SourceFile, SourceRange
from envdplan.language.syntax import decode
from envdplan.language.syntax.document import Body, Document

HCL = """
variable "registry" {
  type    = list(string)
  default = ["a", 1, true, null]
}

locals {
  text = "x ${var.registry[0]} %{ if true }y%{ endif }"
  sums = { a = 1.5, b = "${1 + 2}", "${var.registry[0]}/x" = "$${}" }
}

builder "gpu" {
  type = "docker-container"
  env  = { A = "b" }
}

build "x" {
  context    = context.c
  depends_on = [builder.gpu]
  tags       = ["r/x:${var.registry[1]}"]
}
"""
YAML = """
variable:
  registry:
    type: list(string)
    default: [a, 1, true, null]
locals:
  text: "x ${var.registry[0]} %{ if true }y%{ endif }"
  sums: {a: 1.5, b: "${1 + 2}", "${var.registry[0]}/x": "$${}"}
builder:
  gpu:
    type: docker-container
    env: {A: b}
build:
  x:
    context: ${context.c}
    depends_on: [builder.gpu]
    tags: ["r/x:${var.registry[1]}"]
"""


def document(text: str, name: str = "f.hcl") -> Document:
    found, problems = decode(SourceFile(name, text))
    assert not problems.items, [one.detail for one in problems]
    return found


def without_places(value: object) -> object:
    if isinstance(value, SourceRange | SourceFile):
        return None
    if dataclasses.is_dataclass(value):
        names = [one.name for one in dataclasses.fields(value)]
        return type(value).__name__, [without_places(getattr(value, name)) for name in names]
    if isinstance(value, tuple | list):
        return [without_places(one) for one in value]
    if isinstance(value, dict):
        return {key: without_places(one) for key, one in value.items()}
    return value


def test_hcl_and_yaml_twins_are_the_same_document() -> None:
    assert without_places(document(HCL).body) == without_places(document(YAML, "f.yaml").body)


@pytest.mark.parametrize(
    ("text", "shown"), [("3.10", "3.1"), ("1.0", "1"), ("-0.50", "-0.5"), ("100.00", "100")]
)
def test_a_number_that_was_perhaps_meant_as_text_is_hinted_at(text: str, shown: str) -> None:
    _, problems = decode(SourceFile("f.yaml", f"locals: {{a: {text}}}"))
    (found,) = problems
    assert (found.severity, found.summary) == (Severity.WARNING, "Number loses its zeros")
    assert found.detail == f'{text} is the number {shown}. Quote it if it is text: "{text}".'
    assert found.range is not None
    assert found.range.start.column == 13


def test_numbers_that_keep_their_text_are_not_hinted_at() -> None:
    text = 'a: [3.1, 10, 0.5, 1e3, 2026.11.20, 1.2.0, 08.10, "3.10", !!str 1.0, "${3.10}"]'
    _, problems = decode(SourceFile("f.yaml", f"locals: {{{text}}}"))
    assert list(problems) == []


def test_a_string_that_says_so_is_one_in_yaml() -> None:
    body = document("locals: {a: !!str 1, b: !!str true, c: 1}", "f.yaml").body
    values = [one.expression for one in body.blocks[0].body.attributes.values()]
    assert [getattr(one, "value", None) for one in values] == ["1", "true", 1]


def test_places_count_characters_from_one() -> None:
    body = document('locals {\n  ä = "é" # x\n  b = [1,\n    var.x]\n}\n').body
    attributes = body.blocks[0].body.attributes
    assert attributes["ä"].expression.range.start == Position(2, 7)
    assert attributes["ä"].expression.range.end == Position(2, 10)
    assert attributes["b"].range.end == Position(4, 11)
    assert body.blocks[0].range.end == Position(1, 7)


@pytest.mark.parametrize(
    "text",
    [
        "a {\n}\n",
        "a {}\n",
        "a { b = 1 }\n",
        'a "b" c {\n  d = 1\n}',
        "\ufeffa {\n}\r\n",
        "a {\r\n  b = 1\r\n}\r\n",
        "# only a comment",
        "",
        "a {\n  b = {\n    c = 1 // x\n    d : 2, e = 3\n  }\n  /* x\n y */\n}\n",
        "a {\n  b = (1\n    + 2)\n  c = f(\n    1,\n  )\n}\n",
    ],
)
def test_valid_hcl_is_taken(text: str) -> None:
    document(text)


@pytest.mark.parametrize(
    "text",
    [
        "a { b = 1 c = 2 }\n",
        "a { b = 1\n}\n",
        "a {} b {}\n",
        "a {\n  b = 1 }\n",
        "a = [1 2]\n",
        "a = {b = 1 c = 2}\n",
        "a = 1.\n",
        "a = 0x1f\n",
        "a = b.\n",
        "a = f(1\n",
        "}\n",
        "a = 1 ? 2\n",
        "a = [for x in y]\n",
        'a = "${"\n',
    ],
)
def test_invalid_hcl_is_refused(text: str) -> None:
    _, problems = decode(SourceFile("f.hcl", text))
    assert problems.has_errors


def test_all_mistakes_of_a_file_are_told() -> None:
    text = 'a {\n  b = \n  c = "x\n  d = 1\n}\ne {\n  f = [\n}\ng = 1\n'
    found, problems = decode(SourceFile("f.hcl", text))
    assert [one.range.start.line for one in problems if one.range] == [2, 3, 8]
    assert "g" in found.body.attributes


def test_deep_nesting_is_told_and_not_fallen_over() -> None:
    for text in ("a = " + "[" * 5000, "a = " + "(" * 5000, "a = " + "-" * 5000 + "1"):
        _, problems = decode(SourceFile("f.hcl", text))
        assert problems.has_errors
    _, problems = decode(SourceFile("f.yaml", "a: " + "[" * 500 + "]" * 500))
    assert problems.has_errors


def test_aliases_cannot_explode() -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    lines += [
        f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]" for i in range(9)
    ]
    _, problems = decode(SourceFile("f.yaml", "locals:\n  " + "\n  ".join(lines)))
    assert [one.summary for one in problems] == ["Too large"]


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["f.hcl", "f.yaml"]))
def test_any_text_gives_a_document_and_problems(text: str, name: str) -> None:
    found, _ = decode(SourceFile(name, text))
    assert isinstance(found.body, Body)


@settings(max_examples=300, deadline=None)
@given(
    st.integers(0, len(HCL) - 1),
    st.integers(0, 5),
    st.sampled_from([*'{}[]()"$%~\\<>=,:?!\n\0é', "${", "%{", "<<-EOT\n", "...", "for "]),
)
def test_a_broken_configuration_never_ends_in_an_exception(at: int, cut: int, put: str) -> None:
    for text, name in ((HCL, "f.hcl"), (YAML, "f.yaml")):
        decode(SourceFile(name, text[:at] + put + text[at + cut :]))
