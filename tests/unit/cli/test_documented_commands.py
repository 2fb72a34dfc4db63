"""Every command in the README and the docs is one that the program takes."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.exceptions import TyperException
from typer.main import get_command

from envdplan.cli.app import app
from envdplan.cli.spelling import as_here

ROOT = Path(__file__).parents[3]
PAGES = [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
CONSOLE = re.compile(r"^```console\n(.*?)^```", re.DOTALL | re.MULTILINE)
INLINE = re.compile(r"`(envdplan [^`\n]+)`")
GRAMMAR = re.compile(r"[|\[{…]| \.\.\.")
"""What speaks of several commands, or of a part of one."""


def commands(page: Path) -> Iterator[str]:
    text = page.read_text()
    for block in CONSOLE.findall(text):
        for line in block.splitlines():
            if line.startswith("$ envdplan "):
                yield line.removeprefix("$ ").partition(" # ")[0].strip()
    yield from (one for one in INLINE.findall(text) if not GRAMMAR.search(one))


def check(command: str) -> None:
    """Takes the command line apart as the program does, and runs nothing of it."""
    current: Any = get_command(app)
    arguments = as_here(shlex.split(command)[1:])
    while True:
        context = current.make_context(current.name, list(arguments), resilient_parsing=True)
        context.resilient_parsing = False  # what is wrong is to be raised
        values, rest, _ = current.make_parser(context).parse_args(list(arguments))
        missing = [one.name for one in current.params if one.required and one.name not in values]
        assert not missing, f"{command} lacks {missing}"
        if not hasattr(current, "resolve_command"):
            assert not rest, f"{command}: {rest} is too much"
            return
        if not rest:
            return
        _, current, arguments = current.resolve_command(context, rest)
        assert current is not None, f"{command}: there is no {rest[0]}"


ALL = [(page, one) for page in PAGES for one in dict.fromkeys(commands(page))]


@pytest.mark.parametrize(("page", "command"), ALL, ids=lambda one: getattr(one, "name", one))
def test_it_is_taken(page: Path, command: str) -> None:
    check(command)


def test_commands_are_found_and_a_wrong_one_is_refused() -> None:
    assert len(ALL) > 30
    for wrong in ("context use team", "context use --name team --now", "pln"):
        with pytest.raises((AssertionError, TyperException)):
            check(f"envdplan {wrong}")
