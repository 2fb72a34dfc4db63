"""Where blanks stand between the tokens of a line: as hclwrite puts them."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from envdplan.language.syntax.tokens import Kind, Token

_BEFORE_NEGATION: Final = (
    *("=", ":", ",", "?", "!"),
    *("+", "-", "*", "/", "%"),
    *("==", "!=", "<", ">", "<=", ">=", "&&", "||"),
)
_OPENING_BRACE: Final = Token(Kind.OPEN, "{")
_CLOSING_BRACE: Final = Token(Kind.CLOSE, "}")
_TEMPLATE_STARTS: Final = frozenset({Kind.QUOTE_OPEN, Kind.HEREDOC_OPEN, Kind.TEXT})
_TEMPLATE_ENDS: Final = frozenset({Kind.QUOTE_CLOSE, Kind.HEREDOC_CLOSE, Kind.TEXT})
_VALUE_ENDS: Final = frozenset(
    {Kind.NAME, Kind.NUMBER, Kind.CLOSE, Kind.SEQUENCE_CLOSE, Kind.QUOTE_CLOSE}
)


def spaced(line: Sequence[Token]) -> str:
    """The tokens of a line, or of a cell of it, with the blanks that belong between them."""
    pieces = [line[0].text] if line else []
    before: Token | None = None
    for left, right in pairwise(line):
        if _apart(before, left, right):
            pieces.append(" ")
        pieces.append(right.text)
        before = left
    return "".join(pieces)


def _apart(before: Token | None, left: Token, right: Token) -> bool:
    """Whether a blank stands between `left` and `right`. The first rule that fits decides."""
    if (
        _in_template(left, right)
        or _is_call(left, right)
        or left.is_sign(".")
        or right.is_sign(".", ",", "...")
    ):
        return False
    if left.is_sign(","):
        return True
    if left.text == "in" and before is not None and before.kind is Kind.NAME:
        return True
    if right.text == "[" and _ends_value(before, left):
        return False
    if left.is_sign("-"):
        return not _is_negation(before)
    if left.is_sign("!"):
        return False
    return _apart_at_brackets(left, right)


def _in_template(left: Token, right: Token) -> bool:
    """Blanks beside literal text would be part of it."""
    joined = left.kind is Kind.SEQUENCE_CLOSE and right.kind is Kind.SEQUENCE_OPEN
    return joined or left.kind in _TEMPLATE_STARTS or right.kind in _TEMPLATE_ENDS


def _is_call(left: Token, right: Token) -> bool:
    return left.kind is Kind.NAME and right.text == "("


def _ends_value(before: Token | None, token: Token) -> bool:
    """Whether a bracket behind `token` is an index; `.*` is a splat, not a product."""
    splat = token.is_sign("*") and before is not None and before.is_sign(".")
    return splat or token.kind in _VALUE_ENDS


def _is_negation(before: Token | None) -> bool:
    """Whether a minus behind `before` has one operand."""
    return before is None or before.kind is Kind.OPEN or before.is_sign(*_BEFORE_NEGATION)


def _apart_at_brackets(left: Token, right: Token) -> bool:
    """Braces have blanks inside of them unless they are empty, other brackets have none; braces
    have some outside too where `${{` or `}}` would come of it.
    """
    opens, closes = left == _OPENING_BRACE, right == _CLOSING_BRACE
    if opens or closes:
        return opens != closes
    if left.kind is Kind.SEQUENCE_OPEN and right == _OPENING_BRACE:
        return True
    if left == _CLOSING_BRACE and right.kind is Kind.SEQUENCE_CLOSE:
        return True
    return left.nesting <= 0 and right.nesting >= 0
