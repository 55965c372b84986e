"""The price file: `Date, Asset, Currency, Price`, one row per price.

Date is a day of the taxpayer (2025-03-31) or an instant (2025-03-31T14:05:00Z); the price is that
of one unit of Asset in Currency, both under the ledger's names of that day. Its prices beat looked-up
ones and lose to a Net Worth.
"""

from collections.abc import Mapping
from datetime import datetime

from importers import cells as cell
from importers.assets import asset as named
from importers.base import Format, RowError
from pipeline.model import Price

COLUMNS = ("Date", "Asset", "Currency", "Price")


def row(cells: Mapping[str, str]) -> Price:
    """The price of one row, without its `source`."""
    when = cell.day_or_instant("Date", cells.get("Date", ""))
    asset = named(cell.asset("Asset", cells.get("Asset", "")), at=when)
    currency = named(cell.asset("Currency", cells.get("Currency", "")), at=when)
    price = cell.amount("Price", cells.get("Price", ""))
    if not price:
        raise RowError("Price", cells["Price"], "should be above 0")
    if asset == currency:
        raise RowError("Currency", cells["Currency"], "is the Asset itself; give the price in another currency")
    if isinstance(when, datetime):
        return Price(asset, currency, price, source="", at=when)
    return Price(asset, currency, price, source="", day=when)


FORMAT = Format(name="prices", version=1, header=frozenset(COLUMNS), columns=COLUMNS, row=row, prices=True)
