"""Which files count, in which order, and what is in them."""

import errno
import os
import socket
import time
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from envdplan.clients.buildkit.tree.digest import entries, file_digest
from envdplan.clients.buildkit.tree.ignore import parse_ignore
from envdplan.clients.buildkit.tree.patterns import compiled
from envdplan.clients.buildkit.tree.selection import selection
from envdplan.clients.buildkit.tree.statcache import StatCache
from envdplan.clients.buildkit.tree.walk import walk
from envdplan.ground.diagnostics import EnvdplanError


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("a", "a", True),
        ("a", "a/b/c", True),
        ("/a", "a", True),
        ("a/", "a", True),
        ("a", "b/a", False),
        ("*.txt", "a.txt", True),
        ("*.txt", "b/a.txt", False),
        ("**/*.txt", "a.txt", True),
        ("**/*.txt", "b/c/a.txt", True),
        ("a/**", "a/b/c", True),
        ("a/**/b", "a/b", True),
        ("a/**/b", "a/x/y/b", True),
        ("a?c", "abc", True),
        ("a?c", "a/c", False),
        ("[a-c]x", "bx", True),
        ("[^a-c]x", "bx", False),
        ("a.b", "axb", False),
        ("\\*", "*", True),
        ("\\*", "a", False),
        ("**", "any/thing", True),
        ("/!a", "!a", True),
        ("./a/../b", "b", True),
    ],
)
def test_a_pattern_fits_as_it_does_for_docker(pattern: str, path: str, fits: bool) -> None:
    assert compiled([pattern]).matches(path) is fits


def test_lines_end_at_newlines_only() -> None:
    patterns = parse_ignore("a\r\nb\x0cc\nd\u2028e")
    assert patterns.texts[:3] == ("a", "b\x0cc", "d\u2028e")


def test_the_last_pattern_that_fits_decides() -> None:
    patterns = parse_ignore("# comment\n*\n!keep\n\nkeep/not\n!keep/not/but\n")
    left = [
        path for path in ("x", "keep/a", "keep/not/x", "keep/not/but") if not patterns.matches(path)
    ]
    assert left == ["keep/a", "keep/not/but"]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.from_regex(r"!?[ab*?/]{1,6}", fullmatch=True), max_size=5),
    st.text(st.sampled_from("ab/"), min_size=1, max_size=8),
)
def test_merged_patterns_mean_the_same_as_one_after_the_other(lines: list[str], path: str) -> None:
    path = os.path.normpath(path).strip("/")
    expected = False
    for text in compiled(lines).texts:
        negative = text.startswith("!")
        if negative is expected and compiled([text.removeprefix("!")]).matches(path):
            expected = not negative
    top = "/" not in path  # below a folder, what its own result leaves open counts as well
    assert compiled(lines).matches(path) is expected or not top


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("a/b/c.txt", "a-c", "a.b", "z/keep/x", "z/drop", "empty/.keep", "é/ü"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "empty" / ".keep").unlink()
    (tmp_path / "out").symlink_to("/etc")
    (tmp_path / "loop").symlink_to(".")
    return tmp_path


def paths(root: Path, *ignored: str) -> list[str]:
    return [path for path, _ in walk(str(root), compiled(ignored))]


def test_folders_come_before_what_is_in_them_and_names_by_bytes(tree: Path) -> None:
    assert paths(tree) == [
        "a", "a/b", "a/b/c.txt", "a-c", "a.b", "empty", "loop", "out",
        "z", "z/drop", "z/keep", "z/keep/x", "é", "é/ü",
    ]  # fmt: skip


def test_an_exception_below_an_ignored_folder_brings_its_parents(tree: Path) -> None:
    assert paths(tree, "*", "!z/keep") == ["z", "z/keep", "z/keep/x"]


def denied(path: str) -> "os._ScandirIterator[str]":
    if path.endswith("z/keep"):
        raise PermissionError(errno.EACCES, "Permission denied", path)
    return SCANDIR(path)


SCANDIR = os.scandir


def test_folders_that_are_left_out_are_not_looked_into_without_need(
    tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "scandir", denied)
    assert paths(tree, "*", "!a/b") == ["a", "a/b", "a/b/c.txt"]
    assert paths(tree, "z/keep", "!z/drop", "!z/k*p.txt")[-3:-1] == ["z/drop", "é"]
    with pytest.raises(EnvdplanError, match=r"z/keep: Permission denied\. Make it readable, or"):
        paths(tree, "a")


