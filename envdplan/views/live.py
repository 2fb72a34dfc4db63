"""One moving line for each running change, on a terminal; rich draws them."""

import time
from typing import TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

_PER_SECOND = 8
_FRAMES = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"


class LiveLines:
    """Lines by name; what is printed goes above them."""

    def __init__(self, out: TextIO, *, color: bool) -> None:
        self._console = Console(file=out, no_color=not color, highlight=False, force_terminal=True)
        self._started: dict[str, float] = {}
        self._words: dict[str, tuple[str, str, str]] = {}
        self._live = Live(
            get_renderable=self._table,
            console=self._console,
            refresh_per_second=_PER_SECOND,
            transient=True,
        )
        self._live.start()

    def add(self, name: str, verb: str) -> None:
        """A change has begun."""
        self._started[name] = time.monotonic()
        self._words[name] = (verb, "", "")

    def update(self, name: str, words: str, counts: str) -> None:
        """What it does just now."""
        if name in self._words:
            verb, former, _ = self._words[name]
            self._words[name] = (verb, words or former, counts)

    def remove(self, name: str) -> None:
        """It has ended."""
        self._started.pop(name, None)
        self._words.pop(name, None)

    def print(self, text: str) -> None:
        """Print above the lines."""
        self._console.print(Text.from_ansi(text.rstrip("\n")), soft_wrap=True)

    def stop(self) -> None:
        """Take the lines away."""
        self._live.stop()

    def _table(self) -> Table:
        table = Table.grid(padding=(0, 1), expand=True)
        table.add_column(width=1)
        table.add_column(no_wrap=True, overflow="ellipsis")
        table.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
        table.add_column(justify="right", no_wrap=True)
        now = time.monotonic()
        frame = _FRAMES[int(now * _PER_SECOND) % len(_FRAMES)]
        for name, (verb, words, counts) in list(self._words.items()):
            seconds = f"{now - self._started.get(name, now):.1f}s"
            doing = Text(f"{verb} {words}".strip(), style="dim")
            right = Text(f"{counts}  {seconds}".strip(), style="cyan")
            table.add_row(Text(frame, style="cyan"), Text(name, style="bold"), doing, right)
        return table
