"""The dates of Bitfinex' exports, whose order of day, month and year is a setting of the person's.

Of the orders that fit all rows of an account, the right one is that in which none is older than Bitfinex (2012), and a
higher number is never the earlier row.
Where several are left that differ (few rows, all of days up to the 12th), no such row can be read: the export is wanted
in another order. Times are taken as UTC, which is the setting that nobody changed.
"""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from itertools import pairwise

from importers.assets import asset
from importers.clocks import moment
from importers.exports import Row
from importers.parsers.build import Unread
from pipeline.model import Amount

_ORDERS = ("%d-%m-%y", "%m-%d-%y", "%y-%m-%d", "%d-%m-%Y", "%m-%d-%Y")
_BEGAN = 2012
UNDATED = "which part of its date is the day can't be told; export it again with the date format YY-MM-DD"


def dated(rows: list[Row]) -> Mapping[str, datetime]:
    """The instant (UTC) of each row by its number; rows that can't be dated are not in it."""
    found: dict[str, datetime] = {}
    left = list[Row]()
    for row in rows:
        try:
            found[row["#"]] = moment(row["DATE"])
        except Unread:
            if row["#"].isdecimal() and row["DATE"]:
                left.append(row)
    orders = [read for read in (_in_order(left, order) for order in _ORDERS) if read is not None]
    return found | (orders[0] if orders and all(read == orders[0] for read in orders) else {})


def _in_order(rows: list[Row], order: str) -> dict[str, datetime] | None:
    """The instants of all rows by one order; None where one does not fit, or where the numbers go back in time."""
    times = (f"{order} %H:%M:%S", f"{order} %H:%M:%S.%f")
    try:
        read = {row["#"]: moment(row["DATE"], times) for row in rows}
        by_number = [read[number] for number in sorted(read, key=int)]
    except (Unread, ValueError):
        return None
    fits = all(a <= b for a, b in pairwise(by_number)) and all(at.year >= _BEGAN for at in by_number)
    return read if fits else None


def of(quantity: Decimal, code: str, at: datetime) -> Amount | None:
    """So much of what Bitfinex calls `code` at that time; None for 0. Raises Unread."""
    if not code:
        raise Unread("it names no currency")
    return Amount(quantity, asset(code.upper(), "bitfinex", at)) if quantity else None
