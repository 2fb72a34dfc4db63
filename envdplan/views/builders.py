"""Builders as a table, once or again and again."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from envdplan.views.style import safe

_UNITS = ("B", "kB", "MB", "GB", "TB")
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Line:
    """What is shown of a builder."""

    name: str
    type: str
    address: str
    status: str
    version: str = ""
    platforms: tuple[str, ...] = ()
    cache: int | None = None
    """Bytes."""
    builds: int | None = None
    """How many run now."""
    problem: str = ""

    def as_json(self) -> dict[str, object]:
        """The fields, with what is not known left out."""
        fields = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in fields.items() if value not in (None, "")}


_HEAD = ("BUILDER", "TYPE", "ADDRESS", "STATUS", "VERSION", "PLATFORMS", "CACHE", "BUILDS")


def table(lines: Sequence[Line]) -> str:
    """The lines below their titles, and problems below the table."""
    rows = [_HEAD, *(cells(one) for one in lines)]
    widths = [max(len(one[column]) for one in rows) for column in range(len(_HEAD))]
    shown = (
        "  ".join(f"{cell:<{width}}" for cell, width in zip(one, widths, strict=True)).rstrip()
        for one in rows
    )
    return "".join(f"{line}\n" for line in (*shown, *_problems(lines)))


def _problems(lines: Sequence[Line]) -> Iterator[str]:
    """Each once, with all whom it concerns."""
    names: dict[str, list[str]] = {}
    for one in lines:
        if one.problem:
            names.setdefault(one.problem, []).append(one.name)
    for problem, concerned in names.items():
        yield f"{safe(', '.join(concerned))}: {safe(problem)}"


def cells(one: Line) -> tuple[str, ...]:
    """The texts of one line."""
    platforms = ", ".join(one.platforms[:_SHOWN])
    if len(one.platforms) > _SHOWN:
        platforms += f", +{len(one.platforms) - _SHOWN}"
    cache = "" if one.cache is None else size(one.cache)
    builds = "" if one.builds is None else str(one.builds)
    texts = (one.name, one.type, one.address, one.status, one.version, platforms, cache, builds)
    return tuple(map(safe, texts))


def size(count: int) -> str:
    """Bytes in the largest unit that leaves a whole number before the point."""
    number = float(count)
    for unit in _UNITS:
        if number < 1000 or unit == _UNITS[-1]:  # noqa: PLR2004  units of a thousand
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return ""


def live(look: Callable[[], Sequence[Line]], every: float, *, color: bool) -> None:
    """The table, drawn anew every so many seconds until Ctrl-C; below each other where nothing
    can be drawn over.
    """
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    console = Console(no_color=not color, highlight=False)
    if not console.is_terminal:
        _below_each_other(look, every)
        return
    with Live(Text("looking ..."), console=console, auto_refresh=False) as screen:
        try:
            while True:
                screen.update(Text(table(look())), refresh=True)
                time.sleep(every)
        except KeyboardInterrupt:
            return


def _below_each_other(look: Callable[[], Sequence[Line]], every: float) -> None:
    try:
        while True:
            print(table(look()), flush=True)  # noqa: T201  what the command is for
            time.sleep(every)
    except KeyboardInterrupt:
        return
