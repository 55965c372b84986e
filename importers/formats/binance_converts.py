"""Binance's convert history until 2024: "Date,Wallet,Pair,Type,Sell,Buy,Price,Inverse Price,Date Updated,Status", first
without Wallet.

Amounts have their unit ("124.6 BUSD", "1.5ETH"); there is no fee. Times are UTC.

Source: headers and rows as public readers of the file have them (BittyTax, others; 2026-11), the zone from BittyTax.
From memory: words of statuses besides Successful and Success.
"""

from collections.abc import Iterable

from importers.exports import Row, Said, Status, export
from importers.parsers.build import Unread
from pipeline.model import Amount

DONE = Status.of(
    "Status",
    ["Successful", "Success"],
    failed=["Failed", "Fail", "Expired", "Rejected"],
    cancelled=["Cancelled", "Canceled"],
    pending=["Processing", "Pending", "Open"],
)


def read(row: Row) -> Iterable[Said]:
    (given, sold), (got, bought) = row.with_unit("Sell"), row.with_unit("Buy")
    if given <= 0 or got <= 0:
        raise Unread("its amounts should be positive")
    sent, received = Amount(given, sold), Amount(got, bought)
    yield row.transaction(sent=sent, received=received, description=f"convert {row['Pair']}")


FORMAT = export(
    "binance_converts",
    1,
    needs=("Date", "Pair", "Type", "Sell", "Buy", "Price", "Inverse Price", "Date Updated", "Status"),
    may_have=("Wallet",),
    date="Date",
    exchange="binance",
    each=read,
    changing=("Wallet", "Price", "Inverse Price", "Date Updated", "Status"),
    status=DONE,
    newest_first=True,
)
