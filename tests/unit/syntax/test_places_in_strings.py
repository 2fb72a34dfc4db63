"""A mistake inside of a string is underlined where it stands, however the string is written."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from envdplan.app.catalog import CATALOG
from envdplan.app.workflow import Project, load
from envdplan.ground.diagnostics import Diagnostic, Rejected
from envdplan.ground.source import SourceFile, SourceRange
from envdplan.language.functions import FUNCTIONS
from envdplan.language.syntax import decode
from envdplan.language.syntax.scalars import content_start, origins

YAML = {
    "plain": "locals:\n  a: x ${nope}",
    "plain, the whole": "locals:\n  a: ${nope}",
    "plain, on several lines": "locals:\n  a: one\n    two\n\n    three ${nope} four",
    "plain, folded inside of the expression": "locals:\n  a: one ${\n     nope} two",
    "single quotes": "locals:\n  a: 'it''s ${nope}'",
    "single quotes, on several lines": "locals:\n  a: 'one\n\n\n     it''s ${nope} x'",
    "double quotes": 'locals:\n  a: "x ${nope}"',
    "double quotes with escapes": 'locals:\n  a: "\\t\\x41\\u00e9\\U0001F600 \\"${nope}\\""',
    "double quotes, on several lines": 'locals:\n  a: "one\n    two \\\n\n      three\\n ${nope}"',
    "a literal block": "locals:\n  a: |\n    one\n\n      two ${nope}\n    three\n",
    "a literal block, stripped": "locals:\n  a: |-\n    one\n    ${nope}\n\n\n  b: 1",
    "a literal block, kept": "locals:\n  a: |+ # so\n\n    one\n    ${nope}\n\n\n  b: 1",
    "a literal block with its indentation said": "locals:\n  a: |2\n      one\n    ${nope}\n",
    "a literal block of Windows": "locals:\r\n  a: |\r\n    one\r\n    x ${nope}\r\n",
    "a folded block": "locals:\n  a: >\n    one\n    two ${nope}\n\n    three\n",
    "a folded block with deeper lines": (
        "locals:\n  a: >-\n    one\n      deeper\n      ${nope}\n\n    two\n    three"
    ),
    "a folded block, kept": "locals:\n  a: >+\n\n    one\n\n\n    two ${nope}\n\n",
    "a flow mapping": 'locals: {a: "x ${nope}"}',
    "a flow list": "locals:\n  a: [1, '${nope}',\n    3]",
    "an anchor": 'locals:\n  a: &here !!str  "x\\t${nope}"\n  b: *here',
    "an anchor on its own line": "locals:\n  a: &here\n    x ${nope}",
    "a key in quotes": 'locals:\n  "a": {"k\\t": "\\t${nope}"}',
    "behind a byte order mark": "\ufefflocals: {a: '${nope}'}",
    "behind odd characters": 'locals:\n  a: "\u2028"\n  b: "${nope}"',
    "a template's directive": "locals:\n  a: |\n    %{ if nope }\n      x\n    %{ endif }\n",
}
HCL = {
    "a string": 'locals {\n  a = "x \\t\\u00e9 ${nope}"\n}',
    "a heredoc": "locals {\n  a = <<EOT\none\n  two ${nope}\nEOT\n}",
    "a heredoc whose indentation is taken away": (
        "locals {\n  a = <<-EOT\n    one\n      two ${nope} x\n    EOT\n}"
    ),
    "a directive": (
        "locals {\n  a = <<-EOT\n    %{ for x in nope ~}\n    ${x}\n    %{ endfor }\n  EOT\n}"
    ),
    "an expression on several lines": "locals {\n  a = [\n    1,\n    nope,\n  ]\n}",
    "behind odd characters": 'locals {\n  a = "\u2028\x0c\x85"\n  b = nope\n}',
    "behind a byte order mark": "\ufefflocals { a = nope }",
}


def complaints(suffix: str, text: str) -> list[Diagnostic]:
    project = Project((SourceFile(f"x{suffix}", text, "/"),), "/")
    with pytest.raises(Rejected) as caught:
        load(project, CATALOG, FUNCTIONS, "0.1.0")
    return caught.value.diagnostics.sorted()


def underlined(range: SourceRange) -> str:
    assert range.start.line == range.end.line
    line = range.file.text.split("\n")[range.start.line - 1]
    return line[range.start.column - 1 : range.end.column - 1]


@pytest.mark.parametrize("text", YAML.values(), ids=YAML)
def test_a_name_in_a_string_of_yaml_is_underlined(text: str) -> None:
    for one in complaints(".yaml", text):
        assert one.range is not None
        assert underlined(one.range) == "nope"


@pytest.mark.parametrize("text", HCL.values(), ids=HCL)
def test_a_name_in_a_string_of_hcl_is_underlined(text: str) -> None:
    (one,) = complaints(".hcl", text)
    assert one.range is not None
    assert underlined(one.range) == "nope"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("a: >\n  one\n  two ${1 +}\n", 3, 12),
        ("a: |\n\n    one\n    ${1 +}\n", 4, 10),
        ("a: 'it''s ${1 +}'\n", 1, 16),
        ('a: "\\x41\\\n   b ${1 +}"\n', 2, 11),
        ("a: one\n  two\n  ${1 +}\n", 3, 8),
        ("a: |\n  %{ if true }\n  x\n", 2, 3),
        ("a: |\n  one\n  %{ fi }\n", 3, 3),
    ],
)
def test_a_template_that_cannot_be_read_is_told_where_it_breaks(
    text: str, line: int, column: int
) -> None:
    _, problems = decode(SourceFile("x.yaml", text))
    (one,) = problems
    assert one.range is not None
    assert one.range.start == (line, column)


def test_what_has_several_lines_is_underlined_on_its_first() -> None:
    (one,) = complaints(".yaml", "build:\n  a:\n    tags: {\n      x: 1}\n")
    assert one.range is not None
    assert (one.range.start, one.range.end) == ((3, 5), (3, 12))


LINES = st.lists(
    st.text(st.sampled_from("ab '\"\\:#-\té"), max_size=6), min_size=1, max_size=6
).map("\n".join)
STYLES = st.sampled_from(["'", '"', "|", ">", None])


@given(LINES, STYLES, st.integers(12, 60), st.integers(1, 4))
def test_every_character_of_a_scalar_is_found_where_it_stands(
    value: str, style: str | None, width: int, indent: int
) -> None:
    text = yaml.dump({"k": [{"x": value}]}, default_style=style, width=width, indent=indent + 1)
    for loader in (yaml.SafeLoader, yaml.CSafeLoader):
        root: Any = yaml.compose(text, Loader=loader)
        node = root.value[0][1].value[0].value[0][1]
        start = content_start(text, node.start_mark.index)
        found = origins(text, start, node.end_mark.index, node.style or "", node.value)
        assert found is not None
        for at, char in enumerate(node.value):
            span = found.span(at, at + 1)
            assert span is not None
            there = text[slice(*span)]
            assert there == char or there[0] in "\\' \t\r\n"
