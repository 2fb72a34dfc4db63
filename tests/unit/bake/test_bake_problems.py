"""Mistakes in bake files are told with a place, a reason and a suggestion."""

import pytest

from envdplan.dialects.bake import Request, read, resolve
from envdplan.dialects.bake.printed import printed
from envdplan.ground.source import Position, SourceFile, SourceRange
from envdplan.ground.values import AttributePath
from tests.unit.bake.reading import complaints, request

Places = dict[tuple[str, AttributePath], SourceRange]


@pytest.mark.parametrize(
    ("text", "place", "detail"),
    [
        (
            'target "default" {\n  tag = ["a"]\n}',
            (2, 3),
            'A target has no attribute "tag". Did you mean "tags"?',
        ),
        (
            'target "default" {\n  no_cache = true\n}',
            (2, 3),
            'A target has no attribute "no_cache". Did you mean "no-cache"?',
        ),
        (
            'variable "V" {\n  defualt = 1\n}',
            (2, 3),
            'A variable has no attribute "defualt". Did you mean "default"?',
        ),
        (
            'targt "x" {}',
            (1, 1),
            'A bake file has no blocks of type "targt". Did you mean "target"?',
        ),
        (
            'target "a" { inherits = ["bse"] }\ntarget "base" {}',
            (1, 26),
            'There is no target "bse" to inherit from. Did you mean "base"?',
        ),
        (
            'target "a" { contexts = { x = "target:bse" } }\ntarget "base" {}',
            (1, 31),
            'There is no target "bse" to take as a context. Did you mean "base"?',
        ),
        (
            'group "g" { targets = ["bse"] }\ntarget "base" {}',
            (1, 24),
            'There is no target or group "bse". Did you mean "base"?',
        ),
        (
            'target "a" { args = { x = VERSON } }\nvariable "VERSION" {}',
            (1, 27),
            'There is nothing called "VERSON" here. Did you mean "VERSION"?',
        ),
        (
            'target "a" { context = target.bse.context }\ntarget "base" {}',
            (1, 24),
            'There is nothing called "target.bse" here. Did you mean "target.base"?',
        ),
        (
            'target "a" { context = target.base.contxt }\ntarget "base" {}',
            (1, 24),
            (
                'There is nothing called "target.base.contxt" here. '
                'Did you mean "target.base.context"?'
            ),
        ),
        (
            "a = b\nb = a\n",
            (1, 1),
            "These values refer to each other: a -> b -> a.",
        ),
        (
            'target "a" { context = target.b.call }\ntarget "b" { call = target.a.context }',
            (1, 14),
            (
                "These attributes refer to each other: target.a.context -> target.b.call -> "
                "target.a.context."
            ),
        ),
        (
            'target "a" {\n  secret = ["id=a,path=x"]\n}',
            (2, 13),
            'This is not an entry for "secret": secrets have no "path", only id, src, env, type.',
        ),
        (
            'target "a" {\n  tags = ["a", ["b"]]\n}',
            (2, 16),
            'For "tags", a string is required, but this is a list.',
        ),
    ],
)
def test_a_mistake_has_place_and_suggestion(text: str, place: tuple[int, int], detail: str) -> None:
    first = complaints(text)[0]
    assert first.detail == detail
    assert first.range is not None
    assert first.range.start == place


def test_all_mistakes_are_told_at_once() -> None:
    text = """
variable "V" { defualt = 1 }
target "a" {
  tag     = []
  tags    = "x"
  context = NOPE
}
group "g" { targets = "x" }
"""
    found = [one.summary for one in complaints(text)]
    assert found == [
        "Unknown attribute",
        "Unknown attribute",
        "Wrong type",
        "Unknown name",
        "Wrong type",
    ]


def test_inheriting_from_each_other_is_a_warning() -> None:
    text = 'target "a" { inherits = ["b"] }\ntarget "b" { inherits = ["a"] }'
    found = complaints(text, targets=("a",))
    assert [(one.severity.value, one.summary) for one in found] == [
        ("warning", "Inheritance cycle")
    ]


def test_a_function_that_bake_has_is_never_called_and_told() -> None:
    found = complaints('function "upper" {\n  params = [a]\n  result = a\n}\ntarget "a" {}')
    assert [(one.severity.value, one.summary) for one in found] == [
        ("warning", "Function is built in")
    ]


