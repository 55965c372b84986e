"""Amounts as people read them, with the decimals that their currency has: yen have none."""

from decimal import Decimal

from pipeline.fiat import decimals_of
from pipeline.money import round_to


def money(value: Decimal | None, currency: str) -> str:
    """'1,234.50', of yen '1,235'; 'unknown' where it is not known."""
    return "unknown" if value is None else f"{_rounded(value, currency):,}"


def change(value: Decimal | None, currency: str) -> str:
    """The same with its sign, also of what is more."""
    return "unknown" if value is None else f"{_rounded(value, currency):+,}"


def _rounded(value: Decimal, currency: str) -> Decimal:
    rounded = round_to(value, decimals_of(currency))
    return rounded or abs(rounded)  # no -0.00
