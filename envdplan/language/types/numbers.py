"""Exact arithmetic: integers are int, everything else Decimal; neither grows without bound."""

from collections.abc import Callable
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow, Underflow
from math import isqrt
from re import compile as pattern
from typing import Final, TypeAlias

from envdplan.language.syntax.digits import MAX_DIGITS, NumberError, bounded, exact

Number: TypeAlias = int | Decimal

_TRAPS: Final = [InvalidOperation, DivisionByZero, Overflow, Underflow]
# Terraform counts with 512 bits, which is 155 digits. A division keeps more digits than a sum or
# product rounds to, so that 1 / 3 * 3 is 1.
_EXACT: Final = Context(prec=160, Emax=MAX_DIGITS, Emin=-MAX_DIGITS, traps=_TRAPS)
_QUOTIENT: Final = Context(prec=170, Emax=MAX_DIGITS, Emin=-MAX_DIGITS, traps=_TRAPS)
# Whole parts may be longer than the precision of a sum.
_WHOLE: Final = Context(prec=2 * MAX_DIGITS, Emax=MAX_DIGITS, Emin=-MAX_DIGITS, traps=_TRAPS)
_DECIMAL: Final = pattern(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


Operation: TypeAlias = Callable[[Decimal, Decimal], Decimal]


def _decimal(operation: Operation, left: Number, right: Number) -> Number:
    try:
        return bounded(operation(Decimal(left), Decimal(right)))
    except (Overflow, Underflow):
        raise NumberError(f"the result has more than {MAX_DIGITS} digits") from None
    except InvalidOperation:
        raise NumberError("the numbers are too far apart to be exact") from None


def add(left: Number, right: Number) -> Number:
    """The sum."""
    if type(left) is int and type(right) is int:
        return bounded(left + right)
    return _decimal(_EXACT.add, left, right)


def subtract(left: Number, right: Number) -> Number:
    """The difference."""
    if type(left) is int and type(right) is int:
        return bounded(left - right)
    return _decimal(_EXACT.subtract, left, right)


def multiply(left: Number, right: Number) -> Number:
    """The product."""
    if type(left) is int and type(right) is int:
        return bounded(left * right)
    return _decimal(_EXACT.multiply, left, right)


def divide(left: Number, right: Number) -> Number:
    """The quotient, exact where it can be, else with 170 digits. NumberError for zero."""
    if right == 0:
        raise NumberError("a number cannot be divided by zero")
    if type(left) is int and type(right) is int and left % right == 0:
        return left // right
    return _decimal(_QUOTIENT.divide, left, right)


def modulo(left: Number, right: Number) -> Number:
    """The remainder of a truncating division: it has the sign of `left`, as in HCL."""
    if right == 0:
        raise NumberError("there is no remainder of a division by zero")
    if type(left) is int and type(right) is int:
        rest = abs(left) % abs(right)
        return rest if left >= 0 else -rest
    return _decimal(_WHOLE.remainder, left, right)


def negate(value: Number) -> Number:
    """`-value`."""
    return -value if type(value) is int else bounded(_WHOLE.minus(Decimal(value)))


def power(base: Number, exponent: Number) -> Number:
    """`base` to the power of `exponent`; exact for whole numbers. NumberError without a result."""
    if base == 0 and exponent < 0:
        raise NumberError("zero has no negative power")
    if type(base) is int and type(exponent) is int and exponent >= 0:
        if abs(base) > 1 and abs(base).bit_length() * exponent > 8 * MAX_DIGITS:
            raise NumberError(f"the result has more than {MAX_DIGITS} digits")
        return bounded(base**exponent)
    if type(exponent) is int:
        return _negative_power(base, exponent)
    if base < 0:
        raise NumberError("a negative number has no fractional power")
    return _float_like(base, exponent)


def _negative_power(base: Number, exponent: int) -> Number:
    if exponent >= 0:
        return _decimal(_EXACT.power, base, exponent)
    return divide(1, _decimal(_EXACT.power, base, -exponent))


_ROUGH: Final = Context(prec=17, Emax=MAX_DIGITS, Emin=-MAX_DIGITS, traps=_TRAPS)


def _float_like(base: Number, exponent: Number) -> Number:
    """A root, with the 17 digits that Terraform's float64 gives; whole roots are exact."""
    if exponent == Decimal("0.5") and type(base) is int and isqrt(base) ** 2 == base:
        return isqrt(base)
    return _decimal(_ROUGH.power, base, exponent)


def logarithm(value: Number, base: Number) -> Number:
    """The logarithm of `value` to `base`, to 17 digits. NumberError where there is none."""
    if value <= 0 or base <= 0 or base == 1:
        raise NumberError("a logarithm needs a positive number and a positive base other than 1")
    wide = Context(prec=40, traps=_TRAPS)
    quotient = wide.divide(wide.ln(Decimal(value)), wide.ln(Decimal(base)))
    return bounded(_ROUGH.plus(quotient))


def floor(value: Number) -> int:
    """The next whole number downwards."""
    return value if type(value) is int else value.__floor__()


def ceil(value: Number) -> int:
    """The next whole number upwards."""
    return value if type(value) is int else value.__ceil__()


def parse_number(text: str) -> Number | None:
    """The number that `text` is in decimal notation, or None. NumberError when out of bounds."""
    if _DECIMAL.fullmatch(text) is None:
        return None
    return exact(text)


def number_text(value: Number) -> str:
    """`value` in decimal notation, exact, never with an exponent."""
    if type(value) is int:
        return str(value)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
