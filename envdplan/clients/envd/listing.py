"""Contexts as `envd context ls` prints them: its table, and its JSON (envd 1.3.6)."""

import json
import unicodedata
from collections.abc import Sequence

from envdplan.clients.envd.contexts import Context, ContextSet, shown

_HEADER = ("CONTEXT", "BUILDER", "BUILDER ADDR", "RUNNER", "RUNNER ADDR")


def as_table(contexts: ContextSet) -> str:
    """The table of envd: columns as wide as their widest cell, a space on either side of each.

    Characters that could command a terminal are shown as escapes, where envd prints them.
    """
    rows = [_HEADER, *(_row(one, contexts.current) for one in contexts.contexts)]
    cells = [[shown(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    return "".join(_line(row, widths) for row in cells)


def as_json(contexts: ContextSet) -> str:
    """The JSON of envd: one line, a list of objects; what is not Unicode becomes U+FFFD."""
    items = [_item(one, contexts.current) for one in contexts.contexts]
    text = json.dumps(items, ensure_ascii=False, separators=(",", ":"))
    # Go escapes these two, which JavaScript once could not read.
    return _unicode(text).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029") + "\n"


def _row(context: Context, current: str) -> tuple[str, ...]:
    return (
        f"{context.name} (current)" if context.name == current else context.name,
        context.builder,
        _address(context),
        context.runner,
        context.runner_address or "",
    )


def _item(context: Context, current: str) -> dict[str, str | bool]:
    runner = {"runner_addr": context.runner_address} if context.runner_address else {}
    return {
        "context": context.name,
        "builder": context.builder,
        "builder_addr": _address(context),
        "runner": context.runner,
        **runner,
        "current": context.name == current,
    }


def _address(context: Context) -> str:
    return f"{context.builder}://{context.builder_address}"


def _unicode(text: str) -> str:
    return "".join("\ufffd" if unicodedata.category(char) == "Cs" else char for char in text)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = (cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True))
    return " " + "  ".join(cells) + " \n"


def _width(text: str) -> int:
    """Columns of a terminal: two for East Asian wide characters, none for combining ones."""
    return sum(_columns(char) for char in text)


def _columns(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1
