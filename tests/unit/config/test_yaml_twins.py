"""Every HCL example in the documents and in examples/ has its twin in YAML, which means the same.

It is laid out by our formatter, and its twin is as the published schema says.

In a document the twin is the next block of code, before the next heading. HCL of others, such as
bake files, is written with a second word: ```hcl bake.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from yaml import safe_load

from envdplan.app.catalog import CATALOG
from envdplan.app.project import Modules
from envdplan.app.workflow import Loaded, Project, load
from envdplan.ground.diagnostics import Rejected
from envdplan.ground.source import SourceFile
from envdplan.language.configuration.modules import Read, Texts
from envdplan.language.functions import FUNCTIONS
from envdplan.language.syntax import decode
from envdplan.language.syntax.formatting import layout

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
EXAMPLES = sorted((ROOT / "examples").rglob("*envdplan.hcl"))
BLOCK = re.compile(r"^```(\w*)([^\n]*)\n(.*?)^```$|^(#+) ", re.DOTALL | re.MULTILINE)
NEEDED = """
variable "registry" { default = "r:5000" }
builder "ci" { type = "docker-container" }
context "team" {
  builder = builder.ci
  use     = true
}
"""
"""What fragments mention and do not declare."""


def fragments() -> Iterator[tuple[str, str, str | None]]:
    """Where each HCL block is, its text, and the text of its twin."""
    for page in PAGES:
        text = page.read_text()
        found = list(BLOCK.finditer(text))
        for one, following in zip(found, [*found[1:], None], strict=True):
            if one[1] == "hcl" and not one[2].strip():
                line = text.count("\n", 0, one.start()) + 1
                is_twin = following is not None and following[1] in ("yaml", "yml")
                where = f"{page.relative_to(ROOT)}:{line}"
                yield where, one[3], following[3] if following and is_twin else None


def rest(text: str) -> str:
    """The blocks of NEEDED that `text` does not declare itself."""
    document, problems = decode(SourceFile("f.hcl", text))
    assert not problems.items, [one.detail for one in problems]
    there = {(one.type, one.labels) for one in document.body.blocks}
    needed, _ = decode(SourceFile("needed.hcl", NEEDED))
    lines = NEEDED.splitlines()
    starts = [one.range.start.line - 1 for one in needed.body.blocks]
    ends = [*starts[1:], len(lines)]
    return "\n".join(
        "\n".join(lines[start:end])
        for one, start, end in zip(needed.body.blocks, starts, ends, strict=True)
        if (one.type, one.labels) not in there
    )


MODULE = """
variable "name" { default = "" }
variable "version" { default = "" }
output "ref" { value = "${var.name}:${var.version}" }
"""
"""What stands for every module."""


def module(source: str, directory: str) -> Texts:
    del directory
    return Texts(f"/m/{source}", (SourceFile("module.hcl", MODULE, "/m"),))


def loaded(*files: SourceFile, directory: str = "/p", modules: Read = module) -> Loaded:
    project = Project(files, directory, seed="s", started=0.0, modules=modules)
    try:
        return load(project, CATALOG, FUNCTIONS, "0.1.0")
    except Rejected as error:
        pytest.fail("\n".join(f"{one.range}: {one.detail}" for one in error.diagnostics))


def assert_same(one: Loaded, other: Loaded) -> None:
    assert one.desired == other.desired
    assert one.settings == other.settings
    assert one.variables == other.variables


FRAGMENTS = list(fragments())


def test_there_are_fragments() -> None:
    assert {where.partition(":")[0] for where, *_ in FRAGMENTS} >= {"README.md", "docs/language.md"}


@pytest.mark.parametrize(("where", "hcl", "yaml"), FRAGMENTS, ids=[one for one, *_ in FRAGMENTS])
def test_a_block_in_a_document_has_its_twin(where: str, hcl: str, yaml: str | None) -> None:
    assert yaml is not None, f"{where}: write the same in YAML behind it"
    needed = SourceFile("needed.hcl", rest(hcl), "/p")
    assert_same(
        loaded(SourceFile("f.hcl", hcl, "/p"), needed),
        loaded(SourceFile("f.yaml", yaml, "/p"), needed),
    )


@pytest.mark.parametrize("page", PAGES, ids=[str(one.relative_to(ROOT)) for one in PAGES])
def test_all_hcl_of_a_document_is_formatted(page: Path) -> None:
    blocks = [one[3] for one in BLOCK.finditer(page.read_text()) if one[1] == "hcl"]
    assert blocks == [layout(one) for one in blocks], "`envdplan fmt -` writes it otherwise"


@pytest.mark.parametrize("hcl", EXAMPLES, ids=str)
def test_an_example_is_formatted(hcl: Path) -> None:
    assert hcl.read_text() == layout(hcl.read_text())


YAML = [
    *((where, yaml) for where, _, yaml in FRAGMENTS if yaml),
    *(
        (str(one.relative_to(ROOT)), one.read_text())
        for one in (ROOT / "examples").rglob("*envdplan.yaml")
    ),
]


@pytest.mark.parametrize(("where", "text"), YAML, ids=[one for one, _ in YAML])
def test_yaml_of_documents_and_examples_is_as_the_published_schema(where: str, text: str) -> None:
    schema = json.loads((ROOT / "schemas" / "envdplan.schema.json").read_text())
    problems = list(Draft202012Validator(schema).iter_errors(safe_load(text)))
    assert problems == [], where


@pytest.mark.parametrize(
    "hcl", EXAMPLES, ids=[str(one.parent.relative_to(ROOT)) for one in EXAMPLES]
)
def test_an_example_has_its_twin(hcl: Path) -> None:
    twin = hcl.parent / "yaml" / hcl.with_suffix(".yaml").name
    assert twin.exists(), f"{hcl.relative_to(ROOT)}: write the same in YAML in {twin.parent.name}/"
    assert_same(loaded_example(hcl), loaded_example(twin))


def loaded_example(path: Path) -> Loaded:
    folder = path.parent
    file = SourceFile(path.name, path.read_text(), str(folder))
    return loaded(file, directory=str(folder), modules=Modules(folder))
