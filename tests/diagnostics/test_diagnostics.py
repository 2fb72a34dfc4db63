"""Wrong configurations and the exact words about each: cases/NAME.hcl and cases/NAME.txt.

`python tests/diagnostics/test_diagnostics.py` writes the texts anew; read the difference well.
"""

import io
import sys
from pathlib import Path

import pytest

from envdplan.app.catalog import CATALOG
from envdplan.app.workflow import Project, load
from envdplan.ground.diagnostics import Rejected
from envdplan.ground.source import SourceFile
from envdplan.language.functions import FUNCTIONS
from envdplan.views.human import HumanView

CASES = Path(__file__).parent / "cases"
FILES = sorted((*CASES.glob("*.hcl"), *CASES.glob("*.yaml")))


def said(path: Path) -> str:
    """What a user sees of a configuration."""
    name = f"envdplan{path.suffix}"
    project = Project((SourceFile(name, path.read_text(), "/project"),), "/project")
    try:
        load(project, CATALOG, FUNCTIONS, "0.1.0")
    except Rejected as error:
        err = io.StringIO()
        view = HumanView(io.StringIO(), err, CATALOG.hidden, color=False, tty=False, width=100)
        view.diagnostics(error.diagnostics)
        return err.getvalue()
    return "nothing is wrong with it\n"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_wrong_configuration_gets_its_exact_message(path: Path) -> None:
    assert said(path) == path.with_suffix(".txt").read_text()


def test_there_are_many_cases() -> None:
    assert len(FILES) >= 120


def test_every_case_is_wrong() -> None:
    texts = {path.stem: path.with_suffix(".txt").read_text() for path in FILES}
    assert [name for name, text in texts.items() if not text.startswith("Error: ")] == []


if __name__ == "__main__":
    for one in FILES:
        one.with_suffix(".txt").write_text(said(one))
    sys.stdout.write(f"{len(FILES)} texts\n")
