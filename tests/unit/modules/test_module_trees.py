"""What may be written of a package, and the checksum of what was."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from envdplan.ground.diagnostics import EnvdplanError, Refused
from envdplan.modules.tree import Limits, Tree
from envdplan.modules.treesum import tree_checksum


def test_files_folders_and_links_are_written(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.folder("./empty/")
    tree.folder("empty")
    tree.file("a/b.txt", [b"x", b"y"])
    tree.file("run", [b"#!"], executable=True)
    tree.copy("hard", "a/b.txt", executable=False)
    tree.link("a/up", "../run")
    tree.finish()
    assert (tmp_path / "empty").is_dir()
    assert (tmp_path / "hard").read_bytes() == (tmp_path / "a/b.txt").read_bytes() == b"xy"
    assert (tmp_path / "a/up").read_bytes() == b"#!"
    assert os.access(tmp_path / "run", os.X_OK)
    assert not os.access(tmp_path / "a/b.txt", os.X_OK)


def test_the_inside_of_a_repository_is_left_out(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.file(".git/config", [b"[core] fsmonitor = x"])
    tree.file("a/.GIT/hooks/post-checkout", [b"x"])
    tree.link("b/.git", "../a")
    tree.finish()
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/etc/x", "a\\..\\x", "x\0y", "a/" * 65 + "x", "n" * 256, "."]
)
def test_a_file_that_leads_elsewhere_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(Refused, match="Unsafe module"):
        Tree(tmp_path / "root").file(path, [b"x"])
    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("target", ["/etc/passwd", "../outside", "a/../../outside", ""])
def test_a_link_that_leads_out_is_refused(tmp_path: Path, target: str) -> None:
    root = tmp_path / "root"
    root.mkdir()
    with pytest.raises(Refused, match="leads out of it"):
        linked(root, "link", target)


def linked(root: Path, path: str, target: str) -> None:
    tree = Tree(root)
    tree.folder("a")
    tree.link(path, target)
    tree.finish()


def test_links_are_followed_to_see_where_they_lead(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    tree = Tree(root)
    tree.folder("a/b")
    tree.link("a/b/up", "../..")  # the root itself: still inside
    tree.link("x", "a/b/up/../secret")  # read as text it is a/b/secret
    with pytest.raises(Refused, match='the link "x"'):
        tree.finish()


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    tree = Tree(root)
    tree.link("d", "../outside")
    tree.file("d/x", [b"x"])
    with pytest.raises(Refused):
        tree.finish()
    assert list(outside.iterdir()) == []
    nested = Tree(root)
    nested.folder("a")
    nested.link("l", "a")
    nested.link("l/m", "a")
    with pytest.raises(Refused):
        nested.finish()


def test_one_name_stands_for_one_thing(tmp_path: Path) -> None:
    tree = Tree(tmp_path)
    tree.file("a", [b"1"])
    with pytest.raises(Refused, match="twice"):
        tree.file("a", [b"2"])
    with pytest.raises(Refused, match="twice"):
        tree.folder("a")
    with pytest.raises(Refused, match="twice"):
        tree.file("a/b", [b"2"])
    tree.link("l", "a")
    with pytest.raises(Refused, match="twice"):
        tree.link("l", "a")
    tree.link("a", "l")
    with pytest.raises(Refused, match="twice"):
        tree.finish()
    assert (tmp_path / "a").read_bytes() == b"1"


def test_a_hard_link_means_a_file_that_came_before(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    (tmp_path / "secret").write_text("s")
    tree = Tree(root)
    tree.folder("d")
    for of in ("../secret", "missing", "d", str(tmp_path / "secret")):
        with pytest.raises(Refused):
            tree.copy("copy", of, executable=False)
    assert not (root / "copy").exists()


def test_limits_hold_for_members_and_bytes(tmp_path: Path) -> None:
    tree = Tree(tmp_path, Limits(members=3, size=10))
    tree.file("a", [b"12345", b"12345"])
    with pytest.raises(Refused, match="more than 10 bytes"):
        tree.file("b", [b"1"])
    tree.folder("c")
    with pytest.raises(Refused, match="more than 3 files"):
        tree.folder("d")


def test_a_disk_that_takes_nothing_is_told_as_such(tmp_path: Path) -> None:
    root = tmp_path / "gone"
    with pytest.raises(EnvdplanError, match="Cannot write a module"):
        Tree(root).file("a", [b"x"])


def _tree(root: Path) -> Path:
    (root / "d").mkdir(parents=True)
    (root / "d/a").write_bytes(b"1")
    (root / "d-b").write_bytes(b"2")
    (root / "l").symlink_to("d/a")
    return root


def test_a_checksum_is_that_of_the_content(tmp_path: Path) -> None:
    one, other = _tree(tmp_path / "1"), _tree(tmp_path / "2")
    os.utime(other / "d/a", (1, 1))
    (other / "empty").mkdir()
    (other / "d-b").chmod(0o600)
    assert tree_checksum(one) == tree_checksum(other)
    # found by the description in docs/modules.md, with sha256sum and base64
    assert tree_checksum(one) == "h1:e6/NFetNKuU3XRczAlN1RsOwUTxOsRqOORUKMatjihw="


def _as_file(root: Path) -> None:
    (root / "l").unlink()
    (root / "l").write_bytes(b"d/a")


def _elsewhere(root: Path) -> None:
    (root / "l").unlink()
    (root / "l").symlink_to("d/b")


CHANGES: list[Callable[[Path], object]] = [
    lambda root: (root / "d/a").write_bytes(b"3"),
    lambda root: (root / "d/a").chmod(0o755),
    lambda root: (root / "d/a").rename(root / "d/b"),
    lambda root: (root / "l").unlink(),
    _as_file,
    _elsewhere,
]


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_counts_changes_the_checksum(
    tmp_path: Path, change: Callable[[Path], object]
) -> None:
    root = _tree(tmp_path / "1")
    before = tree_checksum(root)
    change(root)
    assert tree_checksum(root) != before


def test_a_folder_that_is_missing_has_no_checksum(tmp_path: Path) -> None:
    with pytest.raises(EnvdplanError, match="Cannot read a module"):
        tree_checksum(tmp_path / "nothing")
