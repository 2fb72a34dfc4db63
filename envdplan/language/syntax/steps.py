"""What follows a value in an expression: attributes, indexes and splats (hcl/hclsyntax/spec.md)."""

import re
from collections.abc import Callable
from typing import Final, TypeAlias

from envdplan.language.syntax.cursor import Cursor
from envdplan.language.syntax.document import Expression, GetAttribute, Index, Splat, Variable
from envdplan.language.syntax.numbers import number_of

Parse: TypeAlias = Callable[[Cursor], Expression]
"""What reads the expression between brackets."""

LONGEST_CHAIN: Final = 200
_STAR: Final = "*"


def with_steps(cursor: Cursor, source: Expression, start: int, parse: Parse) -> Expression:
    """`source`, which begins at `start`, with the steps that follow. Raises SyntaxProblem."""
    found = source
    for _ in range(LONGEST_CHAIN):
        before = cursor.position
        step = _step(cursor, found, start, parse)
        if step is None:
            cursor.position = before
            return found
        if isinstance(step, Splat):
            return _splat(cursor, step, start, parse)
        found = step
    cursor.fail("Expression too long", "This expression has too many parts.", start)


def _step(cursor: Cursor, source: Expression, start: int, parse: Parse) -> Expression | None:
    """One attribute, index or splat; blanks may stand before it and inside of it."""
    cursor.skip()
    if _takes_splat(cursor):
        return Splat(source, source, True, cursor.range(start))
    if cursor.at("["):
        return _index(cursor, source, start, parse)
    if not cursor.at(".") or cursor.at("..."):
        return None
    cursor.position += 1
    cursor.skip()
    if cursor.take("*"):
        return Splat(source, source, False, cursor.range(start))
    return _attribute(cursor, source, start)


def _takes_splat(cursor: Cursor) -> bool:
    """Go past `[*]` if it stands here."""
    before = cursor.position
    for sign in ("[", "*", "]"):
        if not cursor.take(sign):
            cursor.position = before
            return False
        if sign != "]":
            cursor.skip()
    return True


def _attribute(cursor: Cursor, source: Expression, start: int) -> Expression:
    begin = cursor.position
    name = cursor.name()
    if name is not None:
        return GetAttribute(source, name, cursor.range(start))
    digits = re.compile(r"\d+").match(cursor.text, begin, cursor.end)
    if digits is None:
        detail = f"Expected the name of an attribute after the dot, found {cursor.shown()}."
        cursor.fail("Missing attribute name", detail)
    return Index(source, number_of(cursor, digits.group()), cursor.range(start))


def _index(cursor: Cursor, source: Expression, start: int, parse: Parse) -> Index:
    opening = cursor.position
    cursor.position += 1
    cursor.lines_open += 1
    key = parse(cursor)
    cursor.close("]", opening)
    cursor.lines_open -= 1
    return Index(source, key, cursor.range(start))


def _splat(cursor: Cursor, splat: Splat, start: int, parse: Parse) -> Expression:
    """What follows a full splat applies to each element; of `.*` only attributes do."""
    cursor.deeper()
    found = _splatted(cursor, splat, start, parse)
    cursor.depth -= 1
    return found


def _splatted(cursor: Cursor, splat: Splat, start: int, parse: Parse) -> Expression:
    each: Expression = Variable(_STAR, splat.range)
    for _ in range(LONGEST_CHAIN):
        before = cursor.position
        step = _step(cursor, each, before, parse)
        if step is None or (not splat.full and not isinstance(step, GetAttribute)):
            cursor.position = before
            whole = Splat(splat.source, each, splat.full, cursor.range(start))
            return whole if splat.full else with_steps(cursor, whole, start, parse)
        if isinstance(step, Splat):
            each = _splat(cursor, step, before, parse)
            return Splat(splat.source, each, splat.full, cursor.range(start))
        each = step
    cursor.fail("Expression too long", "This expression has too many parts.", start)
