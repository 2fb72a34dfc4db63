"""The types of compose's fields: each is checked once and brought into one form."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from envdplan.dialects.compose.scalars import written
from envdplan.dialects.compose.tree import Branch, Moment, Row, Scalar, Tree, kind
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.source import SourceRange
from envdplan.language.evaluation.problems import suggestion

_YES: Final = frozenset({"y", "yes", "true", "on"})
_NO: Final = frozenset({"n", "no", "false", "off"})


@dataclass(slots=True)
class Check:
    """Reads values of one type; complains about those of another, and returns None for them.

    `what` is how messages call the value: `services.a.build.tags`.
    """

    diagnostics: Diagnostics = field(default_factory=Diagnostics)

    def wrong(self, tree: Tree, what: str, wanted: str) -> None:
        """Tell that a value is of a wrong type."""
        is_plain = isinstance(tree, Scalar) and tree.value is not None
        hint = " Write it in quotes." if is_plain and wanted.startswith("a string") else ""
        detail = f"{what} must be {wanted}, but it is {kind(tree)}.{hint}"
        self.diagnostics.error("Wrong type", detail, tree.place)

    def mapping(self, tree: Tree | None, what: str) -> Branch | None:
        """A mapping; None also when nothing is there."""
        if tree is None or isinstance(tree, Branch):
            return tree
        self.wrong(tree, what, "a mapping")
        return None

    def string(self, tree: Tree, what: str) -> Scalar | None:
        """A string."""
        if isinstance(tree, Scalar) and isinstance(tree.value, str):
            return tree
        self.wrong(tree, what, "a string")
        return None

    def strings(self, tree: Tree, what: str) -> Row | None:
        """A list of strings."""
        if not isinstance(tree, Row):
            self.wrong(tree, what, "a list of strings")
            return None
        items = [self.string(item, f"{what}[{i}]") for i, item in enumerate(tree)]
        return Row(tuple(item for item in items if item is not None), tree.place)

    def flag(self, tree: Tree, what: str) -> Scalar | None:
        """A boolean, which may be written as a string."""
        value = tree.value if isinstance(tree, Scalar) else None
        if isinstance(value, bool) and isinstance(tree, Scalar):
            return tree
        lowered = value.lower() if isinstance(value, str) else ""
        if lowered in _YES or lowered in _NO:
            return Scalar(lowered in _YES, tree.place)
        self.wrong(tree, what, "true or false")
        return None

    def pairs(self, tree: Tree, what: str) -> Branch | None:
        """A mapping to strings, which may be written as a list of KEY=value."""
        if isinstance(tree, Branch):
            values = {n: self._value(v, f"{what}.{n}") for n, v in tree.items.items()}
            return tree.having({n: v for n, v in values.items() if v is not None})
        if not isinstance(tree, Row):
            self.wrong(tree, what, "a mapping or a list of KEY=value")
            return None
        pairs = [self._pair(item, f"{what}[{i}]") for i, item in enumerate(tree)]
        found = [pair for pair in pairs if pair is not None]
        keys = {name: value.place for name, value in found}
        return Branch({name: value for name, value in found}, tree.place, keys)  # noqa: C416  # types widen

    def _value(self, tree: Tree, what: str) -> Scalar | None:
        if isinstance(tree, Scalar) and not isinstance(tree.value, Moment):
            text = None if tree.value is None else written(tree.value)
            return Scalar(text, tree.place)
        self.wrong(tree, what, "a string, a number, true, false or null")
        return None

    def _pair(self, tree: Tree, what: str) -> tuple[str, Scalar] | None:
        item = self.string(tree, what)
        if item is None:
            return None
        name, sign, value = str(item.value).partition("=")
        return name, Scalar(value if sign else None, item.place)

    def known(
        self, branch: Branch, what: str, names: Iterable[str], *, serious: bool = True
    ) -> None:
        """Tell of keys that are not among `names`; those of extensions (x-) may be any."""
        names = list(names)
        for key in branch.items:
            if key in names or key.startswith("x-"):
                continue
            place = branch.key(key)
            self._unknown(f'{what} has no field "{key}".{suggestion(key, names)}', place, serious)

    def _unknown(self, detail: str, place: SourceRange, serious: bool) -> None:
        if serious:
            self.diagnostics.error("Unknown field", detail, place)
        else:
            self.diagnostics.warn("Unknown field", f"{detail} It is left out.", place)
