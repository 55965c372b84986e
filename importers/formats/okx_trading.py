"""OKX's statement of the trading account ("OKX Trading History"): one row per change, newest first.

A fill of spot, and a conversion, is a row for each of its coins; rows of one order at one time are one trade. A row's
Balance Change has its Fee in it (negative: paid). What comes from the funding account or goes there is no transaction.
Rows of margin, futures, swaps and options are open problems. Times are of the zone that the line above the header
tells ("Time Zone:UTC+8"), without one of the person's own.

Source: header and rows as public readers of the file have them (several; 2023 to 2026), with more columns of units
(2023), or of amounts in another currency ("Fee-USD"). Not read: the layout before 2023, whose rows are known by their
order alone.
"""

import re
from collections.abc import Iterable

from importers.base import shown
from importers.exports import LOCAL, Row, Said, export, grouped
from importers.layout import Cells
from importers.parsers.build import MARGIN, Unread
from importers.parsers.swapped import swapped
from pipeline.money import ZERO, plain

_POSITIONS = re.compile(r"margin|futures|perpetual|swap|option", re.IGNORECASE)


def passed(row: Cells) -> str:
    """A move between the trading and the funding account."""
    return "internal" if row.get("Trade Type", "").strip().casefold() == "transfer" else ""


def read(rows: list[Row]) -> Iterable[Said]:
    """The trades; rows of one order at one time, together."""
    yield from grouped(rows, lambda row: (row["Order id"], row.at), _trade)


def _trade(rows: list[Row]) -> Iterable[Said]:
    first = rows[0]
    changes = []
    for row in rows:
        kind = row["Trade Type"]
        if kind.casefold() not in ("spot", "convert"):
            about = MARGIN if _POSITIONS.search(kind) else ""
            raise Unread(f"trade type '{shown(kind)}' is not supported yet", about)
        fee = -row.number("Fee")
        if fee and row["Fee Unit"] != row["Balance Unit"]:
            raise Unread(f"its fee is in {shown(row['Fee Unit'])}, and not in what the row is about")
        if row.number("PnL"):
            raise Unread("a trade of spot with a profit or loss is not known", MARGIN)
        changes.append((row, row.asset(row["Balance Unit"]), row.number("Balance Change"), fee))
    moving = [change for change in changes if change[2] != ZERO]
    if not moving:
        raise Unread("it moves nothing")
    sides = {row["Action"].casefold() for row in rows} - {""}
    words = f"trade {first['Symbol']} at {plain(first.number('Filled Price'))}" if sides else "convert"
    yield from swapped(moving, words)


FORMAT = export(
    "okx_trading",
    2,
    needs=("id", "Order id", "Time", "Trade Type", "Symbol", "Action", "Amount", "Trading Unit", "Filled Price", "PnL",
           "Fee", "Fee Unit", "Position Change", "Position Balance", "Balance Change", "Balance", "Balance Unit"),
    may_have=("Filled Price Unit", "Position Unit"),
    more=re.compile(r"(filled_price|pnl|fee|balance|balance_change)-[a-z]{3,4}", re.IGNORECASE),
    date="Time",
    zone=LOCAL,
    exchange="okx",
    together=read,
    id=("id",),
    changing=("Filled_price-*", "Pnl-*", "Fee-*", "Balance-*", "Balance_change-*"),
    passed=passed,
    newest_first=True,
)  # fmt: skip
