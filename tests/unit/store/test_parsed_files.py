"""Parsed files: kept by content, sealed, and never trusted."""

import pickle
from pathlib import Path

import pytest

from envdplan.ground.source import SourceFile
from envdplan.language.syntax import decode
from envdplan.language.syntax.document import Document
from envdplan.store import parsed
from envdplan.store.parsed import SMALLEST, ParsedFiles
from envdplan.store.pickled import pack, restore

HCL = """
locals { a = 1.5 }
build "x" {
  tags = ["${local.a}:1", for_each != null ? "a" : "b"]
  args = { for k, v in local.m : k => v... if v != 2 }
  output {
    type = "tar"
  }
}
"""
YAML = "build:\n  x: {tags: ['${local.a}:1'], args: {A: 1.5, B: null}}\n"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ParsedFiles:
    monkeypatch.setattr(parsed, "SMALLEST", 1)
    return ParsedFiles(tmp_path / "cache", tmp_path / "home" / "key", "1")


def source(text: str = HCL, name: str = "envdplan.hcl") -> SourceFile:
    return SourceFile(name, text, "/p")


def refuse(file: SourceFile) -> tuple[Document, object]:
    raise AssertionError(f"{file.name} was parsed")


@pytest.mark.parametrize(("text", "name"), [(HCL, "a.hcl"), (YAML, "a.yaml")])
def test_a_document_comes_back_as_it_was(text: str, name: str) -> None:
    file = source(text, name)
    document, _ = decode(file)
    assert restore(pack(document), file) == document.body


def test_an_unchanged_file_is_not_parsed_twice(
    files: ParsedFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = files.decode(source())
    monkeypatch.setattr(parsed, "decode", refuse)
    again = ParsedFiles(files.folder, files.key_file, "1")
    assert again.decode(source())[0] == first
    moved, _ = again.decode(SourceFile("other.hcl", HCL, "/q"))
    assert moved.body.blocks[0].range.file.directory == "/q"
    for other in (source(HCL + " "), source(HCL, "a.yaml")):
        with pytest.raises(AssertionError):
            again.decode(other)
    with pytest.raises(AssertionError):
        ParsedFiles(files.folder, files.key_file, "2").decode(source())


def test_what_others_wrote_is_parsed_anew(files: ParsedFiles, tmp_path: Path) -> None:
    evil, _ = decode(source('build "evil" { tags = ["evil:1"] }'))
    expected, _ = files.decode(source())
    kept = next(files.folder.iterdir())
    sealed = kept.read_bytes()
    stranger = ParsedFiles(files.folder, tmp_path / "elsewhere", "1")
    for data in (b"", b"x", sealed[:-1], sealed[:32] + pack(evil), bytes(32) + sealed[32:]):
        kept.write_bytes(data)
        assert files.decode(source())[0] == expected
    kept.write_bytes(sealed)
    assert stranger.decode(source())[0] == expected
    assert files.decode(source())[0] == expected


@pytest.mark.parametrize(
    "data",
    [
        b"cbuiltins\nexec\n(S'raise SystemExit(1)'\ntR.",
        pickle.dumps(Path("/")),
        pickle.dumps({"a": 1}),
    ],
)
def test_nothing_but_documents_comes_out_of_bytes(data: bytes) -> None:
    assert restore(data, source()) is None


def test_mistakes_are_told_every_time(files: ParsedFiles) -> None:
    for _ in range(2):
        _, problems = files.decode(source("build {"))
        assert problems.has_errors
    assert not files.folder.exists()


def test_small_files_and_homeless_users_need_no_cache(tmp_path: Path) -> None:
    small = ParsedFiles(tmp_path / "a", tmp_path / "key", "1")
    small.decode(source())
    homeless = ParsedFiles(tmp_path / "b", None, "1")
    homeless.decode(source(HCL + "#" * SMALLEST))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_written_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    files = ParsedFiles(tmp_path / "cache", tmp_path / "key", "1")
    document, problems = files.decode(source(HCL + "#" * SMALLEST))
    assert not problems
    assert document.body.blocks


def test_only_so_many_are_kept(files: ParsedFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parsed, "_MOST", 2)
    for number in range(4):
        files.decode(source(f"locals {{ a = {number} }}"))
    assert len(list(files.folder.iterdir())) == 2
