"""How unknown values and sensitive marks travel: found, lifted off, and put back on."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from envdplan.ground.values import UNKNOWN, Sensitive, Unknown, Value, reveal

PLAIN: Final = frozenset((str, int, bool, type(None), Decimal))
"""Types of values that have no parts and no marks."""


def mark(value: Value) -> Value:
    """`value` as sensitive. A mark holds no further marks, so that equal values compare equal."""
    kind = type(value)
    if kind in PLAIN or kind is Unknown:
        return Sensitive(value)
    if kind is Sensitive:
        return value
    return Sensitive(reveal(value) if examine(value)[1] else value)


def marked_if(value: Value, sensitive: bool) -> Value:
    """`value`, marked when `sensitive`."""
    return mark(value) if sensitive else value


def lift(value: Value) -> tuple[Value, bool]:
    """`value` without its outer mark, and whether it had one."""
    return (value.value, True) if type(value) is Sensitive else (value, False)


def examine(value: Value) -> tuple[bool, bool]:
    """Whether all of `value` is known, and whether any part is sensitive."""
    kind = type(value)
    if kind in PLAIN:
        return True, False
    if kind is Unknown:
        return False, False
    if kind is Sensitive:
        return examine(value.value)[0], True
    if isinstance(value, Mapping):
        return _examine_parts(value.values())
    if isinstance(value, list | tuple):
        return _examine_parts(value)
    return True, False


def _examine_parts(parts: Value) -> tuple[bool, bool]:
    known, sensitive = True, False
    for part in parts:
        if type(part) in PLAIN:
            continue
        part_known, part_sensitive = examine(part)
        known, sensitive = known and part_known, sensitive or part_sensitive
    return known, sensitive


def lift_all(value: Value) -> tuple[Value, bool, bool]:
    """`value` without any mark (UNKNOWN if any part is), whether known, whether it was marked."""
    if type(value) in PLAIN:
        return value, True, False
    known, sensitive = examine(value)
    if not known:
        return UNKNOWN, False, sensitive
    return (reveal(value) if sensitive else value), True, sensitive
