"""Numbers of HCL: exact, however many digits they have behind the point."""

import re
from decimal import Decimal
from typing import Final

from envdplan.syntax.cursor import Cursor
from envdplan.syntax.document import Literal
from envdplan.values import Value

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_LARGEST_EXPONENT: Final = 10_000


def number(cursor: Cursor) -> Literal:
    """The number at the cursor. Raises SyntaxProblem."""
    start = cursor.position
    match = _NUMBER.match(cursor.text, start, cursor.end)
    text = match.group() if match else ""
    cursor.position = start + len(text)
    if cursor.name() is not None or not text.isascii():
        detail = f'"{cursor.text[start : cursor.position][:40]}" is no number.'
        cursor.fail("Invalid number", detail, start)
    return Literal(_value(cursor, text, start), cursor.range(start))


def _value(cursor: Cursor, text: str, start: int) -> Value:
    if text.isdigit():
        if len(text) > _LARGEST_EXPONENT:
            cursor.fail("Invalid number", "This number has too many digits.", start)
        return int(text)
    exact = Decimal(text)
    if abs(exact.adjusted()) > _LARGEST_EXPONENT:
        cursor.fail("Invalid number", "The exponent of this number is too large.", start)
    return int(exact) if exact == exact.to_integral_value() else exact