@pytest.mark.parametrize("exception", ["!z/keep/x", "!**/x", "!z/*/x", "!*/keep/x"])
def test_an_exception_in_a_closed_folder_is_named_as_the_reason(
    tree: Path, monkeypatch: pytest.MonkeyPatch, exception: str
) -> None:
    monkeypatch.setattr(os, "scandir", denied)
    with pytest.raises(EnvdplanError, match=r"a line of \.dockerignore that begins with !"):
        paths(tree, "z", exception)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.from_regex(r"!?[abz*?/]{1,6}", fullmatch=True), max_size=5))
def test_what_is_not_looked_into_holds_nothing_that_counts(lines: list[str]) -> None:
    with TemporaryDirectory() as folder:
        for one in ("a/b/z", "a/a/a", "z/b/a", "b/bb/ab"):
            Path(folder, one).mkdir(parents=True)
            Path(folder, one, "ab").write_text("")
        excluded = compiled(lines)
        every = [path for path, _ in walk(folder)]
        wanted = {path for path in every if not excluded.matches(path)}
        shown = {path for path, _ in walk(folder, excluded)}
        parents = {path.rpartition("/")[0] for path in wanted}
        assert wanted <= shown
        assert all(
            one in wanted or any(f"{p}/".startswith(f"{one}/") for p in parents) for one in shown
        )


def test_sockets_are_left_out_and_links_not_followed(tree: Path, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        os.chdir(tmp_path)
        listener.bind("s")
        assert "s" not in paths(tree)
        assert not any(path.startswith(("out/", "loop/")) for path in paths(tree))


def test_an_unreadable_root_says_so() -> None:
    with pytest.raises(EnvdplanError, match="no such folder"):
        paths(Path("/no/such/folder"))


def test_what_a_builder_asks_for_is_resolved_inside_the_root(tree: Path) -> None:
    (tree / "link").symlink_to("a/b")
    included, enter = selection(str(tree), (), ("link/c.txt", "out/passwd", "../../etc"))
    found = [path for path, _ in walk(str(tree), None, included, enter)]
    assert found == ["a", "a/b", "a/b/c.txt", "link", "out"]
    included, enter = selection(str(tree), ("z/*",), ())
    assert [path for path, _ in walk(str(tree), None, included, enter)] == [
        "z", "z/drop", "z/keep", "z/keep/x",
    ]  # fmt: skip


def digests(root: Path, cache: StatCache | None = None) -> dict[str, tuple[str, str]]:
    return {path: (kind, digest) for kind, path, digest in entries(str(root), compiled(()), cache)}


def test_content_links_and_the_right_to_execute_count_and_times_do_not(tree: Path) -> None:
    before = digests(tree)
    assert before["empty"] == ("dir", "empty")
    assert before["out"][0] == "link"
    os.utime(tree / "a-c", (1, 1))
    (tree / "a.b").chmod(0o664)
    assert digests(tree) == before
    (tree / "a.b").chmod(0o755)
    (tree / "a-c").write_text("else")
    now = digests(tree)
    assert {path for path in now if now[path] != before[path]} == {"a.b", "a-c"}


def test_the_cache_answers_only_for_files_that_are_surely_the_same(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    old, fresh = root / "old", root / "fresh"
    old.write_text("old")
    os.utime(old, (time.time() - 60, time.time() - 60))
    fresh.write_text("fresh")
    cache = StatCache(tmp_path / "cache", str(root))
    cache.put("old", old.stat(), "known", time.time_ns() + 10**12)
    cache.put("fresh", fresh.stat(), "racy", time.time_ns())
    cache.save()
    again = StatCache(tmp_path / "cache", str(root))
    assert again.get("old", old.stat()) == "known"
    assert again.get("fresh", fresh.stat()) is None
    old.write_text("new")
    assert again.get("old", old.stat()) is None


@pytest.mark.parametrize(
    "content", ["", "[]", '{"version": 2, "root": "x", "files": {"a": 1}}', "x"]
)
def test_a_broken_cache_counts_as_empty(tmp_path: Path, content: str) -> None:
    name = f"{sha256(b'/root').hexdigest()[:32]}.json"
    (tmp_path / name).write_text(content)
    assert StatCache(tmp_path, "/root").get("a", tmp_path.stat()) is None


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(EnvdplanError, match="nothing-here"):
        file_digest(str(tmp_path / "nothing-here"))
