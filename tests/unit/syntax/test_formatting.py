"""The canonical form of HCL: only blanks change, twice is once, and the meaning stays."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from envdplan.ground.diagnostics import EnvdplanError, Rejected
from envdplan.ground.source import SourceFile
from envdplan.language.syntax import formatting, hcl
from envdplan.language.syntax.document import Body
from envdplan.language.syntax.formatting import formatted
from envdplan.language.syntax.sameness import same
from envdplan.language.syntax.tokens import Kind, tokens
from tests.unit.syntax.hcl_texts import hcl_texts

ROOT = Path(__file__).parents[3]
CASES = sorted((ROOT / "tests" / "data" / "fmt").glob("*.before.hcl"))
TERRAFORM = shutil.which("terraform")
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def form(text: str) -> str:
    return formatted(SourceFile("envdplan.hcl", text))


def body(text: str) -> Body:
    document, problems = hcl.decode(SourceFile("envdplan.hcl", text))
    assert not problems.has_errors, [one.detail for one in problems.sorted()]
    return document.body


def bare(text: str) -> str:
    """Without blanks and line ends."""
    return re.sub(r"[ \t\r\n]", "", text)


def project_texts() -> Iterator[tuple[str, str]]:
    """Every HCL file and every block of HCL in a document of this project."""
    for folder in ("tests", "examples", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.hcl")):
            yield str(path.relative_to(ROOT)), path.read_bytes().decode()
    for path in (*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))):
        found = re.findall(r"^```hcl\n(.*?)^```$", path.read_text(), re.MULTILINE | re.DOTALL)
        yield from ((f"{path.relative_to(ROOT)}-{at}", text) for at, text in enumerate(found))


def is_valid(text: str) -> bool:
    return not hcl.decode(SourceFile("envdplan.hcl", text))[1].has_errors


TEXTS = dict(project_texts())
VALID = {name: text for name, text in TEXTS.items() if is_valid(text)}


@pytest.mark.parametrize("before", CASES, ids=lambda path: path.name.partition(".")[0])
def test_a_file_gets_its_canonical_form(before: Path) -> None:
    after = before.with_name(before.name.replace(".before.", ".after."))
    assert form(before.read_text()) == after.read_text()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", ""),
        ("\n\n", "\n\n"),
        (" \t", ""),
        ("a=1", "a = 1\n"),
        ("# x", "# x\n"),
        ("\ufeffa=1\n", "a = 1\n"),
        ("a=1\r\nbb=2 # x \r\n", "a  = 1\r\nbb = 2 # x\r\n"),
        ("a=1\r\nb=2", "a = 1\r\nb = 2\r\n"),
        ("a=1\r\nb=2\n", "a = 1\r\nb = 2\n"),
        ("a = <<EOT\r\n x \r\n EOT\r\nbb=1\r\n", "a  = <<EOT\r\n x \r\n EOT\r\nbb = 1\r\n"),
        ("a = <<EOT   \nx\nEOT  \n", "a = <<EOT\nx\nEOT\n"),
        ("a = <<EOT\nEOT", "a = <<EOT\nEOT\n"),
        ("a = x<<<EOT\nEOT\n", "a = x < <<EOT\nEOT\n"),
        ('é=1\naa="日本" # x\nb="e\u0301" # y\n', 'é  = 1\naa = "日本" # x\nb  = "e\u0301"  # y\n'),
        ('a="${ - 1}"\n', 'a = "${- 1}"\n'),
        ("a=[for x in(y):x if(x)]\n", "a = [for x in(y) : x if(x)]\n"),
        ('a="${<<EOT\n x\nEOT\n} y"\n', 'a = "${<<EOT\n x\nEOT\n} y"\n'),
        ('a="${f("${ b }")} $"\n', 'a = "${f("${b}")} $"\n'),
        ("a = f( # x\n1)\n", "a = f( # x\n1)\n"),
    ],
)
def test_small_texts_get_their_canonical_form(before: str, after: str) -> None:
    assert form(before) == after


def test_there_are_many_texts() -> None:
    assert len(VALID) >= 50
    assert len(TEXTS) - len(VALID) >= 10


@pytest.mark.parametrize("name", VALID)
def test_every_text_of_the_project_keeps_its_meaning_and_twice_is_once(name: str) -> None:
    text = VALID[name]
    once = form(text)
    assert form(once) == once
    assert same(body(text), body(once))
    assert bare(once) == bare(text)


@pytest.mark.parametrize("name", sorted(set(TEXTS) - set(VALID)))
def test_every_text_with_mistakes_is_rejected(name: str) -> None:
    with pytest.raises(Rejected):
        form(TEXTS[name])


@pytest.mark.parametrize("path", sorted((ROOT / "examples").rglob("*.hcl")), ids=str)
def test_the_examples_are_formatted(path: Path) -> None:
    assert form(path.read_text()) == path.read_text()


@settings(deadline=None, suppress_health_check=SLOW)
@given(hcl_texts())
def test_any_file_keeps_its_meaning_and_twice_is_once(text: str) -> None:
    meant = body(text)
    once = form(text)
    assert form(once) == once
    assert same(meant, body(once))
    assert bare(once) == bare(text)
    assert once.count("\n") == text.count("\n")


@settings(deadline=None, suppress_health_check=SLOW)
@given(hcl_texts())
def test_tokens_lose_nothing_but_blanks(text: str) -> None:
    found = list(tokens(text))
    assert bare("".join(one.text for one in found)) == bare(text)
    assert sum(one.nesting for one in found) == 0
    assert all(one.text for one in found)


def test_what_looks_like_a_bracket_in_text_and_comments_is_none() -> None:
    found = list(tokens('a = "{ ( $${ " # [\n/* ( */ b = <<E\n{ [\nE\n'))
    assert [one.text for one in found if one.nesting] == []
    assert [one.kind for one in found].count(Kind.TEXT) == 2


@pytest.mark.parametrize(
    "text",
    [
        f"a = {'[' * 90}{']' * 90}\n",
        f"a = {'-' * 90}1\n",
        f"a = {'+'.join('1' * 150)}\n",
        f"a = x{'.y' * 150}\n",
        'a = "' + '${f("' * 40 + '")}' * 40 + '"\n',
        "b {\n" * 90 + "}\n" * 90,
    ],
)
def test_deep_and_long_texts_are_formatted(text: str) -> None:
    once = form(text)
    assert form(once) == once
    assert bare(once) == bare(text)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("a = 1", "a = 2"),
        ("a = 1", "a = true"),
        ('a = "1"', "a = 1"),
        ("a = 1\nb = 2", "b = 2\na = 1"),
        ("a = [1, 2]", "a = [2, 1]"),
        ("a = [1]", "a = [1, 1]"),
        ("a = b-c", "a = b - c"),
        ("a = {b = 1}", "a = {(b) = 1}"),
        ("a {}", "b {}"),
        ('a "x" {}', 'a "y" {}'),
        ("a {}\nb {}", "b {}\na {}"),
        ("a { b = 1 }", "a { b = 2 }"),
        ('a = "x ${b}"', 'a = "x  ${b}"'),
    ],
)
def test_texts_that_mean_something_else_are_told_apart(one: str, other: str) -> None:
    assert not same(body(one), body(other))
    assert same(body(one), body(f"\n\n {one}\n"))


def test_a_form_that_means_something_else_is_never_given_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(formatting, "layout", lambda text: text.replace("1", "2"))
    with pytest.raises(EnvdplanError, match="would mean something else"):
        form("a = 1\n")


def test_a_form_that_cannot_be_read_is_our_mistake_and_not_the_users(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(formatting, "layout", lambda text: text + "}")
    with pytest.raises(EnvdplanError, match="would mean something else"):
        form("a = 1\n")


def terraform(folder: Path, texts: list[str]) -> list[str]:
    """What `terraform fmt` makes of files."""
    for at, text in enumerate(texts):
        (folder / f"{at}.tf").write_bytes(text.encode())
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "CHECKPOINT_DISABLE": "1"}
    command = [TERRAFORM or "", "fmt", "-list=false", "-no-color", str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return [(folder / f"{at}.tf").read_bytes().decode() for at in range(len(texts))]


def without_blanks_behind_comments(text: str) -> str:
    return re.sub(r"(//  yy|//y|# x)[ \t]+(?=\r?\n)", r"\1", text)


@pytest.mark.skipif(TERRAFORM is None, reason="needs terraform")
def test_terraform_gives_files_the_same_form(tmp_path: Path) -> None:
    texts: list[str] = []

    @settings(
        max_examples=300,
        deadline=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=SLOW,
    )
    @given(hcl_texts(as_terraform=True))
    def collect(text: str) -> None:
        texts.append(text)

    collect()
    for text, theirs in zip(texts, terraform(tmp_path, texts), strict=True):
        assert form(text) == without_blanks_behind_comments(theirs)


@pytest.mark.skipif(TERRAFORM is None, reason="needs terraform")
def test_terraform_gives_the_cases_the_same_form_but_for_our_own(tmp_path: Path) -> None:
    common = [path for path in CASES if not path.name.startswith("own-")]
    given_texts = [path.read_text() for path in common]
    assert [form(one) for one in given_texts] == terraform(tmp_path, given_texts)
