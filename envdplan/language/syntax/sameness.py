"""Whether two trees mean the same, wherever in a file they stand."""

from dataclasses import fields, is_dataclass
from typing import Any, Final

from envdplan.language.syntax.document import Body

_PLACES: Final = frozenset({"range", "name_range"})


def same(one: Body, other: Body) -> bool:
    """Whether nothing but places differs; the order of attributes counts.

    A list of pairs instead of recursion: trees are deeper than Python's stack.
    """
    waiting: list[tuple[Any, Any]] = [(one, other)]
    while waiting:
        left, right = waiting.pop()
        if type(left) is not type(right):
            return False
        mine, others = _parts(left), _parts(right)
        if mine is None or others is None:
            if left != right:
                return False
        elif len(mine) != len(others):
            return False
        else:
            waiting.extend(zip(mine, others, strict=True))
    return True


def _parts(node: Any) -> list[Any] | None:
    """What a node is made of; None for a plain value."""
    if isinstance(node, dict):
        return [*node, *node.values()]
    if isinstance(node, tuple):
        return list(node)
    if is_dataclass(node):
        return [getattr(node, one.name) for one in fields(node) if one.name not in _PLACES]
    return None
