"""Robinhood's list of orders of coins ("crypto_account_orders.csv"): one row per order, its fee in the price.

"Notional" is the money of the whole order, in brackets for a purchase; an order that left a part undone is not taken
apart. Times have no zone, and are taken as UTC. Robinhood's account statement of shares ("Trans Code") tells no coins.

Sources: header and rows as BittyTax (2024) and RLEAPP (2026) have them, whose samples copy real layouts. From memory:
that the times are UTC, as BittyTax takes them.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export
from importers.parsers.build import Unread
from importers.parsers.swapped import traded


def read(row: Row) -> Iterable[Said]:
    if row.number("Leaves Quantity"):
        raise Unread("a part of the order was not filled, and for how much is not told")
    units, money = row.amount("Quantity", row["Symbol"]), row.size("Notional", "USD")
    yield traded(row, row["Side"], units, money, None, f"{row['Symbol']} at {row['Average Price']}")


FORMAT = export(
    "robinhood_orders",
    1,
    needs=("UUID", "Time Entered", "Symbol", "Side", "Quantity", "State", "Order Type", "Leaves Quantity",
           "Entered Price", "Average Price", "Notional"),
    date="Time Entered",
    times=("%m/%d/%Y, %H:%M:%S", "%m/%d/%Y %H:%M:%S"),
    each=read,
    id=("UUID",),
    changing=("State",),
    status=Status.of("State", ["Filled"], cancelled=["Canceled", "Cancelled"], failed=["Rejected", "Failed"]),
)  # fmt: skip
