"""How things look: one module for each view, and one row here."""

from collections.abc import Mapping
from typing import Final, Protocol, TextIO

from envdplan.views.base import HiddenNames, View


class Factory(Protocol):
    """Makes a view that writes to two streams."""

    def __call__(
        self, out: TextIO, err: TextIO, hidden: HiddenNames, *, color: bool, tty: bool, width: int
    ) -> View:
        """`color` and `tty` say what `out` can do; `width` is in columns."""


def _human(
    out: TextIO, err: TextIO, hidden: HiddenNames, *, color: bool, tty: bool, width: int
) -> View:
    from envdplan.views.human import HumanView

    return HumanView(out, err, hidden, color=color, tty=tty, width=width)


def _json(
    out: TextIO, err: TextIO, hidden: HiddenNames, *, color: bool, tty: bool, width: int
) -> View:
    from envdplan.views.json import JsonView

    del err, color, tty, width
    return JsonView(out, hidden)


VIEWS: Final[Mapping[str, Factory]] = {"human": _human, "json": _json}
"""The factory of each view."""
