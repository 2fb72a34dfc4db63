"""Every link from a page of the project to another one leads somewhere, headings too."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "scripts").rglob("*.md")]
CODE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


def links(page: Path) -> Iterator[str]:
    text = re.sub(r"`[^`\n]*`", "", CODE.sub("", page.read_text()))
    return (one for one in LINK.findall(text) if not re.match(r"[a-z]+:", one))


def anchors(page: Path) -> set[str]:
    """As GitHub makes them; a second heading of the same words gets a number."""
    found: dict[str, int] = {}
    for heading in HEADING.findall(CODE.sub("", page.read_text())):
        slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        found[slug] = found.get(slug, 0) + 1
    return {f"{one}-{n}" if n else one for one, times in found.items() for n in range(times)}


@pytest.mark.parametrize("page", PAGES, ids=lambda one: str(one.relative_to(ROOT)))
def test_links_lead_somewhere(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), f"{link} of {page.name} is not there"
        assert target.is_relative_to(ROOT), f"{link} of {page.name} leads out of the project"
        assert not anchor or anchor in anchors(target), f"{link} of {page.name} has no heading"


def test_links_are_found() -> None:
    assert "docs/bake.md#first-steps-with-bake" in set(links(ROOT / "README.md"))


def test_every_page_of_the_documents_is_linked_from_another() -> None:
    linked = {
        (page.parent / link.partition("#")[0]).resolve() for page in PAGES for link in links(page)
    }
    pages = set((ROOT / "docs").glob("*.md"))
    assert {one.name for one in pages - linked} == set()
