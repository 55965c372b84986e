"""Poloniex' export of trades (tradeHistory.csv): one row per fill, with what each balance changed by.

The fee was taken from what was received, as the difference to the amount or total tells, or is on top in TRX. Several
fills have one order number. Fills of margin are not read: what they brought is told only when a position is closed.
Times are UTC.

Columns and rows as people and converters show them (2014 to 2021).
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.build import MARGIN, Unread
from pipeline.model import Amount
from pipeline.money import ZERO


def read(row: Row) -> Iterable[Said]:
    side, (base, _, quote) = row["Type"].casefold(), row["Market"].partition("/")
    if row["Category"].casefold() != "exchange":
        raise Unread(f"its category is {row['Category']}", MARGIN if "margin" in row["Category"].casefold() else "")
    if side not in ("buy", "sell") or not quote:
        raise Unread("it does not say what was given for what")
    units, total = row.amount("Amount", base), row.amount("Total", quote)
    sent, received = (total, units) if side == "buy" else (units, total)
    given, got = ("Base", "Quote") if side == "buy" else ("Quote", "Base")
    left = row.number(f"{got} Total Less Fee")
    if sent is None or received is None or -row.number(f"{given} Total Less Fee") != sent.quantity:
        raise Unread("what a balance changed by is not the amount of the trade")
    taken = received.quantity - left
    if taken < ZERO or left < ZERO:
        raise Unread("what was received is more than the amount of the trade")
    fee = Amount(taken, received.asset) if taken else None
    if row["Fee Currency"] and row.asset(row["Fee Currency"]) != received.asset:
        if fee is not None:
            raise Unread("it has fees in two currencies")
        fee = row.amount("Fee Total", row["Fee Currency"])
    yield row.transaction(
        sent=sent,
        received=received,
        fee=fee,
        description=f"{side} {row['Market']} at {row['Price']}",
    )


FORMAT = export(
    "poloniex_trades",
    1,
    needs=("Date", "Market", "Category", "Type", "Price", "Amount", "Total", "Fee", "Order Number",
           "Base Total Less Fee", "Quote Total Less Fee"),
    may_have=("Fee Currency", "Fee Total"),
    date="Date",
    each=read,
    newest_first=True,
)  # fmt: skip
