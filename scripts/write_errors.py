"""Writes docs/errors.md: every summary of docs/errors.toml, with what it means."""

import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[1] / "docs"
TABLE = DOCS / "errors.toml"
PATH = DOCS / "errors.md"


def table() -> Mapping[str, Mapping[str, Any]]:
    """The stages of the table; `rows` has meaning and example of each summary."""
    return tomllib.loads(TABLE.read_text())


def text() -> str:
    """The whole page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Errors and warnings"
    yield ""
    yield "Written by `python scripts/write_errors.py` from [errors.toml](errors.toml), which a"
    yield "test holds against the code. A message has a summary, which is the same for each mistake"
    yield "of a kind and is listed here, and a detail about the very case. `...` stands for what"
    yield "differs."
    for stage in table().values():
        yield f"\n## {stage['title']}\n"
        yield "| summary | what it means, and what to do | for example |"
        yield "|---|---|---|"
        for summary, (meaning, example) in sorted(stage["rows"].items(), key=_order):
            yield f"| {_cell(summary)} | {_cell(meaning)} | {_code(example)} |"


def _order(row: tuple[str, object]) -> str:
    return row[0].strip("-. ").lower()


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<<", "\\<\\<")


def _code(text: str) -> str:
    """Code where it is some; sentences as they are."""
    is_code = any(sign in text for sign in '={}[]()"$<') or text.startswith(("envdplan ", "--"))
    shown = text.replace("|", "\\|")
    return f"`` {shown} ``" if is_code else _cell(text)


if __name__ == "__main__":
    sys.stdout.write(f"{PATH}\n")
    PATH.write_text(text())
