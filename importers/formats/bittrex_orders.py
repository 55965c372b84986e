"""Bittrex' export of orders at its end (December 2023), below some lines: the total has the fee inside.

Columns and rows as rotki's tests have them. See `importers.parsers.bittrex`.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.bittrex import filled, unfilled
from importers.parsers.build import Unread

_SIDES = {"bought": "BUY", "sold": "SELL"}


def read(row: Row) -> Iterable[Said]:
    side = _SIDES.get(row["Transaction"].casefold())
    if side is None:
        raise Unread(f"transaction {row['Transaction']} is not known")
    total, fee = row.number("Total (Quote)"), row.number("Fees (Quote)")
    cost = row.of(total - fee if side == "BUY" else total + fee, row["Quote"])
    units = row.amount("Quantity (Base)", row["Base"])
    yield filled(row, f"{row['Order Type']}_{side}", units, cost, row.amount("Fees (Quote)", row["Quote"]))


FORMAT = export(
    "bittrex_orders",
    1,
    needs=("TXID", "Time (UTC)", "Transaction", "Order Type", "Market", "Base", "Quote", "Price", "Quantity (Base)",
           "Fees (Quote)", "Total (Quote)"),
    may_have=("Approx Value (USD)", "Time In Force", "Notes"),
    date="Time (UTC)",
    each=read,
    passed=unfilled("Quantity (Base)"),
    id=("TXID",),
    changing=("Approx Value (USD)", "Notes"),
    newest_first=True,
)  # fmt: skip