@pytest.mark.parametrize(
    ("override", "detail"),
    [
        ("a.tgas=x", '--set a.tgas=x: there is no key "tgas". Did you mean "tags"?'),
        ("a.args=x", "--set a.args=x: args needs a name: args.NAME."),
        ("a.tags.b=x", "--set a.tags.b=x: tags takes no name."),
        ("b.tags=x", '--set b.tags=x: no target matches "b".'),
        ("tags=x", "--set tags=x: it must be TARGET.KEY=VALUE."),
        ("a.tags", "--set a.tags: it must be TARGET.KEY=VALUE."),
        ("a.pull=x", '--set a.pull=x: "x" is neither true nor false.'),
        ("[.tags=x", '--set [.tags=x: no target matches "[".'),
        ("a.output=type", None),
    ],
)
def test_a_bad_override_is_told_with_its_flag(override: str, detail: str | None) -> None:
    found = complaints('target "a" {}', overrides=(override,))
    if detail is None:
        assert found == []
    else:
        assert [one.detail for one in found] == [detail]


def test_variables_of_flags_are_stronger_than_the_environment() -> None:
    text = 'variable "V" { default = 1 }\ntarget "default" { args = { A = V } }'
    given = request(text, environment={"V": "2"}, variables=(("V", "3"), ("V", "4")))
    assert printed(resolve(given)[0])["target"]["default"]["args"] == {"A": "4"}


def test_a_flag_for_no_variable_is_a_mistake() -> None:
    found = complaints('variable "VERSION" {}', variables=(("VERSON", "1"), ("VERSION_JSON", "1")))
    assert [one.detail for one in found] == [
        '--var VERSON: the bake files have no variable "VERSON". Did you mean "VERSION"?'
    ]


def test_a_matrix_has_its_bounds() -> None:
    text = (
        'target "a" {\n  name = "a-${x}-${y}"\n  matrix = { x = range(1000), y = range(1000) }\n}'
    )
    assert [one.summary for one in complaints(text)] == ["Matrix too large"]


def test_parents_have_their_bounds() -> None:
    chain = (f'target "t{n}" {{ inherits = ["t{n + 1}"] }}' for n in range(2000))
    text = "\n".join((*chain, 'target "t2000" {}'))
    assert [one.summary for one in complaints(text, targets=("t0",))] == ["Nested too deeply"]


@pytest.mark.parametrize(
    ("pattern", "names"),
    [
        ("[a[]*", ["a1"]),
        ("?1", ["a1", "b1"]),
        ("[^a]1", ["b1"]),
        ("[a-b]1", ["a1", "b1"]),
        ("a\\1*", ["a1"]),
        ("[|&~]*", None),
        ("[b-a]1", None),
    ],
)
def test_patterns_of_targets(pattern: str, names: list[str] | None) -> None:
    text = 'target "a1" {}\ntarget "b1" {}'
    resolution, problems = resolve(request(text, targets=(pattern,)))
    assert problems.has_errors == (names is None)
    assert list(resolution.targets) == (names or [])


def test_compose_comes_first_and_can_be_overridden() -> None:
    compose = {
        "target": {"web": {"tags": ["web:1"], "args": {"A": "${1}"}}, "db": {"context": "db"}},
        "group": {"default": {"targets": ["web", "db"]}},
    }
    given = request('target "web" { tags = ["${target.web.args.A}:2"] }', compose=compose)
    found = printed(resolve(given)[0])
    assert found["group"]["default"]["targets"] == ["db", "web"]
    assert found["target"]["web"]["tags"] == ["${1}:2"]
    assert found["target"]["web"]["args"] == {"A": "$${1}"}
    assert found["target"]["db"]["context"] == "db"


def test_mistakes_in_compose_point_to_its_file() -> None:
    file = SourceFile("compose.yaml", "services: {}\n", "/src")
    given = Request((), "/src", compose={"target": {"a": {"tag": []}}}, compose_file=file)
    (one,) = read(given)[1]
    assert str(one.range) == "compose.yaml:1:1"


def test_values_of_compose_have_their_places() -> None:
    file = SourceFile("compose.yaml", "services:\n  a:\n", "/src")
    place = SourceRange(file, Position(2, 3), Position(2, 4))
    places: Places = {("a", ("tags", 1)): place}
    given = Request(
        (), "/src", compose={"target": {"a": {"tags": ["x", ["y"]]}}}, compose_places=places
    )
    assert [str(one.range) for one in read(given)[1]] == ["compose.yaml:2:3"]


def test_nothing_at_all_is_no_mistake() -> None:
    made, problems = read(request(""))
    assert (made.body.blocks, list(problems)) == ((), [])
