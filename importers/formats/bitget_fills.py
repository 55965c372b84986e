"""Bitget's export of spot order details: one row per fill, newest first, its fee on top.

Equal fills stay as many. Times are of the zone that the website was set to: the person's own, where the file's name
tells none.

Sources: header, rows and the zone as three public readers of the file have them, two of them beside real exports
(2026). The order history ("Order amount", "Executed", "Status") tells the same without fees, and is not read.
"""

from collections.abc import Iterable

from importers.exports import LOCAL, Row, Said, export
from importers.parsers.swapped import traded


def read(row: Row) -> Iterable[Said]:
    base, quote = row["Base Asset"], row["Quote Asset"]
    cost, fee = row.amount("Total", quote), row.size("Fee", row["Fee Coin"] or quote)
    yield traded(row, row["Direction"], row.amount("Amount", base), cost, fee, row["Trading pair"])


FORMAT = export(
    "bitget_fills",
    2,
    needs=("Date", "Trading pair", "Base Asset", "Quote Asset", "Direction", "Price", "Amount", "Total", "Fee",
           "Fee Coin"),
    date="Date",
    zone=LOCAL,
    exchange="bitget",
    each=read,
    newest_first=True,
)  # fmt: skip
