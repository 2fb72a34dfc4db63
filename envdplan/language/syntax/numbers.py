"""Numbers of HCL: exact, however many digits they have behind the point."""

import re
from typing import Final

from envdplan.language.syntax.cursor import Cursor
from envdplan.language.syntax.digits import NumberError, exact, sentence
from envdplan.language.syntax.document import Literal

_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")


def number(cursor: Cursor) -> Literal:
    """The number at the cursor. Raises SyntaxProblem."""
    start = cursor.position
    match = _NUMBER.match(cursor.text, start, cursor.end)
    text = match.group() if match else ""
    cursor.position = start + len(text)
    if cursor.name() is not None or not text.isascii():
        detail = f'"{cursor.text[start : cursor.position][:40]}" is not a number.'
        cursor.fail("Invalid number", detail, start)
    cursor.position = start
    return number_of(cursor, text)


def number_of(cursor: Cursor, text: str) -> Literal:
    """`text`, which stands at the cursor, as a number. Raises SyntaxProblem beyond all use."""
    start = cursor.position
    cursor.position += len(text)
    try:
        return Literal(exact(text), cursor.range(start))
    except NumberError as error:
        cursor.fail("Invalid number", sentence(error), start)
