"""The house keeps its shape: layers, published schemas, and small rooms."""

import ast
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


def test_the_rules_of_attributes_are_current() -> None:
    """A rule that comes or goes changes the page, so that a reviewer sees it."""
    sys.path.insert(0, str(ROOT))
    from scripts.write_attributes import PATH, text

    assert PATH.read_text() == text()


def test_files_stay_small() -> None:
    long = {
        str(path.relative_to(ROOT)): count
        for path in (ROOT / "envdplan").rglob("*.py")
        if GENERATED not in path.name and (count := len(path.read_text().splitlines())) > 430
    }
    assert long == {}


def test_no_test_starts_a_process_that_may_be_left() -> None:
    """By tests.children, which ends all when a test ends, or in a `with`."""
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in (ROOT / "tests").rglob("*.py")
        if path.name != "children.py"
        for line in _unguarded(ast.parse(path.read_text()))
    }
    assert found == set()


def _unguarded(tree: ast.AST) -> set[int]:
    nodes = list(ast.walk(tree))
    guarded = {
        one.context_expr for node in nodes if isinstance(node, ast.With) for one in node.items
    }
    return {
        node.lineno
        for node in nodes
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "Popen"
        and node not in guarded
    }
