"""How long a number may be, wherever it comes from: literals, JSON, YAML, arithmetic, variables.

Python refuses to write whole numbers of more than 4,300 digits; nobody means one of a thousand.
"""

from decimal import Context, Decimal, InvalidOperation
from typing import Final

MAX_DIGITS: Final = 1000
"""A number has at most this many digits before, and as many behind, the point."""

_LIMIT: Final = 10**MAX_DIGITS


class NumberError(ValueError):
    """A number beyond all use, or arithmetic without a result such as a division by zero."""


def exact(text: str) -> int | Decimal:
    """The number that `text` writes in decimal notation: int where it is integral.

    Raises NumberError beyond MAX_DIGITS.
    """
    try:
        return bounded(Decimal(text))
    except InvalidOperation:  # an exponent of twenty digits
        raise _too_long() from None


def bounded(value: int | Decimal) -> int | Decimal:
    """`value` as int where it is integral. Raises NumberError beyond MAX_DIGITS."""
    if isinstance(value, int):
        if not -_LIMIT < value < _LIMIT:
            raise _too_long()
        return value
    if value and not -MAX_DIGITS <= value.adjusted() < MAX_DIGITS:
        raise _too_long()
    whole = int(value)
    if whole == value:
        return whole
    if _places(value) > MAX_DIGITS:
        raise _too_long()
    return value


def _places(value: Decimal) -> int:
    """Digits behind the point; zeros at the end do not count."""
    places = -int(value.as_tuple().exponent)
    if places <= MAX_DIGITS:
        return places
    wide = Context(prec=len(value.as_tuple().digits))
    return -int(value.normalize(wide).as_tuple().exponent)


def _too_long() -> NumberError:
    return NumberError(
        f"a number has at most {MAX_DIGITS} digits before the point and as many behind it"
    )


def sentence(error: NumberError) -> str:
    """The complaint as a sentence of its own."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."
