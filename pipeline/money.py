"""Exact decimal arithmetic: text in, text out, and the one division.

Quantities and values are `Decimal` from the exchange's own text to the form; a float never
touches one. Python rounds Decimals at 28 digits unless told otherwise, so whatever computes
does it inside `exact()`:

    with exact():
        total = parse("0.1") * parse("3")       # Decimal('0.3')
        print(plain(total))                     # 0.3
"""

import re
from contextlib import AbstractContextManager
from decimal import (
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    InvalidOperation,
    Overflow,
    localcontext,
)
from functools import cache

ZERO, ONE = Decimal(0), Decimal(1)

# 200 digits hold the product of any two amounts that `parse` lets in (80 digits each), so
# sums and products are never rounded; mixing in a float raises.
EXACT = Context(prec=200, traps=[InvalidOperation, DivisionByZero, Overflow, FloatOperation])

# A quotient is cut here: far below any money unit, far above what slows the arithmetic.
QUANTUM = Decimal("1e-24")

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,40}(?:\.[0-9]{0,40})?|\.[0-9]{1,40})(?:[eE][+-]?[0-9]{1,2})?")


def exact() -> AbstractContextManager[Context]:
    """The context in which money is computed: no rounding, no floats."""
    return localcontext(EXACT)


def parse(text: str) -> Decimal:
    """The number that `text` writes in ASCII digits with a decimal point.

    Refuses (ValueError, one readable line) NaN, infinities, thousands separators, decimal
    commas, digits of other scripts and anything over 40 digits on either side of the point.
    """
    if _NUMBER.fullmatch(text) is None:
        raise ValueError("should be a plain number such as 1234.56 (decimal point, no thousands separator)")
    number = Decimal(text)
    if "e" in text or "E" in text:
        exponent = number.as_tuple().exponent
        assert isinstance(exponent, int)
        if exponent < -40 or number.adjusted() >= 40:
            raise ValueError("has more than 40 digits on one side of the point")
    return number


def plain(number: Decimal) -> str:
    """`number` without exponent, separators or trailing zeros: '0.00000001', '1200', '0'."""
    text = str(number)
    if "E" in text:
        text = format(number, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def exact_text(number: Decimal) -> str:
    """`number` in all its digits, as `plain`. Raises ValueError for a float, NaN and the infinities."""
    if not isinstance(number, Decimal) or not number.is_finite():
        raise ValueError(f"{number!r} is not an exact number")
    return plain(number)


def split(total: Decimal, part: Decimal, whole: Decimal) -> Decimal:
    """The share of `total` that belongs to `part` of `whole`; all of it when they are equal.

    The only division of the program. Callers give the rest to the other part by subtraction,
    so that parts always add up to `total` exactly.
    """
    if part == whole:
        return total
    return (total * part / whole).quantize(QUANTUM)


def round_to(number: Decimal, places: int) -> Decimal:
    """`number` rounded half up, as forms ask, to `places` decimals."""
    return number.quantize(_last(places), ROUND_HALF_UP, EXACT)


@cache
def _last(places: int) -> Decimal:
    """The unit of the last of `places` decimals."""
    return Decimal(1).scaleb(-places)
