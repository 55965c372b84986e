"""Bybit's export of spot trades ("Bybit-Spot-TradeHistory-..."): one row per fill, newest first.

The fee is in the coin that was got, or where newer files have the columns feeCoin and ExecFeeV2, in that one. Times are
UTC, of the newer files to the minute only.

Source: header and rows as public readers of the file have them (several; 2024 to 2026): with Uid or a column of the
local time, before and after unified accounts.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, export
from importers.parsers.build import Unread
from importers.parsers.bybit import market
from importers.parsers.bybit_export import NONE
from importers.parsers.swapped import traded
from pipeline.money import plain


def read(row: Row) -> Iterable[Said]:
    base, quote = market(row["Spot Pairs"])
    old, new = row["Fees"] not in ("", NONE), bool(row["feeCoin"]) and row["feeCoin"] != NONE
    if old and new:
        raise Unread("it tells two fees")
    got = base if row["Direction"].casefold() == "buy" else quote
    fee = row.amount("ExecFeeV2", row["feeCoin"]) if new else row.amount("Fees", got)
    words = f"{row['Spot Pairs']} at {plain(row.number('Filled Price'))}"
    yield traded(
        row, row["Direction"], row.amount("Filled Quantity", base), row.amount("Filled Value", quote), fee, words
    )


FORMAT = export(
    "bybit_trades",
    1,
    needs=("Spot Pairs", "Order Type", "Direction", "Filled Value", "Filled Price", "Filled Quantity", "Fees",
           "Transaction ID", "Order No.", "Timestamp(UTC*)"),
    may_have=("Uid", "feeCoin", "ExecFeeV2", "Filled Time (Local Time)"),
    date="Timestamp(UTC*)",
    times=("%H:%M %Y-%m-%d",),
    exchange="bybit",
    each=read,
    id=("Transaction ID",),
    changing=("Uid", "Filled Time (Local Time)"),
    newest_first=True,
)  # fmt: skip
