"""Whoever calls the world has a log: no client is forgotten."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2] / "envdplan"
CALLS = re.compile(
    r"subprocess\.(run|Popen)\(|create_websocket\(|\.request\(\n|\.unary_unary\(|read_head\("
)
TESTING = ROOT / "testing"
READERS = {"http1.py"}
"""They define what others call."""


def test_each_module_that_calls_the_world_has_a_log() -> None:
    found = {
        path: path.read_text()
        for path in ROOT.rglob("*.py")
        if not path.is_relative_to(TESTING) and path.name not in READERS
    }
    calling = {str(path.relative_to(ROOT)) for path, text in found.items() if CALLS.search(text)}
    logging = {str(path.relative_to(ROOT)) for path, text in found.items() if " = Log(" in text}
    assert len(calling) > 10
    assert calling - logging == set()
