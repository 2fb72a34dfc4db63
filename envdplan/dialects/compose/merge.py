"""Documents laid over each other: mappings merge, lists grow, everything else is replaced."""

from envdplan.dialects.compose.tree import Branch, Row, Tree, kind
from envdplan.ground.diagnostics import Diagnostics
from envdplan.ground.values import AttributePath


def merged(base: Branch, over: Branch, diagnostics: Diagnostics, what: str = "") -> Branch:
    """`base` with what `over` says."""
    items = dict(base.items)
    for name, tree in over.items.items():
        there = items.get(name)
        step = f"{what}.{name}" if what else name
        items[name] = tree if there is None else _merge(there, tree, diagnostics, step)
    return Branch(items, over.place, {**base.keys, **over.keys})


def _merge(base: Tree, over: Tree, diagnostics: Diagnostics, what: str) -> Tree:
    if isinstance(base, Branch) and isinstance(over, Branch):
        return merged(base, over, diagnostics, what)
    if isinstance(base, Row) and isinstance(over, Row):
        return Row((*base.items, *over.items), over.place)
    if not isinstance(base, Branch | Row):
        return over
    if not _is_nothing(over):
        detail = (
            f"{what} is {kind(over)} here, but {kind(base)} at {base.place}, and these cannot be "
            "merged. Write both in the same way, or replace the first one with !override."
        )
        diagnostics.error("Wrong type", detail, over.place)
    return base


def _is_nothing(tree: Tree) -> bool:
    return getattr(tree, "value", tree) is None


def without(base: Branch, resets: tuple[AttributePath, ...]) -> Branch:
    """`base` without what stands at the paths of !reset and !override."""
    for path in filter(None, resets):
        base = _without(base, path)
    return base


def _without(base: Branch, path: AttributePath) -> Branch:
    name, rest = str(path[0]), path[1:]
    if not rest:
        return base.having({k: v for k, v in base.items.items() if k != name})
    there = base.branch(name)
    if there is None:
        return base
    return base.having({**base.items, name: _without(there, rest)})
