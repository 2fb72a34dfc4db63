"""docs/seed.md names tests and examples that are there."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_row_names_what_shows_it() -> None:
    text = (ROOT / "docs" / "seed.md").read_text()
    rows = [line for line in text.splitlines() if re.match(r"\| A\d+ ", line)]
    assert len(rows) == 14
    names = {path.name for path in (ROOT / "tests").rglob("test_*.py")}
    for row in rows:
        shown = re.findall(r"`([^`]+)`", row.rsplit("|", 2)[1])
        assert shown, row
        for one in shown:
            assert one in names or (ROOT / one).exists(), one
