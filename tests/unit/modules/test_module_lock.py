"""The lock file, and the index of what is installed."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from envdplan.ground.diagnostics import CorruptFile, EnvdplanError
from envdplan.modules import index, lockfile
from envdplan.modules.index import Package, folder_name
from envdplan.modules.lockfile import Locked, decode, encode
from envdplan.modules.source import Archive, Git

SUM = "h1:" + "A" * 43 + "="
COMMIT = "ab" * 20
LOCK = {
    "https://h.io/m.zip": Locked(SUM),
    "git::https://h.io/r?ref=v1": Locked(SUM, COMMIT),
}

TEXT = f"""\
# Written by `envdplan init`: commit it, and do not edit it. It holds what each module was, so
# that everybody gets the same. `envdplan init -upgrade` takes what the sources offer now.

version = 1

module "git::https://h.io/r?ref=v1" {{
  commit   = "{COMMIT}"
  checksum = "{SUM}"
}}

module "https://h.io/m.zip" {{
  checksum = "{SUM}"
}}
"""


def test_a_lock_file_is_sorted_text_with_a_comment() -> None:
    assert encode(LOCK).decode() == TEXT
    assert encode(dict(reversed(LOCK.items()))).decode() == TEXT
    assert decode(TEXT.encode(), "envdplan.lock") == LOCK


@given(
    st.text(
        st.characters(
            min_codepoint=32,
            exclude_characters="\x7f\x85\u2028\u2029",
            exclude_categories=["Cs", "Cc"],
        ),
        min_size=1,
    )
)
def test_every_source_comes_back(key: str) -> None:
    lock = {key: Locked(SUM)}
    assert decode(encode(lock), "x") == lock


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "it has no version"),
        ("version = true", "it has no version"),
        ("version = 1\nmodule {", "at envdplan.lock:2"),
        ("version = 1\nmodule {\n}\n", "unknown"),
        ('version = 1\nprovider "a" {\n}\n', '"provider" block'),
        ('version = 1\nmodule "a" {\n}\n', "no proper checksum"),
        ('version = 1\nmodule "a" {\n  checksum = "md5:1"\n}\n', "no proper checksum"),
        (
            f'version = 1\nmodule "a" {{\n  checksum = "{SUM}"\n  commit = "-x"\n}}\n',
            "no proper commit",
        ),
        ("<<<<<<< HEAD\nversion = 1\n", "at envdplan.lock:1"),
        (b"\xff\xfe", "it is not text"),
    ],
)
def test_a_broken_lock_file_says_how_to_mend_it(text: str | bytes, words: str) -> None:
    data = text if isinstance(text, bytes) else text.encode()
    with pytest.raises(CorruptFile) as caught:
        decode(data, "envdplan.lock")
    assert words in caught.value.detail
    assert "git checkout envdplan.lock" in caught.value.detail


def test_a_lock_file_of_a_newer_envdplan_is_left_alone() -> None:
    with pytest.raises(CorruptFile, match="newer envdplan"):
        decode(b'version = 2\nmodule "a" {\n  tree = "x"\n}\n', "envdplan.lock")


def test_a_lock_file_comes_and_goes_with_its_packages(tmp_path: Path) -> None:
    assert lockfile.read(tmp_path) == {}
    lockfile.write(tmp_path, LOCK)
    assert lockfile.read(tmp_path) == LOCK
    assert [one.name for one in tmp_path.iterdir()] == ["envdplan.lock"]
    lockfile.write(tmp_path, {})
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(EnvdplanError):
        lockfile.write(tmp_path / "nowhere", LOCK)


def test_an_index_that_cannot_be_read_is_as_good_as_none(tmp_path: Path) -> None:
    packages = {"k": Package("r-1", SUM, COMMIT), "m": Package("m-2", SUM)}
    index.write(tmp_path, packages)
    assert index.read(tmp_path) == packages
    good = (tmp_path / "modules.json").read_text()
    for bad in ("", "[]", "{}", good.replace("r-1", "../r"), good.replace(": 1,", ": 2,")):
        (tmp_path / "modules.json").write_text(bad)
        assert index.read(tmp_path) == {}


def test_a_folder_is_named_for_its_source_and_content() -> None:
    names = [
        folder_name(Git("https://h.io/o/my.repo.git", ref="v1"), "h1:a"),
        folder_name(Git("https://h.io/o/my.repo.git", ref="v1"), "h1:b"),
        folder_name(Git("https://h.io/o/my.repo.git", ref="v2"), "h1:a"),
        folder_name(Archive("https://h.io/../?x"), "h1:a"),
    ]
    assert len(set(names)) == 4
    assert names[0].startswith("my-repo-")
    assert names[3].startswith("module-")
    assert folder_name(Archive("https://h.io/caches-1.4.tar.gz"), "h1:a").startswith("caches-1-4-")
