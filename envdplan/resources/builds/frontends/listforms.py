"""Lists whose items are objects, or the CSV that buildx takes: all as objects, the last of each."""

import csv
from collections.abc import Callable, Iterable
from typing import TypeAlias

from envdplan.ground.values import Attributes, Value

Item: TypeAlias = Attributes


def as_objects(items: Value, key: str, read: Callable[[str], Item]) -> Value:
    """`items` as objects, the last of those with the same `key`; what is unknown stays."""
    if not isinstance(items, tuple):
        return items
    objects = [read(one) if isinstance(one, str) else one for one in items]
    return tuple(_last(objects, key))


def _last(objects: Iterable[Value], key: str) -> Iterable[Value]:
    found: dict[object, Value] = {}
    for at, one in enumerate(objects):
        known = one.get(key) if isinstance(one, dict) else None
        found[known if isinstance(known, str) else at] = one
    return found.values()


def fields(text: str) -> list[str]:
    """The fields of one line of CSV, as Go's encoding/csv reads them."""
    return next(csv.reader([text]), [])
