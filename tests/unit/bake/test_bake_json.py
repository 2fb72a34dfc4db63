"""HCL's JSON syntax: every value keeps its place, and mistakes are told there."""

from decimal import Decimal

import pytest

from envdplan.dialects.bake.jsonfile import decode
from envdplan.dialects.bake.jsontext import JsonReader
from envdplan.ground.source import SourceFile
from envdplan.language.syntax.document import Literal, Template, Variable


def read(text: str) -> object:
    return JsonReader(SourceFile("docker-bake.json", text)).document()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-1.50", Decimal("-1.50")),
        ("1e3", Decimal(1000)),
        ("true", True),
        ("null", None),
        ('"\\u00e9\\n\\/"', "é\n/"),
        ('"\\ud83d\\ude00"', "\U0001f600"),
        ("\ufeff 1 ", 1),
    ],
)
def test_plain_values(text: str, value: object) -> None:
    node = JsonReader(SourceFile("docker-bake.json", text)).document()
    assert node.value == value


@pytest.mark.parametrize(
    ("text", "column", "detail"),
    [
        ("", 1, "Expected a JSON value."),
        ("{", 2, "Expected a name in double quotes."),
        ('{"a"}', 5, "Expected a colon and a value after the name."),
        ('{"a": 1 "b": 2}', 9, 'Expected a comma or "}".'),
        ("[1, 2", 6, 'Expected a comma or "]".'),
        ("[1,]", 4, "Expected a JSON value."),
        ('"\\x"', 1, "This string is not JSON: Invalid \\escape."),
        ('"a', 1, "This string is not JSON: Unterminated string starting at."),
        ("{} {}", 4, "A file holds one JSON object. Remove what follows it."),
        ("[" * 101, 101, "JSON may be nested 100 levels deep."),
    ],
)
def test_a_mistake_has_a_place(text: str, column: int, detail: str) -> None:
    _, problems = decode(SourceFile("docker-bake.json", text))
    (one,) = problems
    assert one.summary == "Invalid JSON"
    assert one.detail == detail
    assert one.range is not None
    assert one.range.start == (1, column)


def test_parts_of_a_string_have_their_own_places() -> None:
    text = '{\n  "x": "a${y}",\n  "z": "\\u0061${y}"\n}'
    document, problems = decode(SourceFile("docker-bake.json", text))
    assert list(problems) == []
    plain, escaped = (document.body.attributes[name].expression for name in ("x", "z"))
    assert isinstance(plain, Template)
    assert isinstance(escaped, Template)
    assert plain.parts[1].range.start == (2, 12)
    assert escaped.parts[1].range.start == (3, 8)


def test_types_and_parameters_are_words() -> None:
    text = '{"variable": {"v": {"type": "string", "default": "${string}"}}, "s": "string"}'
    document, _ = decode(SourceFile("docker-bake.json", text))
    attributes = document.body.blocks[0].body.attributes
    assert isinstance(attributes["type"].expression, Variable)
    assert isinstance(attributes["default"].expression, Variable)
    assert document.body.attributes["s"].expression == Literal(
        "string", document.body.attributes["s"].expression.range
    )
