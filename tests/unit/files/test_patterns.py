"""Patterns of paths: moby's meaning, in linear time."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envdplan.clients.buildkit.tree import patterns
from envdplan.clients.buildkit.tree.ignore import parse_ignore
from envdplan.clients.buildkit.tree.patterns import compiled, single
from envdplan.clients.buildkit.tree.selection import selection
from envdplan.clients.buildkit.tree.walk import walk
from envdplan.ground.diagnostics import EnvdplanError
from tests.integration.ignorefiles import make_tree

STORED = json.loads((Path(__file__).parents[2] / "data" / "ignore" / "answers.json").read_text())


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("tree")
    make_tree(root)
    return root


@pytest.mark.parametrize("case", STORED, ids=lambda case: case["ignore"])
def test_an_ignore_file_leaves_out_what_it_does_in_a_real_build(
    case: dict[str, object], tree: Path
) -> None:
    found = walk(str(tree), parse_ignore(str(case["ignore"])))
    assert sorted(path for path, _ in found) == case["kept"]


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("*a" * 200 + "b", "a" * 4000),
        ("**/" * 50 + "b", "a/" * 200 + "a"),
        ("**/a" * 200 + "/b", "a/" * 200 + "a"),
        ("a*" * 200 + "b", "a" * 4000),
        ("**/*" * 100 + "b", "a/" * 200 + "a"),
        ("?*" * 200 + "[b]", "a" * 4000),
        ("*/" * 200 + "b*c", "a/" * 200 + "b"),
    ],
)
def test_no_pattern_takes_more_than_linear_time(pattern: str, path: str) -> None:
    assert not compiled([pattern]).matches(path)
    assert not compiled([f"!{pattern}", "x"]).matches(path)
    assert not single(pattern.replace("/", ""))(path.replace("/", ""))


def test_many_patterns_are_one_automaton() -> None:
    many = compiled(f"**/dir{at}/*name{at}*[.]txt" for at in range(2000))
    assert many.matches("src/dir77/xxname77yy.txt")
    assert not many.matches("src/dir77/xxname78yy.txt")


def test_patterns_with_wildcards_have_a_limit_and_paths_have_none(tmp_path: Path) -> None:
    many = 2 * patterns.MOST_WILDCARDS
    assert compiled(f"a/{at}" for at in range(many)).matches("a/7")
    with pytest.raises(EnvdplanError, match="Too many patterns"):
        compiled(f"*{at}" for at in range(many))
    assert selection(str(tmp_path), [f"a/{at}" for at in range(many)], ())[1]("a")
    with pytest.raises(EnvdplanError, match="Too many patterns"):
        selection(str(tmp_path), [f"*{at}" for at in range(many // 10)], ())


def test_what_would_take_too_much_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patterns, "_MOST_MEMORY", 100_000)
    with pytest.raises(EnvdplanError, match="Too many patterns"):
        compiled(f"*name{at}*[a-z]" for at in range(2000)).matches("a")


@pytest.mark.parametrize(
    "line", ["[", "a[", "[]", "[^]", "[-a]", "[a-]", "a\\", "!", "*[z-a]", "*{2}"]
)
def test_what_buildx_refuses_is_no_pattern(line: str) -> None:
    with pytest.raises(EnvdplanError, match="Invalid ignore pattern"):
        compiled([line])


@pytest.mark.parametrize("line", ["[[a]b", "[a&&b]", "[a||b]", "[a~~b]"])
def test_brackets_in_brackets_warn_of_nothing(line: str) -> None:
    assert compiled([f"{line}*"]).matches("abc")
    assert not compiled([f"{line}*"]).matches("zbc")


def test_bytes_that_are_no_utf8_are_one_character_each() -> None:
    name = b"a\xff\xfe".decode("utf-8", "surrogateescape")
    other = b"a\xff\xfd".decode("utf-8", "surrogateescape")
    fitting = [
        one for one in ("a??", "a?", "a*", "[^b]??", name, other) if compiled([one]).matches(name)
    ]
    assert fitting == ["a??", "a*", "[^b]??", name]


def test_a_line_end_in_a_name_is_a_character_that_stars_of_folders_do_not_pass() -> None:
    assert compiled(["a*b"]).matches("a\nb")
    assert not compiled(["?**"]).matches("a\nb")


@settings(max_examples=500, deadline=None)
@given(
    st.lists(st.text(st.sampled_from("ab*?/.$"), min_size=1, max_size=7), min_size=1, max_size=5),
    st.text(st.sampled_from("ab/.$\n"), min_size=1, max_size=8),
)
def test_the_quick_look_misses_nothing(lines: list[str], path: str) -> None:
    for pattern in compiled(lines).texts:
        if patterns._QUICK.fullmatch(pattern) and patterns._automaton(
            {0: patterns._expression(pattern)}
        )(path):
            assert re.compile(patterns._quick(pattern)).match(path)
