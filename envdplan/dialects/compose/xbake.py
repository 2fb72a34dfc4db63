"""`x-bake`: what bake knows and compose does not, under `build`."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from envdplan.dialects.compose.check import Check
from envdplan.dialects.compose.scalars import written
from envdplan.dialects.compose.tree import Branch, Moment, Row, Scalar, Tree

LISTS: Final = (
    "tags", "cache-from", "cache-to", "secret", "ssh", "platforms", "output", "no-cache-filter",
)  # fmt: skip
_FLAGS: Final = ("pull", "no-cache")
_KNOWN: Final = (*LISTS, *_FLAGS, "contexts")
_YES: Final = re.compile(r"y|Y|yes|Yes|YES|on|On|ON")
_NO: Final = re.compile(r"n|N|no|No|NO|off|Off|OFF")


@dataclass(frozen=True, slots=True)
class XBake:
    """The extension of one target."""

    check: Check
    what: str

    def read(self, tree: Tree | None) -> Branch | None:
        """Its fields: lists of strings, booleans, and `contexts` as a mapping of strings."""
        if tree is None or _is_nothing(tree):
            return None
        branch = self.check.mapping(tree, self.what)
        if branch is None:
            return None
        self.check.known(branch, self.what, _KNOWN, serious=False)
        found = {n: self._field(n, t) for n, t in branch.items.items() if not _is_nothing(t)}
        return branch.having({name: value for name, value in found.items() if value is not None})

    def _field(self, name: str, tree: Tree) -> Tree | None:
        readings: dict[str, Callable[[Tree, str], Tree | None]] = {
            **dict.fromkeys(LISTS, self._list),
            **dict.fromkeys(_FLAGS, self._flag),
            "contexts": self._contexts,
        }
        reading = readings.get(name)
        return reading(tree, f"{self.what}.{name}") if reading else None

    def _list(self, tree: Tree, what: str) -> Row | None:
        """A list; a string holds its items with blanks between them."""
        if isinstance(tree, Scalar):
            words = written(tree.value).split()
            return Row(tuple(Scalar(word, tree.place) for word in words), tree.place)
        if isinstance(tree, Row):
            items = [self._text(item, f"{what}[{i}]") for i, item in enumerate(tree)]
            return Row(tuple(item for item in items if item is not None), tree.place)
        self.check.wrong(tree, what, "a list of strings, or one string")
        return None

    def _text(self, tree: Tree, what: str) -> Scalar | None:
        if isinstance(tree, Scalar) and not isinstance(tree.value, Moment):
            return Scalar(written(tree.value), tree.place)
        self.check.wrong(tree, what, "a string")
        return None

    def _flag(self, tree: Tree, what: str) -> Scalar | None:
        value = tree.value if isinstance(tree, Scalar) else None
        if isinstance(value, str) and (_YES.fullmatch(value) or _NO.fullmatch(value)):
            return Scalar(_YES.fullmatch(value) is not None, tree.place)
        if isinstance(value, bool):
            return Scalar(value, tree.place)
        self.check.wrong(tree, what, "true or false, without quotes")
        return None

    def _contexts(self, tree: Tree, what: str) -> Branch | None:
        branch = self.check.mapping(tree, what)
        if branch is None:
            return None
        found = {n: self._text(t, f"{what}.{n}") for n, t in branch.items.items()}
        return branch.having({name: text for name, text in found.items() if text is not None})


def _is_nothing(tree: Tree) -> bool:
    return isinstance(tree, Scalar) and tree.value is None
