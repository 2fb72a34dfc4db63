"""Whatever goes round in a circle is drawn once; whatever is too deep is told, and quickly."""

import pytest

from envdplan.ground.diagnostics import Diagnostic, Rejected
from envdplan.ground.source import SourceFile
from envdplan.language.syntax import decode
from tests.unit.config.test_for_each import desired

DEEP = 10_000


def told(text: str, name: str = "envdplan.hcl") -> list[Diagnostic]:
    with pytest.raises(Rejected) as caught:
        desired(text, name)
    return caught.value.diagnostics.sorted()


def resource(name: str, *lines: str) -> str:
    return "\n".join((f'builder "{name}" {{', '  type = "tcp"', *lines, "}", ""))


def function(name: str, result: str) -> str:
    return f'function "{name}" {{\n  params = []\n  result = {result}\n}}\n'


MOVES = """
moved {
  from = build.a
  to   = build.b
}
moved {
  from = build.b
  to   = build.a
}
"""
CYCLES = {
    "locals": ("locals {\n  a = local.b\n  b = [local.a]\n}", "local.a -> local.b -> local.a"),
    "a local by itself": ('locals { a = local["a"] }', "local.a -> local.a"),
    "resources": (
        resource("a", "address = builder.b.address") + resource("b", "address = builder.a.address"),
        "builder.a -> builder.b -> builder.a",
    ),
    "through depends_on": (
        'build "a" { depends_on = [build.b] }\nbuild "b" { depends_on = [build.a] }',
        "build.a -> build.b -> build.a",
    ),
    "through for_each": (
        'build "a" { for_each = build.b }\nbuild "b" { for_each = build.a }',
        "build.a -> build.b -> build.a",
    ),
    "a function": (function("f", "f()"), "function.f -> function.f"),
    "a function that would end": (function("f", "1 > 2 ? f() : 1"), "function.f -> function.f"),
    "functions": (
        function("f", "g()") + function("g", "f()"),
        "function.f -> function.g -> function.f",
    ),
    "a function and a local": (
        function("f", "local.a") + "locals { a = f() }",
        "local.a -> function.f -> local.a",
    ),
    "a function and a resource": (
        function("f", "builder.b.address") + resource("b", "address = f()"),
        "function.f -> builder.b -> function.f",
    ),
    "self": (
        resource("a", "address = self.name", "name = self.address"),
        "self.address -> self.name -> self.address",
    ),
    "self, seen from outside": (
        resource("a", "host = self.name", "name = self.address", "address = self.name"),
        "self.name -> self.address -> self.name",
    ),
    "inherits": (
        'build "a" { inherits = [build.b] }\nbuild "b" { inherits = [build.a] }',
        "build.a -> build.b -> build.a",
    ),
    "templates that nothing uses": (
        'template "a" { inherits = [template.b] }\ntemplate "b" { inherits = [template.a] }',
        "template.a -> template.b -> template.a",
    ),
    "groups": (
        'group "a" { members = [group.b] }\ngroup "b" { members = [group.a] }',
        "group.a -> group.b -> group.a",
    ),
    "moves": (
        MOVES,
        "build.a -> build.b -> build.a",
    ),
}


@pytest.mark.parametrize(("text", "drawn"), CYCLES.values(), ids=CYCLES)
def test_a_cycle_is_drawn_once_and_has_a_place(text: str, drawn: str) -> None:
    (one,) = told(text)
    assert f": {drawn}. Take" in one.detail
    assert one.summary in ("Reference cycle", "Inheritance cycle")
    assert one.range is not None


def nested(before: str, after: str, inside: str = "1") -> str:
    return f"locals {{\n  a = {before * DEEP}{inside}{after * DEEP}\n}}\n"


DEEP_HCL = {
    "parentheses": nested("(", ")"),
    "lists": nested("[", "]"),
    "objects": nested("{ a = ", " }"),
    "signs": nested("-", ""),
    "conditions": nested("true ? ", " : 1"),
    "conditions to the right": nested("true ? 1 : ", ""),
    "calls": nested("upper(", ")"),
    "indexes": nested("a[", "]"),
    "splats": nested("a", "[*]", "").replace("a" * DEEP, "a"),
    "strings": nested('"${', '}"'),
    "ifs": f'locals {{\n  a = "{"%{if true}" * DEEP}x{"%{endif}" * DEEP}"\n}}\n',
    "fors": f'locals {{\n  a = "{"%{for x in [1]}" * DEEP}x{"%{endfor}" * DEEP}"\n}}\n',
    "long chains within each other": nested("", "", "(" * 90 + "null" + (".a" * 190 + ")") * 90),
    "blocks": "builder {\n" * DEEP + "}\n" * DEEP,
    "types": f'variable "a" {{\n  type = {"list(" * DEEP}string{")" * DEEP}\n}}\n',
}


@pytest.mark.parametrize("text", DEEP_HCL.values(), ids=DEEP_HCL)
def test_hcl_that_is_nested_too_deeply_is_told_once(text: str) -> None:
    (one,) = told(text)
    assert (one.summary, one.range is not None) == ("Nested too deeply", True)


@pytest.mark.parametrize(
    ("text", "summary"),
    [
        (f"locals: {{a: {'[' * DEEP}1{']' * DEEP}}}", "Invalid YAML"),
        (f"locals: {'{a: ' * DEEP}1{'}' * DEEP}", "Invalid YAML"),
        (f"locals: {'{a: ' * 200}1{'}' * 200}", "Nested too deeply"),
        (f'locals: {{a: "${{{"(" * DEEP}}}"}}', "Nested too deeply"),
        ("locals:\n  a: &x [*x]", "Nested too deeply"),
        ("locals:\n  a: &x\n    <<: *x", "Nested too deeply"),
        ("build: &x\n  a: *x", "Nested too deeply"),
    ],
)
def test_yaml_that_is_nested_too_deeply_is_told_once(text: str, summary: str) -> None:
    (one,) = told(text, "envdplan.yaml")
    assert (one.summary, one.range is not None) == (summary, True)


def test_a_long_chain_of_names_is_no_nesting() -> None:
    names = [f"a{n} = local.a{n + 1}" for n in range(3000)]
    text = "\n".join(("locals {", *names, "a3000 = 1", "}", 'output "o" { value = local.a0 }'))
    assert desired(text).outputs["o"].value == 1
    groups = [f'group "g{n}" {{ members = [group.g{n + 1}] }}' for n in range(3000)]
    found = desired("\n".join((*groups, 'build "b" {}', 'group "g3000" { members = [build.b] }')))
    assert len(found.groups["g0"]) == 1


def test_a_long_chain_of_inheritance_or_calls_is_told() -> None:
    templates = [f'template "t{n}" {{ inherits = [template.t{n + 1}] }}' for n in range(500)]
    last = 'template "t500" {}\nbuild "b" { inherits = [template.t0] }'
    (one,) = told("\n".join((*templates, last)))
    assert one.summary == "Nested too deeply"
    functions = [function(f"f{n}", f"f{n + 1}()") for n in range(1000)]
    found = told("".join((*functions, function("f1000", "1"), "locals { a = f0() }")))
    assert found[0].summary == "Expression too deep"


def test_a_brace_on_the_last_line_of_a_block_is_one_mistake() -> None:
    _, problems = decode(
        SourceFile("x.hcl", "locals {\n  a = 1\n  b = 2 }\nlocals {\n  c = 3\n}\n")
    )
    assert [one.summary for one in problems] == ["Unexpected text"]
