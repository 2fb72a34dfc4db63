"""The house keeps its shape: layers, published schemas, and small rooms."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
GENERATED = "_pb2"


def test_imports_only_go_down() -> None:
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_published_schemas_are_current() -> None:
    done = subprocess.run(
        [sys.executable, "scripts/assemble_schemas.py", "--check"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_reference_is_current() -> None:
    sys.path.insert(0, str(ROOT))
    from scripts.write_reference import PATH, text

    assert PATH.read_text() == text()


def test_files_stay_small() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in (ROOT / "envdplan").rglob("*.py")
        if GENERATED not in path.name and (count := len(path.read_text().splitlines())) > 430
    }
    assert long == {}
